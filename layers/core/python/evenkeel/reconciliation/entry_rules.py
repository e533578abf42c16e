"""The cheap look at an entry and at a wallet: does it fit what it stands on?

It needs the records of a few keys, and no walk. What does not fit is suspicious, and no
more: `wallet_rules` tells from the whole chain what is wrong, and with which entry.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeGuard

from evenkeel.ledger.chain import GENESIS, entry_hash
from evenkeel.ledger.transfer import Leg, Record, Side, Transfer
from evenkeel.wallets.model import Wallet


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a wallet stands between two entries, as one of them says it, or the wallet."""

    number: int
    transfer_id: str | None  # The newest entry there.
    balance_minor: int
    pending_minor: int
    currency: str

    @classmethod
    def of(cls, wallet: Wallet) -> Standing:
        return cls(
            wallet.entry_count,
            wallet.head_transfer_id,
            wallet.balance_minor,
            wallet.debits_pending,
            wallet.currency,
        )

    @classmethod
    def at_first(cls, currency: str) -> Standing:
        return cls(0, None, 0, 0, currency)

    @classmethod
    def after(cls, transfer: Transfer, wallet_id: str) -> Standing:
        entry = transfer.entry_of(wallet_id)
        return cls(
            entry.number,
            transfer.id,
            entry.balance_after_minor,
            entry.pending_after_minor,
            transfer.amount.currency,
        )

    @classmethod
    def before(cls, transfer: Transfer, wallet_id: str) -> Standing:
        entry = transfer.entry_of(wallet_id)
        return cls(
            entry.number - 1,
            entry.previous_transfer_id,
            entry.balance_after_minor - transfer.effect_on(wallet_id),
            entry.pending_after_minor - transfer.pending_minor,
            transfer.amount.currency,
        )

    def has_amounts_of(self, other: Standing) -> bool:
        own = (self.balance_minor, self.pending_minor, self.currency)
        return own == (other.balance_minor, other.pending_minor, other.currency)


def is_entry_of(record: Record | None, wallet_id: str) -> TypeGuard[Transfer]:
    """Tell whether the record is an entry of the wallet, of whatever number."""
    if not isinstance(record, Transfer):
        return False
    return wallet_id in (record.debit.account_id, record.credit.account_id)


def is_sealed(transfer: Transfer, wallet_id: str, previous: Transfer | None) -> bool:
    """Tell whether the entry's hash is that of what it says, over the entry before it."""
    below = GENESIS if previous is None else previous.entry_of(wallet_id).hash
    return transfer.entry_of(wallet_id).hash == entry_hash(transfer, wallet_id, previous_hash=below)


def relinked(transfer: Transfer, wallet_id: str, previous_id: str | None) -> Transfer:
    """Return the entry as it would be with another link, under the seal that it has."""
    entry = replace(transfer.entry_of(wallet_id), previous_transfer_id=previous_id)
    leg = Leg(wallet_id, entry)
    if transfer.side_of(wallet_id) is Side.DEBIT:
        return replace(transfer, debit=leg)
    return replace(transfer, credit=leg)


def is_sound_entry(transfer: Transfer, wallet_id: str, previous: Record | None) -> bool:
    """Tell whether the transfer's leg fits what is stored under its previous_transfer_id."""
    if previous is not None and not is_entry_of(previous, wallet_id):
        return False
    if previous is None:
        stood = Standing.at_first(transfer.amount.currency)
    else:
        stood = Standing.after(previous, wallet_id)
    follows = Standing.before(transfer, wallet_id) == stood
    return follows and is_sealed(transfer, wallet_id, previous)


def is_sound_head(
    wallet: Wallet, head: Record | None, *, available_minor: int | None = None
) -> bool:
    """Tell whether a wallet fits what is stored under its head_transfer_id.

    The wallet is read first: its entry was written with it, and is never changed. Posted
    debits and credits that are wrong by the same amount are seen in the whole chain only.

    Args:
        wallet: As it was read, strongly consistent.
        head: The record under its head, or nothing.
        available_minor: What is stored of that beside the counters, if that was read.
    """
    if available_minor not in (None, wallet.available_minor) or wallet.credits_pending:
        return False
    if head is None:
        is_untouched = not (wallet.debits_posted or wallet.credits_posted)
        is_first = Standing.of(wallet) == Standing.at_first(wallet.currency)
        return is_first and is_untouched and wallet.head_hash == GENESIS
    if not is_entry_of(head, wallet.id):
        return False
    is_newest = Standing.of(wallet) == Standing.after(head, wallet.id)
    return is_newest and head.entry_of(wallet.id).hash == wallet.head_hash
