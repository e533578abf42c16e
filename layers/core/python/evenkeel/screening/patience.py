"""Staying away from what has just failed, so that not every request waits for it in vain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from evenkeel.errors import WindowsUnavailable

Answer = TypeVar("Answer")

AWAY_S = 2.0


@dataclass(slots=True)
class Patience:
    """Lets one call in a while find out whether there is an answer again.

    Attributes:
        elapsed_s: A clock that never goes back.
    """

    elapsed_s: Callable[[], float]
    _back_at_s: float = field(default=float("-inf"))

    def call(self, ask: Callable[[], Answer]) -> Answer:
        """Ask, unless the last answer was a failure of a moment ago.

        Raises:
            WindowsUnavailable: There was no answer, or nobody has asked.
        """
        if self.elapsed_s() < self._back_at_s:
            raise WindowsUnavailable("it has just failed, and was not asked")
        try:
            return ask()
        except WindowsUnavailable:
            self._back_at_s = self.elapsed_s() + AWAY_S
            raise
