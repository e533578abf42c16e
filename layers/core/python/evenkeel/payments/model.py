"""A payment and the states that it can be in.

A payment is a frozen record: every change returns a new one, with the next
version and a line in its history. Which change is legal where is a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from evenkeel.errors import Declined, DeclineReason, InvalidState, RequestInProgress
from evenkeel.ids import derived_id
from evenkeel.ledger.commands import Debit
from evenkeel.ledger.transfer import TRANSFER_PREFIX
from evenkeel.money import Money

PAYMENT_PREFIX = "pay"

# Longer than a request can last: while a client is being answered, nobody else works on it.
LEASE_FOR = timedelta(seconds=30)
# What nobody has processed by then was forgotten: the money must not move any more.
PENDING_FOR = timedelta(hours=24)
# For so long after a message was put nobody puts another: it is waiting, or being worked on.
QUEUED_FOR = timedelta(minutes=5)

HISTORY_HEAD_COUNT = 10
HISTORY_COUNT_MAX = 100  # An item must stay small; of a longer history the middle is dropped.


class PaymentStatus(StrEnum):
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    AUTHORIZED = "AUTHORIZED"
    COMPLETED = "COMPLETED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Event(StrEnum):
    CLAIMED = "claimed"  # Somebody works on it, under a lease.
    RELEASED = "released"  # Nothing was applied.
    LEFT_OPEN = "left_open"  # Whether it was applied is not known.
    AUTHORIZED = "authorized"
    COMPLETED = "completed"
    DECLINED = "declined"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"
    PART_REFUNDED = "part_refunded"
    ALL_REFUNDED = "all_refunded"


_S, _E = PaymentStatus, Event
TRANSITIONS: Mapping[tuple[PaymentStatus, Event], PaymentStatus] = {
    (_S.PENDING, _E.CLAIMED): _S.PROCESSING,
    (_S.PENDING, _E.VOIDED): _S.CANCELLED,
    (_S.PENDING, _E.EXPIRED): _S.CANCELLED,
    (_S.PROCESSING, _E.CLAIMED): _S.PROCESSING,  # After the lease of who had it before.
    (_S.PROCESSING, _E.RELEASED): _S.PENDING,
    (_S.PROCESSING, _E.LEFT_OPEN): _S.PROCESSING,
    (_S.PROCESSING, _E.AUTHORIZED): _S.AUTHORIZED,
    (_S.PROCESSING, _E.COMPLETED): _S.COMPLETED,
    (_S.PROCESSING, _E.DECLINED): _S.FAILED,
    (_S.AUTHORIZED, _E.CAPTURED): _S.COMPLETED,
    (_S.AUTHORIZED, _E.VOIDED): _S.CANCELLED,
    (_S.AUTHORIZED, _E.EXPIRED): _S.CANCELLED,
    (_S.COMPLETED, _E.PART_REFUNDED): _S.PARTIALLY_REFUNDED,
    (_S.COMPLETED, _E.ALL_REFUNDED): _S.REFUNDED,
    (_S.PARTIALLY_REFUNDED, _E.PART_REFUNDED): _S.PARTIALLY_REFUNDED,
    (_S.PARTIALLY_REFUNDED, _E.ALL_REFUNDED): _S.REFUNDED,
}


class Capture(StrEnum):
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a payment's history."""

    version: int
    at: datetime
    event: str
    status: PaymentStatus
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """Who works on a payment, and for how long nobody else may."""

    request_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    reason: DeclineReason
    message: str
    request_id: str | None  # Of the request that met the refusal first.


@dataclass(frozen=True, slots=True)
class Order:
    """What a client asked to be paid, under its idempotency key.

    Attributes:
        payment_id: Derived from the client, the route and the key: the payment
            is its own idempotency record, for ever.
        fingerprint: Of the request's contents.
    """

    payment_id: str
    fingerprint: str
    client_id: str
    user_id: str
    merchant_id: str
    amount: Money
    wallet_id: str | None = None
    capture: Capture = Capture.AUTOMATIC
    description: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PaymentRef:
    """Where a payment stands in its user's list: newest first, so later times come earlier."""

    created_at: datetime
    payment_id: str


@dataclass(frozen=True, slots=True)
class Payment:
    order: Order
    created_at: datetime
    updated_at: datetime
    status: PaymentStatus = PaymentStatus.PENDING
    version: int = 1
    wallet_id: str | None = None
    captured_minor: int = 0
    refunded_minor: int = 0
    transfer_id: str | None = None
    failure: Failure | None = None
    attempts: int = 0
    processed_at: datetime | None = None
    processed_version: int | None = None
    lease: Lease | None = None
    queued_until: datetime | None = None
    may_be_debited: bool = False  # An earlier attempt may have been applied, or still be under way.
    history: tuple[Change, ...] = ()

    @classmethod
    def created(cls, order: Order, now: datetime) -> Payment:
        payment = cls(order, created_at=now, updated_at=now, wallet_id=order.wallet_id)
        return replace(payment, history=(Change(1, now, "created", payment.status),))

    @classmethod
    def created_and_claimed(cls, order: Order, now: datetime, request_id: str) -> Payment:
        """Return a new payment that its maker works on already: one write instead of two."""
        assert order.wallet_id is not None
        claimed = cls.created(order, now).claimed(order.wallet_id, now, request_id)
        history = tuple(replace(change, version=1) for change in claimed.history)
        return replace(claimed, version=1, history=history)

    @property
    def id(self) -> str:
        return self.order.payment_id

    @property
    def client_id(self) -> str:
        return self.order.client_id

    @property
    def ref(self) -> PaymentRef:
        return PaymentRef(self.created_at, self.id)

    @property
    def is_processed(self) -> bool:
        """Whether the wallet has given its answer, however the payment went on from there."""
        return self.processed_version is not None

    @property
    def due_at(self) -> datetime | None:
        """When somebody must look after it, if nobody else has by then; None once it has settled.

        A payment that waits for its debit is cancelled then, and one whose outcome
        is open is settled.
        """
        if self.status is PaymentStatus.PENDING:
            return self.created_at + PENDING_FOR
        if self.status is PaymentStatus.PROCESSING:
            return self.lease.until if self.lease else self.updated_at
        return None

    @property
    def transfer_id_wanted(self) -> str:
        """The id of its debit, posted or not: what the ledger knows it by."""
        return derived_id(TRANSFER_PREFIX, self.id)

    def debit(self, request_id: str) -> Debit:
        assert self.status is PaymentStatus.PROCESSING
        assert self.wallet_id is not None
        order = self.order
        return Debit(
            client_id=order.client_id,
            transfer_id=self.transfer_id_wanted,
            payment_id=order.payment_id,
            wallet_id=self.wallet_id,
            user_id=order.user_id,
            merchant_id=order.merchant_id,
            amount=order.amount,
            request_id=request_id,
        )

    def claimed(self, wallet_id: str, now: datetime, request_id: str) -> Payment:
        """Return the payment as the caller's to work on, until its lease ends.

        Raises:
            InvalidState: It cannot be processed any more, or not from this wallet.
            RequestInProgress: Somebody else holds it.
        """
        if self.wallet_id not in (None, wallet_id):
            raise self._not_while("be debited from another wallet than its own")
        if self.lease is not None and now < self.lease.until:
            raise RequestInProgress(self.id)
        if self.status is PaymentStatus.PENDING and now >= self.created_at + PENDING_FOR:
            raise self._not_while("be processed after 24 hours")
        # Whoever held it before has asked for the debit, or has died before or after that.
        was_tried = self.status is PaymentStatus.PROCESSING
        return replace(
            self._after(Event.CLAIMED, now),
            lease=Lease(request_id, now + LEASE_FOR),
            wallet_id=wallet_id,
            attempts=self.attempts + 1,
            may_be_debited=self.may_be_debited or was_tried,
        )

    def released(self, now: datetime, cause: str) -> Payment:
        """Return the payment after an attempt that was not applied.

        It is PENDING again only if no earlier attempt can still take the money.
        """
        event = Event.LEFT_OPEN if self.may_be_debited else Event.RELEASED
        return self._after(event, now, detail=cause)

    def queued(self, now: datetime) -> Payment:
        """Return the payment with a message that stands for it."""
        return replace(self, queued_until=now + QUEUED_FOR)

    def is_queued(self, now: datetime) -> bool:
        return self.queued_until is not None and now < self.queued_until

    def left_open(self, now: datetime, cause: str) -> Payment:
        """Return the payment after an attempt of unknown outcome: PROCESSING, free to claim."""
        return self._after(Event.LEFT_OPEN, now, detail=cause)

    def completed(self, now: datetime, transfer_id: str) -> Payment:
        return replace(
            self._processed(Event.COMPLETED, now),
            transfer_id=transfer_id,
            captured_minor=self.order.amount.amount_minor,
        )

    def declined(self, now: datetime, declined: Declined) -> Payment:
        failure = Failure(declined.reason, declined.message, declined.first_request_id)
        return replace(self._processed(Event.DECLINED, now, failure.reason), failure=failure)

    def expired(self, now: datetime) -> Payment:
        return self._after(Event.EXPIRED, now)

    def as_created(self) -> Payment:
        """Return the payment as it was answered when it was created, whatever came after."""
        return Payment.created(self.order, self.created_at)

    def as_processed(self) -> Payment:
        """Return the payment as it was answered when it was processed, whatever came after."""
        assert self.processed_at is not None
        assert self.processed_version is not None
        return replace(
            self,
            status=PaymentStatus.FAILED if self.failure else PaymentStatus.COMPLETED,
            version=self.processed_version,
            updated_at=self.processed_at,
            refunded_minor=0,
        )

    def _after(self, event: Event, now: datetime, *, detail: str | None = None) -> Payment:
        status = TRANSITIONS.get((self.status, event))
        if status is None:
            raise self._not_while(f"be {event}")
        version = self.version + 1
        history = _shortened((*self.history, Change(version, now, event, status, detail)))
        return replace(
            self,
            status=status,
            version=version,
            updated_at=now,
            lease=None,
            history=history,
        )

    def _processed(self, event: Event, now: datetime, detail: str | None = None) -> Payment:
        after = self._after(event, now, detail=detail)
        return replace(after, processed_at=now, processed_version=after.version)

    def _not_while(self, wish: str) -> InvalidState:
        message = f"a {self.status.lower()} payment cannot {wish}"
        error = InvalidState(message, subject="payment", status=self.status)
        error.payment_id = self.id
        return error


def _shortened(history: tuple[Change, ...]) -> tuple[Change, ...]:
    if len(history) <= HISTORY_COUNT_MAX:
        return history
    return history[:HISTORY_HEAD_COUNT] + history[HISTORY_HEAD_COUNT - HISTORY_COUNT_MAX :]
