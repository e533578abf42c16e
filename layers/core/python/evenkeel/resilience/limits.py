"""The numbers by which a circuit breaker decides, each with its range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import NamedTuple


class Range(NamedTuple):
    least: float
    most: float


# Wide enough for every dependency that we can think of, and too narrow for a slip of the keys.
RANGES: Mapping[str, Range] = {
    "tolerated_rate": Range(0.001, 0.4),
    "outage_rate": Range(0.05, 1.0),
    "false_trip_chance": Range(1e-12, 1e-2),
    "false_relapse_chance": Range(1e-12, 1e-1),
    "missed_outage_chance": Range(1e-6, 0.5),
    "quorum_count": Range(1, 50),
    "slow_call_s": Range(0.05, 25),
    "trial_s_min": Range(0, 10),
    "trial_s_max": Range(5, 300),
    "trial_rest_s": Range(0, 60),
    "vote_interval_s": Range(0, 10),
    "cache_s_max": Range(0.1, 60),
    "cache_alert_s_max": Range(0.1, 10),
    "cool_down_s": Range(1, 600),
    "probe_s_max": Range(10, 60),
    "ramp_step_s": Range(0.1, 60),
    "retry_ratio": Range(0, 1),
}


class OutOfRange(ValueError):
    """A limit has a value with which no breaker can work."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much failure is an outage, and how soon to believe it.

    The evidence is weighed as in Wald's sequential test: it stops as soon as one of
    two hypotheses, *tolerated* and *outage*, is unlikely enough.

    Attributes:
        tolerated_rate: A share of failures that a breaker must live with.
        outage_rate: A share of failures at which it must open.
        false_trip_chance: That one trial opens it although the rate is only tolerated.
        false_relapse_chance: The same while it recovers, when failures are no surprise.
        missed_outage_chance: That one trial ends without opening it in an outage.
        quorum_count: So many environments must have seen failures, unless there are fewer.
        slow_call_s: An answer that took longer is a failure of the dependency.
        trial_s_min: What lasts no longer than this is no outage, however many calls it met.
        trial_s_max: Older evidence is forgotten.
        trial_rest_s: No new trial begins sooner after the start of one that ended well.
        vote_interval_s: One environment writes at most one vote in this time.
        cache_s_max: How old an environment's view of a quiet circuit may be.
        cache_alert_s_max: The same while the circuit is open or recovers.
        cool_down_s: How long an open circuit asks nothing of the dependency.
        probe_s_max: The lease of a probe; longer than any call lasts.
        ramp_step_s: How long each step of the recovery lasts.
        retry_ratio: Retries per successful call of the fleet while it has doubts.
    """

    tolerated_rate: float = 0.1
    outage_rate: float = 0.5
    false_trip_chance: float = 1e-6
    false_relapse_chance: float = 1e-3
    missed_outage_chance: float = 0.05
    quorum_count: int = 3
    slow_call_s: float = 3.0
    trial_s_min: float = 0.35
    trial_s_max: float = 30.0
    trial_rest_s: float = 2.0
    vote_interval_s: float = 1.0
    cache_s_max: float = 5.0
    cache_alert_s_max: float = 1.0
    cool_down_s: float = 5.0
    probe_s_max: float = 10.0
    ramp_step_s: float = 1.0
    retry_ratio: float = 0.2

    def __post_init__(self) -> None:
        for each in fields(self):
            _check(each.name, getattr(self, each.name))
        if self.tolerated_rate >= self.outage_rate:
            raise OutOfRange("tolerated_rate must be below outage_rate")
        if self.cache_alert_s_max > self.cache_s_max:
            raise OutOfRange("cache_alert_s_max must not be above cache_s_max")
        if self.cool_down_s < self.cache_s_max:
            # Who has not heard yet that the circuit is open would be asking beside the probe.
            raise OutOfRange("cool_down_s must not be below cache_s_max")
        if timedelta(seconds=self.trial_s_max) <= self.notice:
            raise OutOfRange("trial_s_max must be above cache_s_max and vote_interval_s together")

    @classmethod
    def from_mapping(cls, given: Mapping[str, float]) -> Limits:
        """Return the defaults with what is *given* in their place.

        Raises:
            OutOfRange: A name is unknown, or a value is not in its range.
        """
        unknown = sorted(given.keys() - RANGES.keys())
        if unknown:
            raise OutOfRange(f"no such limit: {', '.join(unknown)}")
        return cls(**given)  # type: ignore[arg-type]  # A whole number is checked for below.

    @property
    def notice(self) -> timedelta:
        """After this time every environment that has calls has heard of a trial."""
        return timedelta(seconds=self.cache_s_max + self.vote_interval_s)


def _check(name: str, value: object) -> None:
    least, most = RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OutOfRange(f"{name} is not a number")
    if not least <= value <= most:
        raise OutOfRange(f"{name} is {value}, and must be from {least} to {most}")
    if name == "quorum_count" and not isinstance(value, int):
        raise OutOfRange(f"{name} is {value}, and must be a whole number")
