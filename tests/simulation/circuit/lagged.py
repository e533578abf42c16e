from __future__ import annotations

import random
from collections import deque
from typing import Generic, TypeVar

from tests.simulation.circuit.timeline import Timeline

T = TypeVar("T")

LAG_S_MAX = 0.05


class Lagged(Generic[T]):
    """A stored value whose eventually consistent reads are up to 50 ms old."""

    def __init__(self, first: T, timeline: Timeline, rng: random.Random) -> None:
        self._timeline, self._rng = timeline, rng
        self._versions = deque([(float("-inf"), first)])

    @property
    def latest(self) -> T:
        return self._versions[-1][1]

    def write(self, value: T) -> None:
        now_s = self._timeline.now_s
        self._versions.append((now_s, value))
        while self._versions[1][0] < now_s - LAG_S_MAX:
            self._versions.popleft()

    def read(self) -> T:
        seen_until_s = self._timeline.now_s - self._rng.uniform(0, LAG_S_MAX)
        return next(value for at_s, value in reversed(self._versions) if at_s <= seen_until_s)
