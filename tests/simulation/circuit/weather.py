from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tests.simulation.circuit.storm import (
    DURATION_S,
    TRIGGER_BEGINS_S,
    TRIGGER_ENDS_S,
    Policy,
    Storm,
    dead,
)


@dataclass(frozen=True, slots=True)
class Weather:
    """The worst of several storms, for one policy; the curve is that of the first.

    Attributes:
        sent_during: Calls per request offered, during the trigger.
        sent_when_dead: The same, when every call fails to the end.
    """

    policy: Policy
    recovers_after_s: float | None
    sent_during: float
    sent_after: float
    sent_when_dead: float
    served_per_s: tuple[int, ...]


def weather(policy: Policy, seed_count: int) -> Weather:
    seeds = range(1, 1 + seed_count)
    storms = [Storm(policy, seed).run() for seed in seeds]
    deaths = [Storm(policy, seed, dead).run() for seed in seeds]
    recoveries_s = [storm.recovers_after_s() for storm in storms]
    in_time_s = [each for each in recoveries_s if each is not None]
    served = Counter(int(at_s) for at_s, is_served in storms[0].requests if is_served)
    return Weather(
        policy,
        max(in_time_s) if len(in_time_s) == len(storms) else None,
        max(each.sent_per_request(TRIGGER_BEGINS_S, TRIGGER_ENDS_S) for each in storms),
        max(each.sent_per_request(TRIGGER_ENDS_S, DURATION_S) for each in storms),
        max(each.sent_per_request(TRIGGER_BEGINS_S, DURATION_S) for each in deaths),
        tuple(served[second] for second in range(int(DURATION_S))),
    )
