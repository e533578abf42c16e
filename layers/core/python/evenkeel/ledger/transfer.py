"""Double-entry bookkeeping: a transfer debits one account and credits another.

A transfer is one record with both legs, and it is never changed. A leg of a
wallet is an entry in that wallet's chain; the other accounts are folded from
the journal and keep no chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from evenkeel.errors import DeclineReason
from evenkeel.money import Money

TRANSFER_PREFIX = "trf"


class TransferKind(StrEnum):
    PAYMENT = "payment"  # A wallet pays a merchant.
    CREDIT = "credit"  # Money from outside enters a wallet.
    DEBIT = "debit"  # Money leaves a wallet for the outside.
    TRANSFER = "transfer"  # A wallet pays a wallet.


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
    """An immutable record. Its id is the idempotency key."""

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

    def __post_init__(self) -> None:
        assert self.debit.account_id != self.credit.account_id
        assert self.posted_at.tzinfo is not None

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
        return sign * self.amount.amount_minor


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
