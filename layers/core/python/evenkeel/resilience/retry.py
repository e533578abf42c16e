"""Bounded retries with capped exponential backoff and full jitter."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from evenkeel.errors import EvenkeelError, OutcomeUnknown

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
        """Return the first answer; raise what asking again cannot heal, or the last error.

        An unknown outcome is not forgotten: once there was one, "nothing was applied"
        is true of the last attempt only, and the error is still the unknown outcome.
        """
        give_up_at = self.elapsed_s() + self.total_s_max
        unknown: OutcomeUnknown | None = None
        for retry_count in itertools.count():
            try:
                return ask()
            except EvenkeelError as error:
                if not error.retryable:
                    raise
                if isinstance(error, OutcomeUnknown):
                    unknown = error
                delay_s = self._delay_s(retry_count)
                if self._is_over(retry_count, self.elapsed_s() + delay_s - give_up_at):
                    if unknown is None or unknown is error:
                        raise
                    raise unknown from unknown.__cause__
            self.sleep(delay_s)
        raise AssertionError("the loop ends by its limits")

    def _is_over(self, retry_count: int, overtime_s: float) -> bool:
        return retry_count + 1 >= self.attempt_count_max or overtime_s > 0

    def _delay_s(self, retry_count: int) -> float:
        return self.jitter() * min(self.delay_s_max, self.delay_s_base * 2.0**retry_count)
