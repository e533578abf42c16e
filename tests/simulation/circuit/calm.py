"""A dependency that is well but for a background of failures: what a breaker makes of that."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import Self

from evenkeel.resilience.limits import Limits
from tests.simulation.circuit.fleet import Build, Fleet
from tests.simulation.circuit.ours import Evenkeel
from tests.simulation.circuit.outcome import opening_count
from tests.simulation.circuit.powertools import borrowed
from tests.simulation.circuit.scenario import Fault, Scenario

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Calm:
    """What has happened in so many requests.

    Attributes:
        trial_count: How often our breaker had doubts.
    """

    duration_s: float = 0.0
    request_count: int = 0
    opening_count: int = 0
    read_count: int = 0
    write_count: int = 0
    trial_count: int = 0

    def __add__(self, other: Self) -> Calm:
        return Calm(
            self.duration_s + other.duration_s,
            self.request_count + other.request_count,
            self.opening_count + other.opening_count,
            self.read_count + other.read_count,
            self.write_count + other.write_count,
            self.trial_count + other.trial_count,
        )

    def per_day(self, count: int) -> float:
        return count / self.duration_s * DAY_S

    def per_million(self, count: int) -> float:
        return count / self.request_count * 1e6


def stay_calm(
    build: Build, *, failure_rate: float, rate_per_s: float, duration_s: float, seed: int
) -> Calm:
    """Let the fleet work; calls take no time, for these are many."""
    fault = Fault(0.0, duration_s, rate=failure_rate, duration_s=0.0)
    scenario = Scenario("calm", "calm", (fault,), tail_s=0.0)
    with borrowed():
        fleet = Fleet(scenario, rate_per_s, seed, build)
        journal = fleet.run()
    breaker = fleet.contestant
    return Calm(
        duration_s,
        len(journal.sent) + len(journal.refused),
        opening_count(journal),
        breaker.read_count,
        breaker.write_count,
        breaker.store.trial_count if isinstance(breaker, Evenkeel) else 0,
    )


def expected_by_arithmetic(failure_rate: float, streak: int = 5) -> float:
    """Return how often, per call, that many failures in a row open a circuit."""
    return failure_rate**streak * (1 - failure_rate) / (1 - failure_rate**streak)


def false_trip_chance(failure_rate: float, limits: Limits) -> float:
    """Return a bound, after Wald, for one trial at this rate of failures."""
    up = log(limits.outage_rate / limits.tolerated_rate)
    down = log((1 - limits.outage_rate) / (1 - limits.tolerated_rate))
    least, most = 0.01, 100.0
    for _ in range(100):
        middle = (least + most) / 2
        is_above = failure_rate * exp(middle * up) + (1 - failure_rate) * exp(middle * down) > 1
        least, most = (least, middle) if is_above else (middle, most)
    threshold = log((1 - limits.missed_outage_chance) / limits.false_trip_chance)
    return exp(-least * threshold)
