"""Refunds of a payment: each is a part of it, with an id, a state and a lease of its own.

Pure. A refund takes its amount from what is refundable before the wallets are asked, so
that all of them together are never more than was captured. One that comes to nothing
gives the amount back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from evenkeel.errors import IdempotencyKeyReused, RequestInProgress
from evenkeel.ids import derived_id
from evenkeel.ledger.commands import Refund as RefundCommand
from evenkeel.ledger.transfer import TRANSFER_PREFIX
from evenkeel.payments.failure import Failure
from evenkeel.payments.leases import Lease
from evenkeel.payments.states import Event, PaymentStatus

if TYPE_CHECKING:
    from evenkeel.payments.model import Payment

REFUND_PREFIX = "ref"
REFUND_COUNT_MAX = 100  # They are kept in the payment, whose item must stay small.


class RefundStatus(StrEnum):
    PENDING = "PENDING"  # Somebody works on it, or has left it open.
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"  # The wallet takes no money, for good.
    RELEASED = "RELEASED"  # Nothing was applied: the same request begins it again.


RESERVING = frozenset({RefundStatus.PENDING, RefundStatus.SUCCEEDED})
REFUNDABLE = frozenset({PaymentStatus.COMPLETED, PaymentStatus.PARTIALLY_REFUNDED})


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """What a client asked to be paid back, under its idempotency key.

    Attributes:
        refund_id: Derived from the client, the route and the key.
        amount_minor: None is all that is left.
    """

    refund_id: str
    fingerprint: str
    amount_minor: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back, or arrived there.

    Attributes:
        may_be_applied: An earlier attempt may have been applied, or still be under way.
        ended_version: The payment's, when the refund succeeded.
        refunded_after_minor: Of the payment, then.
    """

    id: str
    fingerprint: str
    amount_minor: int
    created_at: datetime
    reason: str | None = None
    status: RefundStatus = RefundStatus.PENDING
    lease: Lease | None = None
    attempts: int = 1
    may_be_applied: bool = False
    failure: Failure | None = None
    ended_at: datetime | None = None
    ended_version: int | None = None
    refunded_after_minor: int = 0

    @classmethod
    def new(cls, order: RefundOrder, amount_minor: int, lease: Lease, now: datetime) -> Refund:
        return cls(
            order.refund_id,
            order.fingerprint,
            amount_minor,
            created_at=now,
            reason=order.reason,
            lease=lease,
        )

    @property
    def transfer_id(self) -> str:
        """The id of its transfer, posted or not: what the ledger knows it by."""
        return derived_id(TRANSFER_PREFIX, self.id)

    @property
    def is_final(self) -> bool:
        return self.status in (RefundStatus.SUCCEEDED, RefundStatus.FAILED)

    @property
    def order(self) -> RefundOrder:
        return RefundOrder(self.id, self.fingerprint, self.amount_minor, self.reason)


def begun(payment: Payment, order: RefundOrder, lease: Lease, now: datetime) -> Payment:
    """Return the payment with the refund as the caller's, who works on it.

    Raises:
        IdempotencyKeyReused: The key stands for another request.
        InvalidState: The payment is not in a state to be refunded, or not for so much.
        RequestInProgress: Somebody else is at it.
    """
    known = payment.refunds.get(order.refund_id)
    if known is not None and known.fingerprint != order.fingerprint:
        raise IdempotencyKeyReused
    if payment.status not in REFUNDABLE:
        raise payment.not_while("be refunded")
    payment = _with_room(payment, order.refund_id)
    if known is None or known.status is RefundStatus.RELEASED:
        refund = _new(payment, order, known, lease, now)
    else:
        assert known.status is RefundStatus.PENDING
        if known.lease is not None and known.lease.holds(now):
            raise RequestInProgress(payment.id)
        # Whoever was at it has asked for the money, or has died before or after that.
        refund = replace(known, lease=lease, attempts=known.attempts + 1, may_be_applied=True)
    return _with(payment, refund, Event.REFUND_BEGUN, now)


def command(payment: Payment, refund: Refund, request_id: str) -> RefundCommand:
    """Return what to ask the wallets for."""
    assert payment.transfer_id is not None
    assert payment.wallet_id is not None
    return RefundCommand(
        client_id=payment.client_id,
        transfer_id=refund.transfer_id,
        payment_id=payment.id,
        original_id=payment.transfer_id,
        wallet_id=payment.wallet_id,
        amount_minor=refund.amount_minor,
        request_id=request_id,
    )


def succeeded(payment: Payment, refund: Refund, now: datetime) -> Payment:
    refunded_minor = payment.refunded_minor + refund.amount_minor
    is_all = refunded_minor == payment.captured_minor
    event = Event.ALL_REFUNDED if is_all else Event.PART_REFUNDED
    done = replace(
        refund,
        status=RefundStatus.SUCCEEDED,
        lease=None,
        ended_at=now,
        ended_version=payment.version + 1,
        refunded_after_minor=refunded_minor,
    )
    return replace(_with(payment, done, event, now), refunded_minor=refunded_minor)


def failed(payment: Payment, refund: Refund, now: datetime, failure: Failure) -> Payment:
    done = replace(refund, status=RefundStatus.FAILED, lease=None, ended_at=now, failure=failure)
    return _with(payment, done, Event.REFUND_FAILED, now, failure.reason)


def released(payment: Payment, refund: Refund, now: datetime, cause: str) -> Payment:
    """Return the payment after an attempt that was not applied."""
    if refund.may_be_applied:
        return left_open(payment, refund, now, cause)
    given_up = replace(refund, status=RefundStatus.RELEASED, lease=None)
    return _with(payment, given_up, Event.REFUND_RELEASED, now, cause)


def left_open(payment: Payment, refund: Refund, now: datetime, cause: str) -> Payment:
    """Return the payment after an attempt of unknown outcome, free for the next one."""
    open_ = replace(refund, lease=None, may_be_applied=True)
    return _with(payment, open_, Event.REFUND_LEFT_OPEN, now, cause)


def as_refunded(payment: Payment, refund: Refund) -> Payment:
    """Return the payment as it was answered when the refund succeeded, whatever came after."""
    assert refund.ended_at is not None
    assert refund.ended_version is not None
    is_all = refund.refunded_after_minor == payment.captured_minor
    return replace(
        payment,
        status=PaymentStatus.REFUNDED if is_all else PaymentStatus.PARTIALLY_REFUNDED,
        version=refund.ended_version,
        updated_at=refund.ended_at,
        refunded_minor=refund.refunded_after_minor,
    )


def _with_room(payment: Payment, refund_id: str) -> Payment:
    """Return the payment with room for the refund: the oldest that came to nothing is forgotten."""
    if refund_id in payment.refunds or len(payment.refunds) < REFUND_COUNT_MAX:
        return payment
    released = (each for each in payment.refunds.values() if each.status is RefundStatus.RELEASED)
    oldest = next(released, None)
    if oldest is None:
        raise payment.not_while(f"be refunded more than {REFUND_COUNT_MAX} times")
    kept = {id_: each for id_, each in payment.refunds.items() if each is not oldest}
    return replace(payment, refunds=kept)


def _new(
    payment: Payment, order: RefundOrder, known: Refund | None, lease: Lease, now: datetime
) -> Refund:
    amount_minor = order.amount_minor or payment.refundable_minor
    if not 0 < amount_minor <= payment.refundable_minor:
        raise payment.not_while("be refunded for more than is left of it")
    refund = Refund.new(order, amount_minor, lease, now)
    return replace(refund, attempts=known.attempts + 1) if known else refund


def _with(
    payment: Payment, refund: Refund, event: Event, now: datetime, cause: str | None = None
) -> Payment:
    detail = refund.id if cause is None else f"{refund.id} {cause}"
    after = payment.after(event, now, detail=detail)
    return replace(after, refunds={**payment.refunds, refund.id: refund})
