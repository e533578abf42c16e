"""Records of the tables' streams as changes, by their keys.

What the images hold matters little here: an item that none of our classes can read was
put there by somebody, and is noted all the more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evenkeel.adapters.dynamodb.item import client_of, id_of
from evenkeel.events.ports import UnreadableRecord
from evenkeel.ids import is_id
from evenkeel.ledger.accounts import is_wallet
from evenkeel.payments.model import PAYMENT_PREFIX
from evenkeel.reconciliation.changes import Change, ChangedObject

# Ours are much shorter. A page of 48 that are all as long, and written in escapes, has 150 KB.
KEY_LENGTH_MAX = 512


class DynamoDBChangeStream:
    """For a table whose items are all of one kind, and need nothing but their key."""

    def __init__(self, object_: ChangedObject) -> None:
        self._object = object_

    def read(self, raw: Mapping[str, Any]) -> Change:
        client_id, object_id = _owner_and_id(raw)
        return Change(client_id, self._object, object_id)


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
