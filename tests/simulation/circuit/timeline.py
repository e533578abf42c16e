from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.fakes.clock import NOON


class Timeline:
    """Virtual time: it jumps from one thing that happens to the next."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()

    def clock(self) -> datetime:
        return NOON + timedelta(seconds=self.now_s)

    def elapsed_s(self) -> float:
        return self.now_s

    def at(self, when_s: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when_s, next(self._number), do))

    def run(self) -> None:
        """Let everything happen, until nothing is left to."""
        while self._agenda:
            self.now_s, _, do = heapq.heappop(self._agenda)
            do()
