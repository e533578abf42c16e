"""At what hours of the day somebody pays, round the clock: 23:00 is next to 0:00."""

from __future__ import annotations

HOUR_COUNT = 24
NEVER = bytes(HOUR_COUNT)

# Whole numbers, so that they are the same whether they are kept or read back. What is full is
# halved together with all others: so it fades.
STEP = 8
MOST = 255
# An hour counts for those beside it too.
NEAR = ((-2, 1), (-1, 2), (0, 3), (1, 2), (2, 1))


def told(hours: bytes, hour: int, trust: float) -> bytes:
    """Return the hours with one payment more in them, of which so much is a habit."""
    step = round(STEP * trust)
    if hours[hour] + step > MOST:
        hours = bytes(each // 2 for each in hours)
    changed = bytearray(hours)
    changed[hour] += step
    return bytes(changed)


def share(hours: bytes, hour: int) -> float:
    """Return how usual an hour is beside the most usual one, from 0 to 1; 1 if nobody knows."""
    round_the_clock = hours[-2:] + hours + hours[:2]
    most = max(map(sum, zip(*(_shifted(round_the_clock, *each) for each in NEAR), strict=True)))
    return _smooth(hours, hour) / most if most else 1.0


def usual(hours: bytes) -> int:
    """Return the most usual one."""
    return max(range(HOUR_COUNT), key=lambda hour: _smooth(hours, hour))


def _smooth(hours: bytes, hour: int) -> int:
    return sum(weight * hours[(hour + step) % HOUR_COUNT] for step, weight in NEAR)


def _shifted(round_the_clock: bytes, step: int, weight: int) -> list[int]:
    return [weight * each for each in round_the_clock[2 + step : 2 + step + HOUR_COUNT]]
