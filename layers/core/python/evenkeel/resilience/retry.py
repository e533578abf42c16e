"""Bounded retries with capped exponential backoff and full jitter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from evenkeel.errors import EvenkeelError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Retry:
    """How often, and for how long, to ask again for what failed without a verdict.

    Attributes:
        attempt_count_max: The first one included.
        total_s_max: No attempt begins later than this after the first one began.
        jitter: From 0 to 1: random.random, or a fixed value in tests.
        elapsed_s: A clock that never goes back, in seconds.
    """

    attempt_count_max: int
    total_s_max: float
    delay_s_base: float
    delay_s_max: float
    jitter: Callable[[], float]
    sleep: Callable[[float], None]
    elapsed_s: Callable[[], float]

    def __post_init__(self) -> None:
        assert self.attempt_count_max >= 1
        assert 0 < self.delay_s_base <= self.delay_s_max <= self.total_s_max

    def call(self, ask: Callable[[], T]) -> T:
        """Return the first answer; raise what asking again cannot heal, or the last error."""
        give_up_at = self.elapsed_s() + self.total_s_max
        for retry_count in range(self.attempt_count_max - 1):
            try:
                return ask()
            except EvenkeelError as error:
                delay_s = self._delay_s(retry_count)
                if not error.retryable or self.elapsed_s() + delay_s > give_up_at:
                    raise
            self.sleep(delay_s)
        return ask()

    def _delay_s(self, retry_count: int) -> float:
        return self.jitter() * min(self.delay_s_max, self.delay_s_base * 2.0**retry_count)
