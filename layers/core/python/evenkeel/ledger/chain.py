"""The hash chain of a wallet's entries: tamper-evident, because each hash covers the one before.

The head is kept in the wallet. Changing, removing or adding an entry behind
the ledger's back breaks the chain at that entry; rewriting everything after it
as well leaves a head that differs from the wallet's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from evenkeel.clock import to_rfc3339
from evenkeel.ledger.transfer import Entry, Transfer

GENESIS = "0" * 64


def entry_hash(transfer: Transfer, wallet_id: str, *, previous_hash: str) -> str:
    """Return the SHA-256, in hex, of all that the entry says, and of the hash before it.

    Only the hash of the leg itself is left out: it is what this returns.
    """
    entry = transfer.entry_of(wallet_id)
    said = [
        previous_hash,
        wallet_id,
        transfer.side_of(wallet_id),
        transfer.client_id,
        transfer.id,
        transfer.kind,
        transfer.debit.account_id,
        transfer.credit.account_id,
        transfer.amount.amount_minor,
        transfer.amount.currency,
        to_rfc3339(transfer.posted_at),
        transfer.fingerprint,
        transfer.payment_id,
        transfer.reference,
        transfer.description,
        transfer.original_id,
        transfer.held_minor,
        entry.number,
        entry.previous_transfer_id,
        entry.balance_after_minor,
        entry.pending_after_minor,
        entry.version_after,
        entry.status,
    ]
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """Where a wallet says that its chain ends."""

    wallet_id: str
    entry_count: int
    balance_minor: int
    pending_minor: int
    hash: str


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """What a walk along a wallet's entries found.

    Attributes:
        ledger_balance_minor: The sum of the entries, in minor units.
        is_intact: Every entry is there, in order, unaltered, and the newest is the head.
    """

    entries_checked: int
    ledger_balance_minor: int
    is_intact: bool


def verify(head: Head, newest_first: Iterable[Transfer]) -> ChainCheck:
    """Walk the whole chain of a wallet, from its head back to its first entry."""
    number, balance_minor, pending_minor = head.entry_count, head.balance_minor, head.pending_minor
    newer: Transfer | None = None
    count, sum_minor, is_intact = 0, 0, True
    for transfer in newest_first:
        entry = transfer.entry_of(head.wallet_id)
        is_intact &= _stands_at(entry, number, balance_minor, pending_minor)
        is_intact &= _precedes(entry.hash, newer, head)
        effect_minor = transfer.effect_on(head.wallet_id)
        count, sum_minor = count + 1, sum_minor + effect_minor
        number, balance_minor, newer = number - 1, balance_minor - effect_minor, transfer
        pending_minor -= transfer.pending_minor
    is_intact &= (number, balance_minor, pending_minor) == (0, 0, 0)
    is_intact &= _precedes(GENESIS, newer, head)
    return ChainCheck(count, sum_minor, is_intact)


def _stands_at(entry: Entry, number: int, balance_minor: int, pending_minor: int) -> bool:
    after = (entry.number, entry.balance_after_minor, entry.pending_after_minor)
    return after == (number, balance_minor, pending_minor)


def _precedes(hash_: str, newer: Transfer | None, head: Head) -> bool:
    """Tell whether *hash_* is the one that the next newer entry, or the head, was made over."""
    if newer is None:
        return hash_ == head.hash
    sealed = newer.entry_of(head.wallet_id).hash
    return sealed == entry_hash(newer, head.wallet_id, previous_hash=hash_)
