"""Records of the tables' streams as changes, by their keys.

What the images hold matters little here: an item that none of our classes can read was
put there by somebody, and is noted all the more. They are asked only for what the table
itself cannot tell any more: what was there before, where we never leave that behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from evenkeel.adapters.dynamodb.item import client_of, id_of
from evenkeel.events.ports import UnreadableRecord
from evenkeel.ids import derived_id, is_id
from evenkeel.ledger.accounts import is_wallet
from evenkeel.ledger.transfer import TRANSFER_PREFIX
from evenkeel.payments.model import PAYMENT_PREFIX
from evenkeel.payments.refunding import REFUND_COUNT_MAX, REFUND_PREFIX
from evenkeel.reconciliation.changes import Change, ChangedObject

# Ours are much shorter. A page of 48 that are all as long, and written in escapes, has 150 KB.
KEY_LENGTH_MAX = 512

# What a posting writes of a wallet, with its next entry and never without.
POSTED = ("debits_posted", "credits_posted")
WRITTEN_WITH_AN_ENTRY = (*POSTED, "head_transfer_id", "head_hash")
NOT_OURS = -2


class DynamoDBChangeStream:
    """For a table whose items are all of one kind."""

    def __init__(self, object_: ChangedObject) -> None:
        self._object = object_

    def read(self, raw: Mapping[str, Any]) -> Change:
        client_id, object_id = _owner_and_id(raw)
        before, after = (raw["dynamodb"].get(name, {}) for name in ("OldImage", "NewImage"))
        change = Change(client_id, self._object, object_id)
        if self._object is ChangedObject.PAYMENT:
            return replace(change, transfer_ids=_forgotten(before, after))
        # What was not there before may be what a wallet was opened with.
        if before and is_wallet(object_id) and not _is_step(before, after):
            return replace(change, account_ids=(object_id,))
        return change


class DynamoDBJournalChangeStream:
    def read(self, raw: Mapping[str, Any]) -> Change:
        client_id, transfer_id = _owner_and_id(raw)
        change = raw["dynamodb"]
        images = [change[name] for name in ("OldImage", "NewImage") if name in change]
        payment_ids = [id_ for image in images for id_ in _payments(image)]
        wallet_ids = {id_ for image in images for id_ in _wallets(image, client_id)}
        return Change(
            client_id,
            ChangedObject.RECORD,
            transfer_id,
            payment_ids[0] if payment_ids else None,
            () if raw["eventName"] == "INSERT" else tuple(sorted(wallet_ids)),
        )


def _owner_and_id(raw: Mapping[str, Any]) -> tuple[str, str]:
    key = raw["dynamodb"]["Keys"]["id"]["S"]
    client_id, id_ = client_of(key), id_of(key)
    if not client_id or not id_ or len(key) > KEY_LENGTH_MAX:
        message = f"no object of a client has such a key: {key[:KEY_LENGTH_MAX]!r}"
        raise UnreadableRecord(message)
    return client_id, id_


def _forgotten(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the transfers of refunds that are not in the payment any more: none ever leaves it."""
    gone = sorted(_refunds(before) - _refunds(after))
    return tuple(derived_id(TRANSFER_PREFIX, id_) for id_ in gone[:REFUND_COUNT_MAX])


def _refunds(image: Mapping[str, Any]) -> set[str]:
    refunds = image.get("refunds", {}).get("M", {})
    return {id_ for id_ in refunds if is_id(REFUND_PREFIX, id_)}


def _is_step(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tell whether a wallet has got one entry, or none and is as it was.

    What is not is no proof of anything, and leads to a walk along the chain.
    """
    step = _number(after, "entry_count") - _number(before, "entry_count")
    if step == 0:
        return all(before.get(name) == after.get(name) for name in WRITTEN_WITH_AN_ENTRY)
    raised = [_number(after, name) - _number(before, name) for name in POSTED]
    return step == 1 and min(raised) == 0


def _number(image: Mapping[str, Any], attribute: str) -> int:
    """Return an attribute that is a whole number, or one that no number of ours goes on from."""
    text: str = image.get(attribute, {}).get("N", "")
    return int(text) if text.isdecimal() else NOT_OURS


def _payments(image: Mapping[str, Any]) -> Iterator[str]:
    payment_id = _text(image, "payment_id")
    if is_id(PAYMENT_PREFIX, payment_id):
        yield payment_id


def _wallets(image: Mapping[str, Any], client_id: str) -> Iterator[str]:
    for key in (_text(image, "debit_wallet"), _text(image, "credit_wallet")):
        if client_of(key) == client_id and is_wallet(id_of(key)):
            yield id_of(key)


def _text(image: Mapping[str, Any], attribute: str) -> str:
    """Return an attribute that is text, or nothing: whoever planted it may have put anything."""
    text: str = image.get(attribute, {}).get("S", "")
    return text
