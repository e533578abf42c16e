"""Endpoints: where a client wants to hear of what has happened, and how they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from evenkeel.errors import LimitReached
from evenkeel.events.model import SOURCES, EventType, Source

ENDPOINT_PREFIX = "whk"
ENDPOINT_COUNT_MAX = 10
EVERY_EVENT = "*"

# How our own parts are, and what an intruder has written into our tables, is no client's business.
UNTOLD = frozenset(
    type_.value
    for type_, source in SOURCES.items()
    if source is Source.RELIABILITY or type_ is EventType.LEDGER_TAMPERED
)
EVENT_TYPES = tuple(type_.value for type_ in SOURCES if type_.value not in UNTOLD)

# Long enough to bring a new secret to every server of a client.
OLD_SECRET_FOR = timedelta(hours=24)
SECRET_COUNT_MAX = 4

# Events are stamped where they happen, by clocks that differ a little from ours.
CLOCK_SKEW_MAX = timedelta(minutes=1)

# So many failures, or slow answers, in a row, and deliveries go one at a time.
STRIKE_COUNT_MAX = 3
SLOW_MS_MIN = 5_000
# After a failure of such a one nobody tries for a while: the sender that waits for it is lost to
# all others.
REST_FOR = timedelta(seconds=30)
# An endpoint at which nothing has arrived for so long is disabled when a delivery is given up.
FAILING_FOR_MAX = timedelta(days=3)


class EndpointStatus(StrEnum):
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    DELETED = "DELETED"  # Kept, so that its idempotency key is never taken again.


class DisabledReason(StrEnum):
    GONE = "gone"  # It has answered 410.
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Secret:
    """What signs; one that was replaced does so until a moment."""

    value: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """An event as endpoints are told of it.

    Attributes:
        body: The event's envelope as JSON: these bytes are sent, each time.
    """

    event_id: str
    event_type: str
    client_id: str
    occurred_at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for when it registers an endpoint.

    Attributes:
        events: Types of events, or only `*`.
        fingerprint: Of the request's body.
    """

    endpoint_id: str
    client_id: str
    fingerprint: str
    url: str
    events: tuple[str, ...]
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a client wants to hear of its events.

    Attributes:
        first_secret: What the request that made it was answered with, and is answered with for
            ever. Once it is replaced and its time is over it signs no more.
        secrets: Those that may be in force, the newest first.
    """

    wish: Wish
    created_at: datetime
    first_secret: str
    secrets: tuple[Secret, ...]
    status: EndpointStatus = EndpointStatus.ENABLED
    disabled_reason: DisabledReason | None = None
    version: int = 1

    @classmethod
    def created(cls, wish: Wish, now: datetime, secret: str) -> Endpoint:
        return cls(wish, now, secret, (Secret(secret),))

    @property
    def id(self) -> str:
        return self.wish.endpoint_id

    @property
    def client_id(self) -> str:
        return self.wish.client_id

    @property
    def secret(self) -> str:
        """The newest one."""
        return self.secrets[0].value

    def as_created(self) -> Endpoint:
        """Return it as it was in the beginning, for whoever asks again for it to be made."""
        return Endpoint.created(self.wish, self.created_at, self.first_secret)

    def hears(self, notice: Notice) -> bool:
        """Tell whether it is to be told: not of what happened before its time."""
        wanted = EVERY_EVENT in self.wish.events or notice.event_type in self.wish.events
        is_new = notice.occurred_at >= self.created_at - CLOCK_SKEW_MAX
        is_told = wanted and notice.event_type not in UNTOLD
        return self.status is EndpointStatus.ENABLED and is_told and is_new

    def signing(self, now: datetime) -> Sequence[str]:
        """Return the secrets that sign now, the newest first."""
        return [each.value for each in self.secrets if each.until is None or now < each.until]

    def rotated(self, now: datetime, secret: str) -> Endpoint:
        """Return it with a new secret; those before go on signing for a while.

        Raises:
            LimitReached: Too many are in force. None is dropped for it: it may be the one
                that the client verifies with.
        """
        older = [
            replace(each, until=each.until or now + OLD_SECRET_FOR)
            for each in self.secrets
            if each.until is None or now < each.until
        ]
        if len(older) >= SECRET_COUNT_MAX:
            raise LimitReached(f"{SECRET_COUNT_MAX} secrets are in force; wait until one is not")
        return self._next(secrets=(Secret(secret), *older))

    def enabled(self) -> Endpoint:
        return self._next(status=EndpointStatus.ENABLED, disabled_reason=None)

    def disabled(self, reason: DisabledReason) -> Endpoint:
        return self._next(status=EndpointStatus.DISABLED, disabled_reason=reason)

    def deleted(self) -> Endpoint:
        return self._next(status=EndpointStatus.DELETED, disabled_reason=None, secrets=())

    def _next(self, **changes: object) -> Endpoint:
        return replace(self, version=self.version + 1, **changes)  # type: ignore[arg-type]  # Fields.


@dataclass(frozen=True, slots=True)
class Roster:
    """The endpoints that a client has, oldest first: by it they are counted and found."""

    client_id: str
    endpoint_ids: tuple[str, ...] = ()
    version: int = 0

    def joined_by(self, endpoint_id: str) -> Roster:
        """Return it with one more.

        Raises:
            LimitReached: There are as many as a client may have.
        """
        if len(self.endpoint_ids) >= ENDPOINT_COUNT_MAX:
            raise LimitReached(f"a client has at most {ENDPOINT_COUNT_MAX} webhooks")
        ids = (*self.endpoint_ids, endpoint_id)
        return Roster(self.client_id, ids, self.version + 1)

    def left_by(self, endpoint_id: str) -> Roster:
        ids = tuple(each for each in self.endpoint_ids if each != endpoint_id)
        return Roster(self.client_id, ids, self.version + 1)


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint has been answering, apart from it: it changes often, and shows nowhere.

    Attributes:
        strikes: Failures and slow answers in a row, up to where it makes no difference.
        failing_since: The first failure after the latest success.
        trial_until: Where deliveries go one at a time: until when no other one may begin, for one
            is under way or has just failed.
        version: 0 for what nothing is known of.
    """

    strikes: int = 0
    failing_since: datetime | None = None
    trial_until: datetime | None = None
    version: int = 0

    @property
    def is_limited(self) -> bool:
        """Whether deliveries go one at a time, so that the others' need not wait for them."""
        return self.strikes >= STRIKE_COUNT_MAX

    def is_on_trial(self, now: datetime) -> bool:
        return self.trial_until is not None and now < self.trial_until

    def tried(self, until: datetime) -> Health:
        return replace(self, trial_until=until, version=self.version + 1)

    def succeeded(self, *, is_slow: bool) -> Health:
        strikes = self._struck() if is_slow else 0
        return self._next(replace(self, strikes=strikes, failing_since=None, trial_until=None))

    def failed(self, at: datetime, now: datetime) -> Health:
        """Note an attempt that began *at* some time, and failed *now*."""
        strikes = self._struck()
        rests_until = now + REST_FOR if strikes >= STRIKE_COUNT_MAX else None
        since = self.failing_since or at
        return self._next(
            replace(self, strikes=strikes, failing_since=since, trial_until=rests_until)
        )

    def is_hopeless(self, now: datetime) -> bool:
        return self.failing_since is not None and now - self.failing_since >= FAILING_FOR_MAX

    def _struck(self) -> int:
        return min(self.strikes + 1, STRIKE_COUNT_MAX)

    def _next(self, found: Health) -> Health:
        """Return what is to be written, or itself where that is no news."""
        return found if found == self else replace(found, version=self.version + 1)
