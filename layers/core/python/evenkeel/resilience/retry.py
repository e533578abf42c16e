"""Bounded retries with capped exponential backoff and full jitter."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from evenkeel.clock import Deadline
from evenkeel.errors import EvenkeelError, OutcomeUnknown

T = TypeVar("T")


def always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Retry:
    """How often, and for how long, to ask again for what failed without a verdict.

    Attributes:
        attempt_count_max: The first one included.
        total_s_max: No attempt begins later than this after the first one began.
        jitter: From 0 to 1: random.random, or a fixed value in tests.
        elapsed_s: A clock that never goes back, in seconds.
        attempt_s_max: How long one attempt can last: none begins so near to a deadline.
    """

    attempt_count_max: int
    total_s_max: float
    delay_s_base: float
    delay_s_max: float
    jitter: Callable[[], float]
    sleep: Callable[[float], None]
    elapsed_s: Callable[[], float]
    attempt_s_max: float = 0.0

    def __post_init__(self) -> None:
        assert self.attempt_count_max >= 1
        assert 0 < self.delay_s_base <= self.delay_s_max <= self.total_s_max

    def call(
        self,
        ask: Callable[[], T],
        *,
        deadline: Deadline | None = None,
        may_retry: Callable[[], bool] = always,
        refusal_decides: bool = True,
    ) -> T:
        """Return the first answer; raise what asking again cannot heal, or the last error.

        An unknown outcome is not forgotten: once there was one, "nothing was applied"
        is true of the last attempt only, and the error is still the unknown outcome.

        Args:
            ask: One attempt. An error of it may say when to come again: it is obeyed.
            deadline: When the caller must have the answer.
            may_retry: Asked before each retry: whether there is budget for it.
            refusal_decides: Whether a refusal makes sure that an earlier attempt, of unknown
                outcome, is not applied after all. If not, the outcome stays unknown, and the
                attempt that was lost speaks against the service.
        """
        give_up_at_s = self._give_up_at_s(deadline)
        unknown: OutcomeUnknown | None = None
        for retry_count in itertools.count():
            try:
                return ask()
            except EvenkeelError as error:
                if not error.retryable:
                    if unknown is None or refusal_decides:
                        raise
                    raise unknown from unknown.__cause__
                if isinstance(error, OutcomeUnknown):
                    unknown = error
                delay_s = max(self._delay_s(retry_count), error.retry_after_s or 0.0)
                is_in_time = self.elapsed_s() + delay_s <= give_up_at_s
                is_last = retry_count + 1 >= self.attempt_count_max
                if is_last or not is_in_time or not may_retry():
                    if unknown is None or unknown is error:
                        raise
                    raise unknown from unknown.__cause__
            self.sleep(delay_s)
        raise AssertionError("the loop ends by its limits")

    def _give_up_at_s(self, deadline: Deadline | None) -> float:
        """Return the time after which no attempt begins."""
        now_s = self.elapsed_s()
        total_s = self.total_s_max
        if deadline is not None:
            total_s = min(total_s, deadline.remaining_s - self.attempt_s_max)
        return now_s + total_s

    def _delay_s(self, retry_count: int) -> float:
        return self.jitter() * min(self.delay_s_max, self.delay_s_base * 2.0**retry_count)
