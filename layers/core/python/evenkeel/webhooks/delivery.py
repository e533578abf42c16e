"""A delivery: one event on its way to one endpoint, with every attempt at it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from evenkeel.ids import derived_id
from evenkeel.webhooks.model import Endpoint, Notice

DELIVERY_PREFIX = "dlv"
KEPT_FOR = timedelta(days=30)
ATTEMPT_KEPT_COUNT_MAX = 50  # More than two rounds; the oldest are forgotten.

# Longer than the function that sends may live: nobody else tries while it may be at it.
LEASE_FOR = timedelta(seconds=60)


class DeliveryStatus(StrEnum):
    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class Failure(StrEnum):
    """Why there was no answer, in words that do not change."""

    NAME_UNRESOLVED = "name_unresolved"
    ADDRESS_REFUSED = "address_refused"
    URL_REFUSED = "url_refused"
    CONNECTION_FAILED = "connection_failed"
    TLS_FAILED = "tls_failed"
    TIMED_OUT = "timed_out"
    ANSWER_UNREADABLE = "answer_unreadable"
    CUT_OFF = "cut_off"  # The sender died over it: whether it arrived is not known.


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request: a status, or why there is none."""

    duration_ms: int
    status_code: int | None = None
    failure: Failure | None = None
    retry_after_s: float | None = None

    @property
    def is_delivered(self) -> bool:
        return self.status_code is not None and HTTPStatus(200) <= self.status_code < 300  # noqa: PLR2004 - The class 2xx.

    @property
    def is_gone(self) -> bool:
        return self.status_code == HTTPStatus.GONE


@dataclass(frozen=True, slots=True)
class Attempt:
    """A line of the log."""

    number: int
    at: datetime
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Lease:
    """Somebody is at the attempt with this number."""

    number: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class DeliveryRef:
    """The position of a delivery in the order of their creation."""

    created_at: datetime
    delivery_id: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint.

    Attributes:
        since: When its time began to run: when it was made, or asked for again.
        round_count: Attempts since then.
        attempt_count: Attempts in all; the number of the latest.
        next_attempt_at: None when it is over.
    """

    id: str
    client_id: str
    endpoint_id: str
    event_id: str
    event_type: str
    body: str
    created_at: datetime
    since: datetime
    next_attempt_at: datetime | None
    status: DeliveryStatus = DeliveryStatus.PENDING
    round_count: int = 0
    attempt_count: int = 0
    lease: Lease | None = None
    attempts: tuple[Attempt, ...] = ()
    version: int = 1

    @classmethod
    def of(cls, endpoint: Endpoint, notice: Notice, now: datetime) -> Delivery:
        """Return the delivery under an id that is the same however often the event is told."""
        return cls(
            id=derived_id(DELIVERY_PREFIX, endpoint.client_id, endpoint.id, notice.event_id),
            client_id=endpoint.client_id,
            endpoint_id=endpoint.id,
            event_id=notice.event_id,
            event_type=notice.event_type,
            body=notice.body,
            created_at=now,
            since=now,
            next_attempt_at=now,
        )

    @property
    def ref(self) -> DeliveryRef:
        return DeliveryRef(self.created_at, self.id)

    @property
    def is_over(self) -> bool:
        return self.status is not DeliveryStatus.PENDING

    def is_past(self, number: int) -> bool:
        """Tell whether nothing is left to do for whoever was to make the attempt *number*.

        It is over, or that attempt or a later one is recorded: by then the message for the next
        one was on its way. One that was begun and is not recorded may have died with its sender.
        """
        return self.is_over or (self.attempt_count >= number and self.lease is None)

    def not_before(self) -> datetime:
        """Return when somebody may try: not while another one is at it, and not too early."""
        assert self.next_attempt_at is not None
        return self.lease.until if self.lease else self.next_attempt_at

    def claimed(self, now: datetime) -> Delivery:
        """Begin the next attempt. One whose sender has died before is logged as what it is."""
        assert not self.is_over
        number = self.attempt_count + 1
        return replace(
            self,
            attempt_count=number,
            round_count=self.round_count + 1,
            lease=Lease(number, now, now + LEASE_FOR),
            attempts=self._with_cut_off(),
            version=self.version + 1,
        )

    def answered(
        self, attempt: Attempt, next_attempt_at: datetime | None, *, since: datetime
    ) -> Delivery:
        """Record an attempt: delivered, to be tried again, or given up.

        What was recorded already changes nothing. One whose lease has passed to another is
        logged, instead of being held for cut off, and counts if it has arrived. One that was
        begun when the delivery had another *since* is logged only: it was asked for again, and
        that is still to be done.
        """
        others = tuple(each for each in self.attempts if each.number != attempt.number)
        if len(others) < len(self.attempts) and not self._is_cut_off(attempt.number):
            return self
        is_ours = self.lease is not None and self.lease.number == attempt.number
        logged = replace(
            self,
            attempts=_kept((*others, attempt)),
            lease=None if is_ours else self.lease,
            version=self.version + 1,
        )
        if since != self.since:
            return logged
        if attempt.outcome.is_delivered:
            return replace(logged, status=DeliveryStatus.DELIVERED, next_attempt_at=None)
        if not is_ours or self.is_over:
            return logged
        is_given_up = next_attempt_at is None
        status = DeliveryStatus.FAILED if is_given_up else DeliveryStatus.PENDING
        return replace(logged, status=status, next_attempt_at=next_attempt_at)

    def _with_cut_off(self) -> tuple[Attempt, ...]:
        """Return the log with what the sender has died over whose lease is still here."""
        dead = self.lease
        if dead is None:
            return self.attempts
        return _kept((*self.attempts, Attempt(dead.number, dead.since, _cut_off(dead))))

    def _is_cut_off(self, number: int) -> bool:
        failures = [each.outcome.failure for each in self.attempts if each.number == number]
        return failures == [Failure.CUT_OFF]

    def given_up(self) -> Delivery:
        """End it without another attempt: its endpoint takes none, or its time is over."""
        return replace(
            self,
            status=DeliveryStatus.FAILED,
            next_attempt_at=None,
            lease=None,
            attempts=self._with_cut_off(),
            version=self.version + 1,
        )

    def asked_again(self, now: datetime) -> Delivery:
        """Begin anew, with all attempts and all the time; whoever is at it stays at it."""
        return replace(
            self,
            status=DeliveryStatus.PENDING,
            since=now,
            round_count=0,
            next_attempt_at=now,
            version=self.version + 1,
        )


def _cut_off(lease: Lease) -> Outcome:
    duration = lease.until - lease.since
    return Outcome(round(duration.total_seconds() * 1000), failure=Failure.CUT_OFF)


def _kept(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    ordered = tuple(sorted(attempts, key=lambda each: each.number))
    return ordered[-ATTEMPT_KEPT_COUNT_MAX:]
