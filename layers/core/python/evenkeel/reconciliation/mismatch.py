"""Where a payment, the ledger and the accounts disagree: one record for each disagreement.

A finding is what one look has found, and says nothing of when. A mismatch is a finding
with a history: it is known by an id that follows from what it says of whom, so whoever
finds it again finds the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from evenkeel.events.model import Severity
from evenkeel.ids import derived_id

MISMATCH_PREFIX = "mis"

# What JSON can hold, in camelCase: amounts in minor units, ids, statuses; None is *nothing there*.
Facts = Mapping[str, str | int | None]


class MismatchType(StrEnum):
    COMPLETED_LEDGER_MISSING = "COMPLETED_LEDGER_MISSING"  # Says that money moved; it did not.
    FAILED_BUT_DEBITED = "FAILED_BUT_DEBITED"  # Says that no money moved; it did.
    AMOUNT_MISMATCH = "AMOUNT_MISMATCH"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    WALLET_MISMATCH = "WALLET_MISMATCH"  # Other accounts were moved than the payment's.
    DUPLICATE_DEBIT = "DUPLICATE_DEBIT"
    ORPHAN_TRANSFER = "ORPHAN_TRANSFER"  # Of a payment that is not there, or knows nothing of it.
    REFUND_EXCEEDS_CAPTURE = "REFUND_EXCEEDS_CAPTURE"
    BALANCE_DRIFT = "BALANCE_DRIFT"  # An account's counters are not the sum of its entries.
    CHAIN_BROKEN = "CHAIN_BROKEN"  # An entry of a wallet is missing, or one too many.
    ENTRY_ALTERED = "ENTRY_ALTERED"  # An entry is not what was sealed.
    STALE_HOLD = "STALE_HOLD"  # Money is held for nothing, or a hold is gone that is relied on.
    STUCK_PENDING = "STUCK_PENDING"
    STUCK_PROCESSING = "STUCK_PROCESSING"


_STUCK = frozenset({MismatchType.STUCK_PENDING, MismatchType.STUCK_PROCESSING})


def severity_of(type_: MismatchType) -> Severity:
    if type_ in _STUCK:
        return Severity.MEDIUM
    return Severity.HIGH if type_ is MismatchType.STALE_HOLD else Severity.CRITICAL


@dataclass(frozen=True, slots=True)
class Subject:
    """What disagrees: a payment, a transfer, an account, or two of them.

    Attributes:
        account_id: A wallet's id, or the name that another account is booked under.
    """

    client_id: str
    payment_id: str | None = None
    transfer_id: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    type: MismatchType
    subject: Subject
    expected: Facts
    actual: Facts

    @property
    def id(self) -> str:
        """The same whenever the same is found of the same subject."""
        subject = self.subject
        named = (subject.client_id, subject.payment_id, subject.transfer_id, subject.account_id)
        return derived_id(MISMATCH_PREFIX, self.type, *(part or "" for part in named))

    @property
    def severity(self) -> Severity:
        return severity_of(self.type)
