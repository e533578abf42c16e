"""A run of the reconciliation: over what it goes, how far it has come, and what it has counted.

A run may end at any moment and be gone on with by somebody else. All that this needs is in
its record, which is written after each stretch of work; what is done twice then changes
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from evenkeel.clock import to_rfc3339
from evenkeel.ids import derived_id
from evenkeel.payments.leases import Lease

RUN_PREFIX = "rec"

# Longer than a stretch of work takes: whoever is silent for so long has died.
RUN_LEASE_FOR = timedelta(minutes=2)

UNFINISHED_FOR_MAX = timedelta(days=2)


class Trigger(StrEnum):
    SCHEDULE = "schedule"
    MANUAL = "manual"


class Scope(StrEnum):
    CHANGES = "changes"  # What was changed in the window.
    EVERYTHING = "everything"  # All that is stored, whenever it was changed.


class RunStatus(StrEnum):
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"  # Nobody has come to its end in its time.


class Stage(StrEnum):
    """In the order in which a run goes through them."""

    OBJECTS = "objects"  # What its scope says.
    OVERDUE = "overdue"  # What nobody has changed, although it was time.
    OPEN = "open"  # What was found by earlier runs, and may have ended.
    SUMS = "sums"  # What the journal adds up to, if its scope is everything.
    TELLING = "telling"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a run has come: behind *after*, in a part of a stage."""

    stage: Stage = Stage.OBJECTS
    part: int = 0
    after: str | None = None

    @property
    def name(self) -> str:
        return f"{self.stage}/{self.part}/{self.after or ''}"


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run has counted, of one client.

    Attributes:
        payments: That were looked at, once for each quarter of an hour in which they changed.
        transfers: That were compared with them.
        matched: Payments about which both sides agree.
        mismatched: Mismatches.
        suspicious: Payments that had to be looked at twice.
        skipped: Payments that somebody is working on, or that would not hold still.
    """

    payments: int = 0
    transfers: int = 0
    matched: int = 0
    mismatched: int = 0
    suspicious: int = 0
    skipped: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.payments + other.payments,
            self.transfers + other.transfers,
            self.matched + other.matched,
            self.mismatched + other.mismatched,
            self.suspicious + other.suspicious,
            self.skipped + other.skipped,
        )


Tallies = Mapping[str, Tally]  # By client.


def added(tallies: Tallies, more: Tallies) -> Tallies:
    return {**tallies, **{each: tallies.get(each, Tally()) + more[each] for each in more}}


@dataclass(frozen=True, slots=True)
class Window:
    """[since, until)."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One run, as far as it has come.

    Attributes:
        client_id: Whose objects it looks at; None is everybody's.
        started_at: By the clock of who has begun it.
    """

    id: str
    trigger: Trigger
    window: Window
    started_at: datetime
    scope: Scope = Scope.CHANGES
    client_id: str | None = None
    status: RunStatus = RunStatus.RUNNING
    place: Place = Place()
    tallies: Tallies = field(default_factory=dict)
    lease: Lease | None = None
    finished_at: datetime | None = None
    version: int = 1

    @property
    def listed_as(self) -> str:
        """Its place in the list of runs: later ones come later."""
        return f"{to_rfc3339(self.started_at)}/{self.id}"

    @property
    def is_over(self) -> bool:
        return self.status is not RunStatus.RUNNING

    def has_lapsed(self, now: datetime) -> bool:
        """Whether it is too old to go on with: what its steps have left is forgotten by and by."""
        return now - self.started_at > UNFINISHED_FOR_MAX

    @property
    def stages_left(self) -> Sequence[Stage]:
        """The stage that it is in, and those that come after."""
        stages = list(Stage)
        return stages[stages.index(self.place.stage) :]

    def place_in(self, stage: Stage) -> Place:
        """Return where to go on in a stage: at its beginning, if the run has not come there."""
        return self.place if self.place.stage is stage else Place(stage)

    @property
    def has_sums_left(self) -> bool:
        return self.scope is Scope.EVERYTHING and self.place.stage is not Stage.TELLING

    @property
    def moves_watermark(self) -> bool:
        """Whether nobody need look again at what was changed before its end."""
        is_for_all = self.trigger is Trigger.SCHEDULE and self.client_id is None
        return is_for_all and self.scope is Scope.CHANGES

    def is_leased(self, now: datetime) -> bool:
        return self.lease is not None and self.lease.holds(now)

    def taken(self, by: str, now: datetime) -> Run:
        """Return the run as *by*'s to go on with, until its lease ends."""
        return self._next(lease=Lease(by, now + RUN_LEASE_FOR))

    def advanced(self, place: Place, more: Tallies, by: str, now: datetime) -> Run:
        """Return the run one stretch further, and its lease renewed."""
        lease = Lease(by, now + RUN_LEASE_FOR)
        return self._next(place=place, tallies=added(self.tallies, more), lease=lease)

    def put_down(self) -> Run:
        return self._next(lease=None)

    def completed(self, now: datetime) -> Run:
        return self._next(status=RunStatus.COMPLETED, lease=None, finished_at=now)

    @property
    def total(self) -> Tally:
        return sum(self.tallies.values(), Tally())

    def given_up(self, now: datetime) -> Run:
        return self._next(status=RunStatus.FAILED, lease=None, finished_at=now)

    def tally(self, client_id: str) -> Tally:
        return self.tallies.get(client_id, Tally())

    def _next(self, **changes: object) -> Run:
        return replace(self, version=self.version + 1, **changes)  # type: ignore[arg-type]  # Fields.


def scheduled_id(name: str, at: datetime) -> str:
    """Return the id of the run that a schedule asks for at a time, however often it does."""
    return derived_id(RUN_PREFIX, Trigger.SCHEDULE, name, to_rfc3339(at))
