"""Time comes in as an argument, so that tests and simulations own it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Deadline:
    """When somebody stops waiting, on a clock that never goes back."""

    at_s: float
    elapsed_s: Callable[[], float]

    @classmethod
    def after(cls, duration_s: float, elapsed_s: Callable[[], float] = time.monotonic) -> Deadline:
        return cls(elapsed_s() + duration_s, elapsed_s)

    @property
    def remaining_s(self) -> float:
        return self.at_s - self.elapsed_s()


def utc_now() -> datetime:
    return datetime.now(UTC)


def to_rfc3339(moment: datetime) -> str:
    """Write a UTC time with six decimals, so that text order is time order."""
    assert moment.utcoffset() is not None
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_rfc3339(text: str) -> datetime:
    """Read what `to_rfc3339` wrote.

    Raises:
        ValueError: The text is not such a time.
    """
    if not WRITTEN.fullmatch(text):
        message = f"{text!r} is not a time with six decimals, in UTC"
        raise ValueError(message)
    return datetime.fromisoformat(text)
