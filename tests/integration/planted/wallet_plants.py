"""Wallets whose counters are not the sum of their entries, and chains that were tampered with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from evenkeel.adapters.dynamodb.item import document
from evenkeel.clock import to_rfc3339
from evenkeel.ids import derived_id
from evenkeel.ledger.chain import GENESIS, entry_hash
from evenkeel.ledger.transfer import TRANSFER_PREFIX, Leg, Side, Transfer, TransferKind
from evenkeel.money import Money
from evenkeel.reconciliation.mismatch import MismatchType as T
from tests.integration.planted import lives
from tests.integration.planted.scene import Kinds, Scene, Told

WALLET_KINDS = Kinds()

# In the document of an entry.
LINK, BALANCE, PENDING = 0, 1, 2


@WALLET_KINDS.after(lives.nothing)
def posted_counter_altered(scene: Scene) -> Iterator[Told]:
    name = ("credits_posted", "debits_posted")[scene.variant.number % 2]
    _raise_counter(scene, name)
    yield scene.of_wallet(T.BALANCE_DRIFT)


@WALLET_KINDS.after(lives.nothing)
def posted_counters_altered_alike(scene: Scene) -> Iterator[Told]:
    """By the same amount, so that the balance is as it was."""
    _raise_counter(scene, "credits_posted")
    _raise_counter(scene, "debits_posted")
    yield scene.of_wallet(T.BALANCE_DRIFT)


@WALLET_KINDS.after(lives.nothing)
def available_altered(scene: Scene) -> Iterator[Told]:
    _raise_counter(scene, "available_minor")
    yield scene.of_wallet(T.BALANCE_DRIFT)


@WALLET_KINDS.after(lives.nothing)
def pending_altered(scene: Scene) -> Iterator[Told]:
    name = ("debits_pending", "credits_pending")[scene.variant.number % 2]
    _raise_counter(scene, name)
    yield scene.of_wallet(T.BALANCE_DRIFT)


@WALLET_KINDS.after(lives.nothing)
def wallet_removed(scene: Scene) -> Iterator[Told]:
    scene.remove_wallet()
    yield scene.of_wallet(T.BALANCE_DRIFT)


@WALLET_KINDS.after(lives.nothing)
def wallet_unreadable(scene: Scene) -> Iterator[Told]:
    nonsense = (
        {"status": {"S": "GONE"}},
        {"debits_posted": {"S": "much"}},
        {"currency": None},
        {"created_at": {"S": "noon"}},
        {"entry_count": {"S": "many"}},
    )
    scene.set_wallet(**nonsense[scene.variant.number])
    yield scene.of_wallet(T.BALANCE_DRIFT)


@WALLET_KINDS.after(lives.nothing)
def wallet_rewound(scene: Scene) -> Iterator[Told]:
    """To an earlier entry, with the records of the later ones left."""
    count = 1 + scene.variant.number % 3
    wallet = scene.home.wallet
    head = scene.home.entry(wallet.entry_count - count)
    entry = head.entry_of(wallet.id)
    later = [scene.home.entry(wallet.entry_count - each) for each in range(count)]
    credits_minor = wallet.credits_posted
    debits_minor = credits_minor - entry.balance_after_minor
    scene.set_wallet(
        entry_count={"N": str(entry.number)},
        head_transfer_id={"S": head.id},
        head_hash={"S": entry.hash},
        version={"N": str(entry.version_after)},
        last_posted_at={"S": to_rfc3339(head.posted_at)},
        debits_posted={"N": str(debits_minor)},
        debits_pending={"N": str(entry.pending_after_minor)},
        available_minor={"N": str(entry.balance_after_minor - entry.pending_after_minor)},
    )
    for each in later:
        yield scene.of_wallet(T.CHAIN_BROKEN, each.id)


@WALLET_KINDS.after(lives.nothing)
def head_hash_altered(scene: Scene) -> Iterator[Told]:
    """That looks as if the newest entry had been altered and sealed anew."""
    wallet = scene.home.wallet
    scene.set_wallet(head_hash={"S": wallet.head_hash[::-1]})
    assert wallet.head_transfer_id is not None
    yield scene.of_transfer(T.ENTRY_ALTERED, wallet.head_transfer_id)


@WALLET_KINDS.after(lives.moved)
def balance_after_altered(scene: Scene) -> Iterator[Told]:
    _set_entry(scene, BALANCE, _entry(scene)[BALANCE] + scene.variant.amount_minor)
    yield scene.of_transfer(T.ENTRY_ALTERED, scene.moved.id)


@WALLET_KINDS.after(lives.moved)
def pending_after_altered(scene: Scene) -> Iterator[Told]:
    _set_entry(scene, PENDING, scene.variant.amount_minor)
    yield scene.of_transfer(T.ENTRY_ALTERED, scene.moved.id)


@WALLET_KINDS.after(lives.moved)
def link_altered(scene: Scene) -> Iterator[Told]:
    _set_entry(scene, LINK, f"trf_{scene.variant.number}")
    yield scene.of_transfer(T.ENTRY_ALTERED, scene.moved.id)


@WALLET_KINDS.after(lives.moved)
def description_altered(scene: Scene) -> Iterator[Told]:
    scene.set_record(scene.moved.id, description={"S": f"gift {scene.variant.number}"})
    yield scene.of_transfer(T.ENTRY_ALTERED, scene.moved.id)


@WALLET_KINDS.after(lives.credited)
def amount_altered_and_sealed_anew(scene: Scene) -> Iterator[Told]:
    """Its sums do not fit, so it is known which entry it is."""
    amount = Money(scene.variant.amount_minor + 7, "EUR")
    scene.put(_sealed(scene, replace(scene.moved, amount=amount)))
    yield scene.of_transfer(T.ENTRY_ALTERED, scene.moved.id)


@WALLET_KINDS.after(lives.moved)
def description_altered_and_sealed_anew(scene: Scene) -> Iterator[Told]:
    """All sums fit, so it is the next entry whose seal is broken; at the head it is itself.

    The other wallet of a gift has a seal over it as well, and tells of the entry itself.
    """
    altered = replace(scene.moved, description=f"gift {scene.variant.number}")
    scene.put(_sealed(scene, altered))
    number = scene.moved.entry_of(scene.wallet_id).number
    is_head = number == scene.home.wallet.entry_count
    named = scene.moved if is_head else scene.home.entry(number + 1)
    yield scene.of_transfer(T.ENTRY_ALTERED, named.id)
    if scene.moved.kind is TransferKind.TRANSFER:
        yield scene.of_transfer(T.ENTRY_ALTERED, scene.moved.id)


@WALLET_KINDS.after(lives.credited)
def number_altered(scene: Scene) -> Iterator[Told]:
    number = scene.moved.entry_of(scene.wallet_id).number
    scene.set_record(scene.moved.id, credit_number={"N": str(number + 3)})
    yield scene.of_transfer(T.ENTRY_ALTERED, scene.moved.id)


@WALLET_KINDS.after(lives.credited)
def entry_removed(scene: Scene) -> Iterator[Told]:
    scene.remove_record(scene.moved.id)
    yield scene.of_wallet(T.CHAIN_BROKEN, scene.moved.id)


@WALLET_KINDS.after(lives.nothing)
def opening_removed(scene: Scene) -> Iterator[Told]:
    opening = scene.home.entry(1)
    scene.remove_record(opening.id)
    yield scene.of_wallet(T.CHAIN_BROKEN, opening.id)


@WALLET_KINDS.after(lives.credited)
def entry_moved_to_another_id(scene: Scene) -> Iterator[Told]:
    copy = replace(scene.moved, id=_other_id(scene))
    scene.remove_record(scene.moved.id)
    scene.put(copy)
    yield scene.of_wallet(T.CHAIN_BROKEN, scene.moved.id)
    yield scene.of_wallet(T.CHAIN_BROKEN, copy.id)


@WALLET_KINDS.after(lives.nothing)
def entry_invented(scene: Scene) -> Iterator[Told]:
    """It stands after the head, well sealed, and the wallet knows nothing of it."""
    before = scene.home.wallet
    store = scene.town.platform.journal.store
    invented = scene.home.credit(scene.variant.amount_minor)
    store.wallets[before.client_id, before.id] = before
    scene.put(invented)
    yield scene.of_wallet(T.CHAIN_BROKEN, invented.id)


@WALLET_KINDS.after(lives.given)
def gift_removed(scene: Scene) -> Iterator[Told]:
    """It was an entry of two wallets."""
    scene.remove_record(scene.moved.id)
    yield scene.of_wallet(T.CHAIN_BROKEN, scene.moved.id)
    type_, subject = scene.of_wallet(T.CHAIN_BROKEN, scene.moved.id)
    yield type_, replace(subject, account_id=scene.moved.credit.account_id)


@WALLET_KINDS.after(lives.given)
def gift_amount_altered(scene: Scene) -> Iterator[Told]:
    altered_minor = scene.variant.amount_minor + 1
    scene.set_record(scene.moved.id, amount_minor={"N": str(altered_minor)})
    yield scene.of_transfer(T.ENTRY_ALTERED, scene.moved.id)


def _raise_counter(scene: Scene, name: str) -> None:
    raised = int(scene.item("ACCOUNTS_TABLE", scene.wallet_id)[name]["N"])
    scene.set_wallet(**{name: {"N": str(raised + scene.variant.amount_minor)}})


def _entry_name(scene: Scene) -> str:
    return f"{scene.moved.side_of(scene.wallet_id)}_entry"


def _entry(scene: Scene) -> list[Any]:
    found: list[Any] = json.loads(
        scene.item("LEDGER_TABLE", scene.moved.id)[_entry_name(scene)]["S"]
    )
    return found


def _set_entry(scene: Scene, place: int, value: object) -> None:
    entry = _entry(scene)
    entry[place] = value
    scene.set_record(scene.moved.id, **{_entry_name(scene): {"S": document(entry)}})


def _sealed(scene: Scene, transfer: Transfer) -> Transfer:
    wallet_id = scene.wallet_id
    entry = transfer.entry_of(wallet_id)
    below = GENESIS
    if entry.number > 1:
        below = scene.home.entry(entry.number - 1).entry_of(wallet_id).hash
    hash_ = entry_hash(transfer, wallet_id, previous_hash=below)
    leg = Leg(wallet_id, replace(entry, hash=hash_))
    if transfer.side_of(wallet_id) is Side.DEBIT:
        return replace(transfer, debit=leg)
    return replace(transfer, credit=leg)


def _other_id(scene: Scene) -> str:
    return derived_id(TRANSFER_PREFIX, "other", scene.wallet_id)
