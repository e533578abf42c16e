"""How much an outage may be multiplied by retries: hardly at all.

Two limits stand behind each other. The fleet's own evidence, which rides on
the circuit, says how many of its calls succeed: of a thousand cold
environments each learns it with its first read. And each environment has a
few tokens, earned by its own successes, for the time before there is evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

TOKEN_COUNT_MAX = 5.0
TOKENS_AT_START = 1.0


@dataclass(slots=True)
class RetryBudget:
    """The budget of one environment.

    Attributes:
        share: The chance, from 0 to 1, that the fleet can afford a retry now.
        draw: From 0 to 1, random.
        earned: Tokens for one success.
    """

    share: Callable[[], float]
    draw: Callable[[], float]
    earned: float
    _tokens: float = field(default=TOKENS_AT_START, init=False)

    def earn(self) -> None:
        self._tokens = min(TOKEN_COUNT_MAX, self._tokens + self.earned)

    def spend(self) -> bool:
        """Take what one retry costs, and tell whether it was there."""
        if self._tokens < 1 or self.draw() >= self.share():
            return False
        self._tokens -= 1
        return True
