"""A fleet's doubt about a dependency, and the evidence that settles it.

A healthy fleet writes nothing, so a failure says little: nobody knows how many
calls went well. Hence the first failure only opens a trial. From then on every
environment that has heard of it reports what becomes of its calls, good or
bad, until the evidence is clear. What somebody has seen before it knew of the
trial is no evidence: it was noticed *because* it failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import log

from evenkeel.resilience.limits import Limits

# Environments are told apart by a small number, so that the set of them stays small.
# Two that share one count as one, which can only delay a verdict.
SEAT_COUNT = 256


class Verdict(StrEnum):
    UNDECIDED = "undecided"
    OUTAGE = "outage"
    WELL = "well"


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one environment has seen since its last vote in a trial."""

    trial_id: str
    seat: int
    calls: int
    failures: int


@dataclass(frozen=True, slots=True)
class Trial:
    """Evidence, as counted so far.

    Attributes:
        voters: The seats that have reported calls.
        accusers: Those of them that have reported failures.
    """

    id: str
    opened_at: datetime
    calls: int = 0
    failures: int = 0
    voters: frozenset[int] = frozenset()
    accusers: frozenset[int] = frozenset()

    def with_vote(self, ballot: Ballot) -> Trial:
        assert ballot.trial_id == self.id
        assert 0 <= ballot.failures <= ballot.calls
        accusers = self.accusers | {ballot.seat} if ballot.failures else self.accusers
        return Trial(
            self.id,
            self.opened_at,
            self.calls + ballot.calls,
            self.failures + ballot.failures,
            self.voters | {ballot.seat},
            accusers,
        )

    def is_live(self, now: datetime, limits: Limits) -> bool:
        return now < self.opened_at + timedelta(seconds=limits.trial_s_max)

    def may_be_followed(self, now: datetime, limits: Limits) -> bool:
        """Whether a failure may open the next trial."""
        if self.verdict(now, limits) is Verdict.WELL:
            return now >= self.opened_at + timedelta(seconds=limits.trial_rest_s)
        return not self.is_live(now, limits)

    def verdict(self, now: datetime, limits: Limits, *, is_recovering: bool = False) -> Verdict:
        """Return what the evidence says; time counts where silence does."""
        chance = limits.false_relapse_chance if is_recovering else limits.false_trip_chance
        score = self._score(limits)
        if score >= log((1 - limits.missed_outage_chance) / chance):
            lasts = is_recovering or now >= self.opened_at + timedelta(seconds=limits.trial_s_min)
            is_proved = lasts and self._has_quorum(now, limits)
            return Verdict.OUTAGE if is_proved else Verdict.UNDECIDED
        if score <= log(limits.missed_outage_chance / (1 - chance)):
            return Verdict.WELL
        return Verdict.UNDECIDED

    def _score(self, limits: Limits) -> float:
        """Return the log of how much likelier an outage makes this evidence."""
        tolerated, outage = limits.tolerated_rate, limits.outage_rate
        successes = self.calls - self.failures
        # At a rate of 1 a single success is the end of the hypothesis; near it will do.
        surprise = log((1 - min(outage, 0.999)) / (1 - tolerated))
        return self.failures * log(outage / tolerated) + successes * surprise

    def _has_quorum(self, now: datetime, limits: Limits) -> bool:
        """Whether it is the dependency that fails, and not one caller of it.

        Few accusers are enough if nobody says otherwise, once everybody has had the time to.
        """
        if len(self.accusers) >= limits.quorum_count:
            return True
        return self.accusers == self.voters and now >= self.opened_at + limits.notice
