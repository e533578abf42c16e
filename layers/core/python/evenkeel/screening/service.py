"""Use cases of screening: let a request in, look at a payment, and never be in the way of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from evenkeel.errors import WindowsUnavailable
from evenkeel.person import Person
from evenkeel.screening.anomaly import UNKNOWN, Anomaly
from evenkeel.screening.failure_memory import FailureMemory
from evenkeel.screening.policies import Policies
from evenkeel.screening.ports import ScreenWatch, Windows
from evenkeel.screening.quota import Lane, Quota
from evenkeel.screening.windows import Entry, Outcome, Sight


@dataclass(frozen=True, slots=True)
class Passage:
    """How a request to create fares.

    Attributes:
        quota: None if nobody knows. Without a token the request must go no further.
    """

    quota: Quota | None
    anomaly: Anomaly


@dataclass(frozen=True, slots=True)
class Screening:
    """Whatever is wrong with the windows, requests go on: the gateway has limits of its own."""

    windows: Windows
    policies: Policies
    watch: ScreenWatch
    _memory: FailureMemory = field(default_factory=FailureMemory)

    def admit(self, client_id: str, lane: Lane) -> Quota | None:
        """Take a token for a request, and return what its client has left, if somebody knows."""
        bucket = self.policies.of(client_id).bucket(lane)
        try:
            return self.windows.take(client_id, lane, bucket)
        except WindowsUnavailable as error:
            self.watch.unavailable(error)
            return None

    def screen(self, entry: Entry) -> Passage:
        """Take a token for a request to create, and say what is remarkable about its payment."""
        policy = self.policies.of(entry.person.client_id)
        quota, counts = None, None
        try:
            screened = self.windows.screen(entry, policy.bucket(Lane.WRITES), policy.rules.spans)
        except WindowsUnavailable as error:
            self.watch.unavailable(error)
        else:
            quota, counts = screened.quota, screened.counts
            if counts is None:
                return Passage(quota, UNKNOWN)
            self._memory.keep(entry.person, has_failed=counts.failure_count > 0)
        anomaly = policy.rules.judged([entry.amount], counts)
        if anomaly.reasons or anomaly.shadows:
            self.watch.flagged(entry, anomaly)
        return Passage(quota, anomaly)

    def look(self, person: Person) -> tuple[Sight, Anomaly]:
        """Return what is counted of a user, and what the rules say of it.

        Raises:
            WindowsUnavailable: Nobody knows.
        """
        rules = self.policies.of(person.client_id).rules
        sight = self.windows.look(person, rules.spans)
        return sight, rules.judged(sight.amounts, sight.counts)

    def hear(self, outcome: Outcome) -> None:
        """Count an outcome now, if it changes what is counted: it is told as an event too."""
        person = outcome.person
        if outcome.is_failure or self._memory.may_have_failed(person):
            self._memory.keep(person, has_failed=outcome.is_failure)
            self.note([outcome])

    def note(self, outcomes: Sequence[Outcome]) -> None:
        """Count outcomes, if somebody is there to count them."""
        try:
            self.windows.note(outcomes)
        except WindowsUnavailable as error:
            self.watch.unavailable(error)
