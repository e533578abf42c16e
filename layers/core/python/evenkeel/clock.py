"""Time comes in as an argument, so that tests and simulations own it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")

Clock = Callable[[], datetime]


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
