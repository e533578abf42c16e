"""Sends deliveries, one attempt at a time, and sees to it that there is a next one.

Each delivery goes through a chain of messages, each for one attempt by its number.
The message for the next attempt is sent before the outcome of this one is recorded:
whatever dies in between, a delivery that is not over has a message. There may be two
of them; then the record's version and its lease say who sends, and the other one is
put back until it is seen to be past.

A receiver may get an event twice, with the same `webhook-id`: when a sender dies
after the request and before the record, and the lease has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from evenkeel.clock import Clock
from evenkeel.errors import StoreBusy, StoreUnconfirmed, VersionConflict
from evenkeel.events.model import ALERT_PREFIX, Alert, Severity
from evenkeel.events.ports import Alerts
from evenkeel.ids import derived_id
from evenkeel.resilience.retry import Retry
from evenkeel.webhooks import signing
from evenkeel.webhooks.backoff import WINDOW, next_attempt_at
from evenkeel.webhooks.delivery import LEASE_FOR, Attempt, Delivery, DeliveryStatus
from evenkeel.webhooks.model import (
    SLOW_MS_MIN,
    DisabledReason,
    Endpoint,
    EndpointStatus,
    Health,
)
from evenkeel.webhooks.ports import DeliveryQueue, DeliveryStore, Due, EndpointStore, Postman

# Whoever waits for another delivery of the same endpoint looks again when it is a quarter older.
TURN_S_MIN = 10.0
TURN_S_MAX = 900.0
TURN_SHARE = 0.25

ALERT_TYPE = "WebhookDisabled"


@dataclass(frozen=True, slots=True)
class Sender:
    endpoints: EndpointStore
    deliveries: DeliveryStore
    queue: DeliveryQueue
    postman: Postman
    alerts: Callable[[], Alerts]  # Needed rarely, and dear to build.
    retry: Retry
    clock: Clock
    draw: Callable[[], float]  # From 0 to 1, random.

    def send(self, due: Due) -> DeliveryStatus | None:
        """Make the attempt, or put it back, or find that it is past.

        Returns:
            The delivery's status after an attempt; None if there was none.

        Raises:
            EvenkeelError: The message must come again.
        """
        find = partial(self.deliveries.find, due.client_id, due.delivery_id)
        delivery = self.retry.call(find)
        if delivery is None or delivery.is_past(due.number):
            return None
        wait = delivery.not_before() - self.clock()
        if wait > timedelta(0):
            self._put_back(due, wait.total_seconds())
            return None
        endpoint, health = self.retry.call(
            partial(self.endpoints.look, due.client_id, due.endpoint_id)
        )
        if endpoint is None or endpoint.status is not EndpointStatus.ENABLED:
            return self._give_up(delivery)
        if health.is_limited:
            return self._send_alone(due, delivery, endpoint, health)
        return self._send(due, delivery, endpoint)

    def _send_alone(
        self, due: Due, delivery: Delivery, endpoint: Endpoint, health: Health
    ) -> DeliveryStatus | None:
        """Send it if no other delivery of the endpoint is under way or has just failed.

        So an endpoint that fails, or is slow, has one sender at most, and not all of the time.
        A delivery that has to wait uses up none of its attempts.
        """
        now = self.clock()
        if health.is_on_trial(now):
            if now > delivery.since + WINDOW:
                self._disable_if_hopeless(endpoint, health, now)
                return self._give_up(delivery)
            age_s = (now - delivery.since).total_seconds()
            turn_s = min(TURN_S_MAX, max(TURN_S_MIN, age_s * TURN_SHARE))
            self._put_back(due, turn_s * (1 + self.draw()) / 2)
            return None
        trial = health.tried(now + LEASE_FOR)
        save_trial = partial(self.endpoints.save_health, endpoint.client_id, endpoint.id, trial)
        return self._send(due, delivery, endpoint) if self._is_ours(due, save_trial) else None

    def _is_ours(self, due: Due, take: Callable[[], None]) -> bool:
        """Take what one may have at a time. If that is not certain, put the message back.

        It may be ours, or another's: whoever it is, the lease is over by then.
        """
        try:
            take()
        except (StoreBusy, StoreUnconfirmed, VersionConflict):
            self._put_back(due, LEASE_FOR.total_seconds())
            return False
        return True

    def _send(self, due: Due, delivery: Delivery, endpoint: Endpoint) -> DeliveryStatus | None:
        claimed = delivery.claimed(self.clock())
        if not self._is_ours(due, partial(self.deliveries.save, claimed)):
            return None
        attempt = self._attempt(claimed, endpoint)
        now = self.clock()
        next_at = None
        if not attempt.outcome.is_delivered and not attempt.outcome.is_gone:
            next_at = next_attempt_at(
                now,
                since=claimed.since,
                attempt_count=claimed.round_count,
                draw=self.draw(),
                retry_after_s=attempt.outcome.retry_after_s,
            )
        if next_at is not None:
            following = Due(due.client_id, due.endpoint_id, due.delivery_id, attempt.number + 1)
            self._put_back(following, (next_at - now).total_seconds())
        is_last = next_at is None and not attempt.outcome.is_delivered
        if is_last:
            # First, while there is a message that comes again if this cannot be done.
            self._judge(endpoint, attempt, is_last=True)
        recorded = self.retry.call(partial(self._record, claimed, attempt, next_at))
        if not is_last:
            self._judge(endpoint, attempt, is_last=False)
        return recorded.status

    def _attempt(self, claimed: Delivery, endpoint: Endpoint) -> Attempt:
        now = self.clock()
        body = claimed.body.encode()
        headers = signing.headers(
            endpoint.signing(now), claimed.event_id, int(now.timestamp()), body
        )
        outcome = self.postman.post(endpoint.wish.url, body, headers)
        return Attempt(claimed.attempt_count, now, outcome)

    def _record(self, claimed: Delivery, attempt: Attempt, next_at: datetime | None) -> Delivery:
        """Record it in what is stored now: the client may have asked for it again meanwhile."""
        stored = self.deliveries.find(claimed.client_id, claimed.id)
        if stored is None:
            return claimed.answered(attempt, next_at, since=claimed.since)  # It has expired.
        answered = stored.answered(attempt, next_at, since=claimed.since)
        if answered != stored:
            self.deliveries.save(answered)
        return answered

    def _give_up(self, delivery: Delivery) -> DeliveryStatus:
        given_up = delivery.given_up()
        self.deliveries.save(given_up)
        return given_up.status

    def _judge(self, endpoint: Endpoint, attempt: Attempt, *, is_last: bool) -> None:
        """Remember how the endpoint is, and disable it if it is gone or beyond hope."""
        health = self.retry.call(partial(self._remember, endpoint, attempt))
        if attempt.outcome.is_gone:
            self._disable(endpoint, DisabledReason.GONE)
        elif is_last:
            self._disable_if_hopeless(endpoint, health, self.clock())

    def _remember(self, endpoint: Endpoint, attempt: Attempt) -> Health:
        _, health = self.endpoints.look(endpoint.client_id, endpoint.id)
        found = _after(health, attempt, self.clock())
        if found != health:
            self.endpoints.save_health(endpoint.client_id, endpoint.id, found)
        return found

    def _disable_if_hopeless(self, endpoint: Endpoint, health: Health, now: datetime) -> None:
        if health.is_hopeless(now):
            self._disable(endpoint, DisabledReason.FAILING)

    def _disable(self, endpoint: Endpoint, reason: DisabledReason) -> None:
        """Tell people first: who dies in between tells them twice, and not never."""
        if self.retry.call(partial(self._is_as_judged, endpoint)):
            self.alerts().send(self._alert(endpoint, reason))
            self.retry.call(partial(self._save_disabled, endpoint, reason))

    def _save_disabled(self, endpoint: Endpoint, reason: DisabledReason) -> None:
        if self._is_as_judged(endpoint):
            self.endpoints.save(endpoint.disabled(reason))

    def _is_as_judged(self, endpoint: Endpoint) -> bool:
        """Whether its owner has done nothing to it meanwhile, such as to enable it."""
        stored = self.endpoints.find(endpoint.client_id, endpoint.id)
        return stored is not None and stored.version == endpoint.version

    def _alert(self, endpoint: Endpoint, reason: DisabledReason) -> Alert:
        return Alert(
            # Those who disable the same version of it say the same.
            id=derived_id(ALERT_PREFIX, endpoint.client_id, endpoint.id, str(endpoint.version)),
            type=ALERT_TYPE,
            severity=Severity.MEDIUM,
            title=f"A webhook of {endpoint.client_id} is disabled: {reason}",
            detail=f"{endpoint.id} is told of no events until its owner enables it again",
            occurred_at=self.clock(),
            client_id=endpoint.client_id,
            object_id=endpoint.id,
        )

    def _put_back(self, due: Due, delay_s: float) -> None:
        self.retry.call(partial(self.queue.put, due, delay_s=delay_s))


def _after(health: Health, attempt: Attempt, now: datetime) -> Health:
    if attempt.outcome.is_delivered:
        return health.succeeded(is_slow=attempt.outcome.duration_ms >= SLOW_MS_MIN)
    return health.failed(attempt.at, now)
