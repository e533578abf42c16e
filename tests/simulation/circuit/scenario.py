from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

HEALTHY_S = 0.02

GOLDEN = 0.618034  # Its multiples are spread evenly.


class Answer(NamedTuple):
    duration_s: float
    is_well: bool
    is_faulty: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """From when to when which calls go wrong, and how.

    Attributes:
        rate: The share of the calls that meet it.
        environment: The only one that it meets, if any.
        shard: The same.
    """

    begins_s: float
    ends_s: float
    rate: float = 1.0
    duration_s: float = 0.02
    is_well: bool = False  # A slow answer may be a good one.
    environment: int | None = None
    shard: int | None = None

    def meets(self, at_s: float, environment: int, shard: int, draw: float) -> bool:
        return (
            self.begins_s <= at_s < self.ends_s
            and draw < self.rate
            and self.environment in (None, environment)
            and self.shard in (None, shard)
        )


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fleet, its traffic, and what becomes of the dependency.

    Attributes:
        tail_s: How long it goes on after the last fault.
        circuit_per_shard: Whether the callers know of the shards.
        must_open: Whether it is right to open the circuit; None if that can be disputed.
        longer_s_max: How much longer the last fault may last; the longest cool-down by default.
    """

    slug: str
    title: str
    faults: tuple[Fault, ...]
    tail_s: float = 45.0
    rates_per_s: tuple[int, ...] = (1, 20, 500)
    environment_count: int = 200
    shard_count: int = 1
    circuit_per_shard: bool = False
    must_open: bool | None = True
    longer_s_max: float = 30.0

    def of_seed(self, seed: int) -> Scenario:
        """Return it with a last fault that ends later, by another time for every seed.

        When it ends a probe may just be due, or just have failed.
        """
        *others, last = self.faults
        last = replace(last, ends_s=last.ends_s + self.longer_s_max * (seed * GOLDEN % 1))
        return replace(self, faults=(*others, last))

    @property
    def begins_s(self) -> float:
        return self.faults[0].begins_s

    @property
    def ends_s(self) -> float:
        return self.faults[-1].ends_s

    def duration_s(self, rate_per_s: float) -> float:
        """Return how long it lasts: where little happens, it needs longer."""
        return self.ends_s + self.tail_s * (4 if rate_per_s < 100 else 1)

    def answer(self, at_s: float, environment: int, shard: int, draw: float) -> Answer:
        for fault in self.faults:
            if fault.meets(at_s, environment, shard, draw):
                return Answer(fault.duration_s, fault.is_well, is_faulty=True)
        return Answer(HEALTHY_S, is_well=True, is_faulty=False)
