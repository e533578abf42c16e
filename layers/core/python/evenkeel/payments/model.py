"""A payment, from its order to the wallet's answer.

A payment is a frozen record: every change returns a new one, with the next
version and a line in its history. Which change is legal where is a table, in
`states`. How its hold ends is in `ending`, and what is paid back in `refunding`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from evenkeel.errors import Declined, InvalidState, RequestInProgress
from evenkeel.ids import derived_id
from evenkeel.ledger.commands import Debit
from evenkeel.ledger.transfer import TRANSFER_PREFIX
from evenkeel.payments.ending import Ending
from evenkeel.payments.failure import Failure
from evenkeel.payments.leases import Lease
from evenkeel.payments.order import Capture, Order
from evenkeel.payments.refunding import RESERVING, Refund, RefundStatus
from evenkeel.payments.states import TRANSITIONS, Change, Event, PaymentStatus, shortened, spell_of
from evenkeel.screening.anomaly import UNKNOWN, Anomaly, Rule, Unusual

PAYMENT_PREFIX = "pay"

# What nobody has processed by then was forgotten: the money must not move any more.
PENDING_FOR = timedelta(hours=24)
# For so long after a message was put nobody puts another: it is waiting, or being worked on.
QUEUED_FOR = timedelta(minutes=5)
# A hold lasts so long at least: the clock that ends it may be ahead of the one that began it.
HOLD_FOR = timedelta(days=7)
HOLD_GRACE = timedelta(minutes=10)


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
    captured_at: datetime | None = None  # Of a hold.
    captured_version: int | None = None
    lease: Lease | None = None
    queued_until: datetime | None = None
    may_be_debited: bool = False  # An earlier attempt may have been applied, or still be under way.
    ending: Ending | None = None
    refunds: Mapping[str, Refund] = field(default_factory=dict)  # By id, in order of creation.
    anomaly: Anomaly = UNKNOWN  # As it was made.
    unusual: Unusual | None = None
    history: tuple[Change, ...] = ()

    @classmethod
    def created(cls, order: Order, now: datetime, anomaly: Anomaly = UNKNOWN) -> Payment:
        payment = cls(
            order, created_at=now, updated_at=now, wallet_id=order.wallet_id, anomaly=anomaly
        )
        lines = [("created", None), *_remarks(anomaly)]
        history = (Change(1, now, event, payment.status, detail) for event, detail in lines)
        return replace(payment, history=tuple(history))

    @classmethod
    def created_and_claimed(
        cls, order: Order, now: datetime, request_id: str, anomaly: Anomaly = UNKNOWN
    ) -> Payment:
        """Return a new payment that its maker works on already: one write instead of two."""
        assert order.wallet_id is not None
        created = cls.created(order, now, anomaly)
        claimed = created.claimed(order.wallet_id, now, request_id)
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
    def anomaly_now(self) -> Anomaly:
        """What is remarkable about it, with what was found after it was made."""
        if self.unusual is None:
            return self.anomaly
        return self.anomaly.with_reason(Rule.UNUSUAL_BEHAVIOUR)

    @property
    def is_processed(self) -> bool:
        """Whether the wallet has given its answer, however the payment went on from there."""
        return self.processed_version is not None

    @property
    def authorized_minor(self) -> int:
        """What the wallet has agreed to pay, whatever was made of it."""
        is_authorized = self.is_processed and self.failure is None
        return self.order.amount.amount_minor if is_authorized else 0

    @property
    def refundable_minor(self) -> int:
        """What may still be paid back: all that was captured, less what refunds have reserved."""
        reserved = (each for each in self.refunds.values() if each.status in RESERVING)
        return self.captured_minor - sum(refund.amount_minor for refund in reserved)

    @property
    def open_refunds(self) -> Sequence[Refund]:
        """Those of which nobody knows yet what has become of them."""
        return [each for each in self.refunds.values() if each.status is RefundStatus.PENDING]

    @property
    def told_refunds(self) -> Sequence[Refund]:
        """Those that a client is told of: what was not applied is as if it had not been."""
        released = RefundStatus.RELEASED
        return [each for each in self.refunds.values() if each.status is not released]

    @property
    def due_at(self) -> datetime | None:
        """When somebody must look after it, if nobody else has by then; None once it has settled.

        A payment that waits for its debit is cancelled then, a hold is released, and
        whatever was begun and is open is settled.
        """
        if self.status is PaymentStatus.PENDING:
            return self.created_at + PENDING_FOR
        if self.status is PaymentStatus.PROCESSING or self.ending is not None:
            return self._until(self.lease)
        if self.status is PaymentStatus.AUTHORIZED:
            return self._lapses_at
        return min((self._until(refund.lease) for refund in self.open_refunds), default=None)

    @property
    def worked_on_since(self) -> datetime | None:
        """Since when its debit, or the end of its hold, is under way, however often it was tried.

        Nothing, if none of them is, or if its history does not tell.
        """
        if self.status is not PaymentStatus.PROCESSING and self.ending is None:
            return None
        tried = (Event.CLAIMED, Event.LEFT_OPEN)
        return next((line.at for line in spell_of(self.history) if line.event in tried), None)

    def has_lapsed(self, now: datetime) -> bool:
        """Whether its hold has lasted for its time, and nobody has begun to end it."""
        is_held = self.status is PaymentStatus.AUTHORIZED and self.ending is None
        return is_held and now >= self._lapses_at

    def is_leased(self, now: datetime) -> bool:
        return self.lease is not None and self.lease.holds(now)

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
            is_hold=order.capture is Capture.MANUAL,
        )

    def claimed(self, wallet_id: str, now: datetime, request_id: str) -> Payment:
        """Return the payment as the caller's to work on, until its lease ends.

        Raises:
            InvalidState: It cannot be processed any more, or not from this wallet.
            RequestInProgress: Somebody else holds it.
        """
        if self.wallet_id not in (None, wallet_id):
            raise self.not_while("be debited from another wallet than its own")
        if self.is_leased(now):
            raise RequestInProgress(self.id)
        if self.status is PaymentStatus.PENDING and now >= self.created_at + PENDING_FOR:
            raise self.not_while("be processed after 24 hours")
        # Whoever held it before has asked for the debit, or has died before or after that.
        was_tried = self.status is PaymentStatus.PROCESSING
        return replace(
            self.after(Event.CLAIMED, now),
            lease=Lease.taken(request_id, now),
            wallet_id=wallet_id,
            attempts=self.attempts + 1,
            may_be_debited=self.may_be_debited or was_tried,
        )

    def released(self, now: datetime, cause: str) -> Payment:
        """Return the payment after an attempt that was not applied.

        It is PENDING again only if no earlier attempt can still take the money.
        """
        event = Event.LEFT_OPEN if self.may_be_debited else Event.RELEASED
        return self.after(event, now, detail=cause)

    def queued(self, now: datetime) -> Payment:
        """Return the payment with a message that stands for it."""
        return replace(self, queued_until=now + QUEUED_FOR)

    def is_queued(self, now: datetime) -> bool:
        return self.queued_until is not None and now < self.queued_until

    def left_open(self, now: datetime, cause: str) -> Payment:
        """Return the payment after an attempt of unknown outcome: PROCESSING, free to claim."""
        return self.after(Event.LEFT_OPEN, now, detail=cause)

    def debited(self, now: datetime, transfer_id: str) -> Payment:
        """Return the payment after the wallet has paid, or holds what it will pay."""
        if self.order.capture is Capture.MANUAL:
            return self._processed(Event.AUTHORIZED, now)
        return replace(
            self._processed(Event.COMPLETED, now),
            transfer_id=transfer_id,
            captured_minor=self.order.amount.amount_minor,
        )

    def declined(self, now: datetime, declined: Declined) -> Payment:
        failure = Failure.of(declined)
        return replace(self._processed(Event.DECLINED, now, failure.reason), failure=failure)

    def expired(self, now: datetime) -> Payment:
        return self.after(Event.EXPIRED, now)

    def as_created(self) -> Payment:
        """Return the payment as it was answered when it was created, whatever came after."""
        return Payment.created(self.order, self.created_at, self.anomaly)

    def voided(self, now: datetime) -> Payment:
        """Return the payment that nobody will process any more."""
        return self.after(Event.VOIDED, now)

    def as_processed(self) -> Payment:
        """Return the payment as it was answered when it was processed, whatever came after."""
        assert self.processed_at is not None
        assert self.processed_version is not None
        first = replace(
            self,
            version=self.processed_version,
            updated_at=self.processed_at,
            refunded_minor=0,
        )
        if self.failure is not None:
            return replace(first, status=PaymentStatus.FAILED)
        if self.order.capture is Capture.AUTOMATIC:
            return replace(first, status=PaymentStatus.COMPLETED)
        return replace(first, status=PaymentStatus.AUTHORIZED, captured_minor=0, transfer_id=None)

    def as_captured(self) -> Payment:
        """Return the payment as it was answered when its hold was captured."""
        assert self.captured_at is not None
        assert self.captured_version is not None
        return replace(
            self,
            status=PaymentStatus.COMPLETED,
            version=self.captured_version,
            updated_at=self.captured_at,
            refunded_minor=0,
        )

    def after(self, event: Event, now: datetime, *, detail: str | None = None) -> Payment:
        """Return the payment one version on, where the table of `states` leads it."""
        status = TRANSITIONS.get((self.status, event))
        if status is None:
            raise self.not_while(f"be {event}")
        version = self.version + 1
        history = shortened((*self.history, Change(version, now, event, status, detail)))
        return replace(
            self,
            status=status,
            version=version,
            updated_at=max(now, self.updated_at),  # By whatever clock.
            lease=None,
            history=history,
        )

    def declined_again(self, failure: Failure, *, replayed: bool) -> Declined:
        """Return the refusal that the payment, or a part of it, has met, to be raised."""
        declined = Declined(
            failure.reason,
            failure.message,
            first_request_id=failure.request_id,
            replayed=replayed,
        )
        declined.payment_id = self.id
        return declined

    def not_while(self, wish: str) -> InvalidState:
        """Return the refusal of a wish that the payment's state does not allow."""
        message = f"a {self.status.lower()} payment cannot {wish}"
        error = InvalidState(message, subject="payment", status=self.status)
        error.payment_id = self.id
        return error

    def _processed(self, event: Event, now: datetime, detail: str | None = None) -> Payment:
        after = self.after(event, now, detail=detail)
        return replace(after, processed_at=now, processed_version=after.version)

    def _until(self, lease: Lease | None) -> datetime:
        return lease.until if lease else self.updated_at

    @property
    def _lapses_at(self) -> datetime:
        assert self.processed_at is not None
        return self.processed_at + HOLD_FOR + HOLD_GRACE


def _remarks(anomaly: Anomaly) -> Iterator[tuple[str, str | None]]:
    """Yield what the history says of the rules that a new payment has met."""
    for event, rules in (("flagged", anomaly.reasons), ("flagged_on_trial", anomaly.shadows)):
        if rules:
            yield event, ", ".join(rules)
