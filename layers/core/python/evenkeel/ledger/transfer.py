"""Double-entry bookkeeping: a transfer debits one account and credits another.

A transfer is one record with both legs, and it is never changed. A leg of a
wallet is an entry in that wallet's chain; the other accounts are folded from
the journal and keep no chain.

Two-phase money takes two records. A hold makes its amount pending; a capture, which
posts all or part of it, or a release ends it whole. Both would have the same id,
which follows from the hold's: so a hold is ended at most once, whoever races.

What was posted wrongly is put right by one more transfer. A reversal takes its original
back, and a correction pays a merchant what no wallet can be made to pay. The ids of both
follow from what they put right, so that it is put right at most once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from evenkeel.errors import DeclineReason
from evenkeel.ids import derived_id
from evenkeel.money import Money

TRANSFER_PREFIX = "trf"


class TransferKind(StrEnum):
    PAYMENT = "payment"  # A wallet pays a merchant.
    CREDIT = "credit"  # Money from outside enters a wallet.
    DEBIT = "debit"  # Money leaves a wallet for the outside.
    TRANSFER = "transfer"  # A wallet pays a wallet.
    HOLD = "hold"  # A wallet will pay a merchant: pending, nothing is posted.
    CAPTURE = "capture"  # It pays now, all of the hold or less; the rest is released.
    RELEASE = "release"  # It pays nothing: the hold is gone.
    REFUND = "refund"  # A merchant pays back to the wallet.
    REVERSAL = "reversal"  # It takes back one that should not have been.
    CORRECTION = "correction"  # A merchant is owed what no wallet has paid: suspense does.


# They move what is pending, and post nothing.
PENDING_KINDS = frozenset({TransferKind.HOLD, TransferKind.RELEASE})
# By these a wallet has paid, so that it can be given back.
REFUNDABLE_KINDS = frozenset({TransferKind.PAYMENT, TransferKind.CAPTURE})
# What posts nothing has nothing to take back, and what was taken back stays so.
IRREVERSIBLE_KINDS = PENDING_KINDS | {TransferKind.REVERSAL}


class Side(StrEnum):
    DEBIT = "debit"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Entry:
    """The place of a transfer in a wallet's chain, and how the wallet stood after it.

    Amounts are in minor units of the transfer's currency. The version and the
    status complete the picture, so that a replay can show the wallet as it was.
    """

    number: int  # 1, 2, 3 … without a gap.
    previous_transfer_id: str | None
    balance_after_minor: int
    pending_after_minor: int
    version_after: int
    status: str
    hash: str  # See `chain`.


@dataclass(frozen=True, slots=True)
class Leg:
    account_id: str
    entry: Entry | None = None

    def require_entry(self) -> Entry:
        assert self.entry is not None, "only a wallet's leg has an entry"
        return self.entry


@dataclass(frozen=True, slots=True)
class Transfer:
    """An immutable record. Its id is the idempotency key.

    Attributes:
        original_id: The transfer that it ends or corrects, if it does.
        held_minor: How much of its original's hold it ends: all, whatever it captures.
    """

    id: str
    client_id: str
    kind: TransferKind
    debit: Leg
    credit: Leg
    amount: Money
    posted_at: datetime
    fingerprint: str
    payment_id: str | None = None
    reference: str | None = None
    description: str | None = None
    original_id: str | None = None
    held_minor: int = 0

    def __post_init__(self) -> None:
        assert self.debit.account_id != self.credit.account_id
        assert self.posted_at.tzinfo is not None

    @property
    def posted_minor(self) -> int:
        """What it adds to the posted debits of one account and the posted credits of the other."""
        return 0 if self.kind in PENDING_KINDS else self.amount.amount_minor

    @property
    def pending_minor(self) -> int:
        """What it adds to their pending ones; less than zero when it ends a hold."""
        held_minor = self.amount.amount_minor if self.kind is TransferKind.HOLD else 0
        return held_minor - self.held_minor

    def side_of(self, account_id: str) -> Side:
        if account_id == self.debit.account_id:
            return Side.DEBIT
        assert account_id == self.credit.account_id
        return Side.CREDIT

    def counterparty_of(self, account_id: str) -> str:
        other = self.credit if self.side_of(account_id) is Side.DEBIT else self.debit
        return other.account_id

    def leg_of(self, account_id: str) -> Leg:
        return self.debit if self.side_of(account_id) is Side.DEBIT else self.credit

    def entry_of(self, wallet_id: str) -> Entry:
        return self.leg_of(wallet_id).require_entry()

    def is_entry(self, wallet_id: str, number: int) -> bool:
        """Tell whether this is the wallet's entry of that number."""
        legs = (self.debit, self.credit)
        return any(
            leg.account_id == wallet_id and leg.require_entry().number == number for leg in legs
        )

    def effect_on(self, account_id: str) -> int:
        """Return by how many minor units the transfer changes a credit-normal balance."""
        sign = -1 if self.side_of(account_id) is Side.DEBIT else 1
        return sign * self.posted_minor


@dataclass(frozen=True, slots=True)
class Decline:
    """The record of a refusal, under the id that the transfer would have had.

    It holds the id for ever: a late copy of the refused request finds it taken
    and cannot move the money after all.
    """

    id: str
    client_id: str
    reason: DeclineReason
    message: str
    declined_at: datetime
    fingerprint: str
    payment_id: str | None = None
    request_id: str | None = None  # Of the request that met the refusal first.


Record = Transfer | Decline


def resolution_id(hold_id: str) -> str:
    """Return the id of whatever ends the hold."""
    return derived_id(TRANSFER_PREFIX, hold_id, "resolution")


def reversal_id(original_id: str) -> str:
    """Return the id of the transfer that takes the original back."""
    return derived_id(TRANSFER_PREFIX, original_id, "reversal")


def suspense_id(debit_id: str) -> str:
    """Return the id of the correction that pays in place of the debit."""
    return derived_id(TRANSFER_PREFIX, debit_id, "suspense")
