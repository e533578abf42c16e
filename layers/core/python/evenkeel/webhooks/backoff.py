"""When a delivery that failed is tried again: soon at first, then ever later, for a day."""

from __future__ import annotations

from datetime import datetime, timedelta

ATTEMPT_COUNT_MAX = 15  # The first one included.
WINDOW = timedelta(hours=24)

DELAY_S_BASE = 15.0
DELAY_S_MAX = 5 * 3600.0
JITTER_SHARE = 0.2  # What failed together comes back spread over this share of the delay.

# A receiver may ask for patience, not for so much that its own deliveries run out.
RETRY_AFTER_S_MAX = 3600.0


def next_attempt_at(
    now: datetime,
    *,
    since: datetime,
    attempt_count: int,
    draw: float,
    retry_after_s: float | None = None,
) -> datetime | None:
    """Return when to try again, or None when that is over.

    Args:
        now: When the latest attempt ended.
        since: When the deliveries' time began to run.
        attempt_count: How many attempts were made since then.
        draw: From 0 to 1, random.
        retry_after_s: What the receiver has asked for.
    """
    assert attempt_count >= 1
    if attempt_count >= ATTEMPT_COUNT_MAX:
        return None
    delay_s = min(DELAY_S_MAX, DELAY_S_BASE * 2.0 ** (attempt_count - 1))
    delay_s *= 1 - JITTER_SHARE * draw
    if retry_after_s is not None:
        delay_s = max(delay_s, min(retry_after_s, RETRY_AFTER_S_MAX))
    at = now + timedelta(seconds=delay_s)
    return at if at <= since + WINDOW else None
