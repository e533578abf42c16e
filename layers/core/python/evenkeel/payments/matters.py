"""What is open in a payment: a transfer that was asked for, and nobody knows whether it is posted.

Each is settled in one of two ways: by what the ledger holds under the transfer's id, or,
if that is nothing, by asking for it again.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evenkeel.errors import Declined
from evenkeel.ledger.commands import Posted
from evenkeel.ledger.transfer import Decline, Record, Transfer, resolution_id
from evenkeel.payments import ending, refunding
from evenkeel.payments.answers import Answer, Attempt
from evenkeel.payments.desk import PaymentDesk
from evenkeel.payments.failure import Failure
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import Refund
from evenkeel.payments.states import PaymentStatus


class OpenMatter(Protocol):
    @property
    @abstractmethod
    def payment(self) -> Payment: ...

    @property
    @abstractmethod
    def transfer_id(self) -> str: ...

    @property
    @abstractmethod
    def attempts(self) -> int: ...

    @abstractmethod
    def settled(self, record: Record, now: datetime) -> Payment:
        """Return the payment as the ledger says that it is."""

    @abstractmethod
    def resumed(self, desk: PaymentDesk, attempt: Attempt) -> Answer:
        """Ask for the transfer again."""


@dataclass(frozen=True, slots=True)
class OpenDebit:
    """A payment that is to be debited, or held."""

    payment: Payment

    @property
    def transfer_id(self) -> str:
        return self.payment.transfer_id_wanted

    @property
    def attempts(self) -> int:
        return self.payment.attempts

    def settled(self, record: Record, now: datetime) -> Payment:
        if isinstance(record, Decline):
            declined = Declined(record.reason, record.message, first_request_id=record.request_id)
            return self.payment.declined(now, declined)
        return self.payment.debited(now, record.id)

    def resumed(self, desk: PaymentDesk, attempt: Attempt) -> Answer:
        return desk.payments.resume(self.payment, attempt)


@dataclass(frozen=True, slots=True)
class OpenEnding:
    """A hold that is to be captured or released."""

    payment: Payment

    @property
    def transfer_id(self) -> str:
        return resolution_id(self.payment.transfer_id_wanted)

    @property
    def attempts(self) -> int:
        assert self.payment.ending is not None
        return self.payment.ending.attempts

    def settled(self, record: Record, now: datetime) -> Payment:
        assert isinstance(record, Transfer), "a hold does not end with a refusal"
        end = Posted(record.id, record.kind, record.amount.amount_minor)
        return ending.ended(self.payment, end, now)

    def resumed(self, desk: PaymentDesk, attempt: Attempt) -> Answer:
        return desk.holds.resume(self.payment, attempt)


@dataclass(frozen=True, slots=True)
class OpenRefund:
    """A refund that is on its way, or is not."""

    payment: Payment
    refund: Refund

    @property
    def transfer_id(self) -> str:
        return self.refund.transfer_id

    @property
    def attempts(self) -> int:
        return self.refund.attempts

    def settled(self, record: Record, now: datetime) -> Payment:
        if isinstance(record, Decline):
            failure = Failure(record.reason, record.message, record.request_id)
            return refunding.failed(self.payment, self.refund, now, failure)
        return refunding.succeeded(self.payment, self.refund, now)

    def resumed(self, desk: PaymentDesk, attempt: Attempt) -> Answer:
        return desk.refunds.resume(self.payment, self.refund, attempt)


def of(payment: Payment, now: datetime) -> Sequence[OpenMatter]:
    """Return what is open in the payment and in nobody's hands, the oldest first."""
    if payment.is_leased(now):
        return ()
    if payment.status is PaymentStatus.PROCESSING:
        return [OpenDebit(payment)]
    if payment.ending is not None:
        return [OpenEnding(payment)]
    return [
        OpenRefund(payment, refund)
        for refund in payment.open_refunds
        if refund.lease is None or not refund.lease.holds(now)
    ]
