from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from evenkeel.webhooks.backoff import ATTEMPT_COUNT_MAX, WINDOW, next_attempt_at
from tests.fakes.clock import NOON


def schedule(draw: float) -> list[datetime]:
    """The times of all attempts, of which each fails at once."""
    at: datetime | None = NOON
    times: list[datetime] = []
    while at is not None:
        times.append(at)
        at = next_attempt_at(at, since=NOON, attempt_count=len(times), draw=draw)
    return times


def delays_s(times: list[datetime]) -> list[float]:
    return [(later - earlier).total_seconds() for earlier, later in pairwise(times)]


def test_attempts_are_ever_further_apart_up_to_five_hours() -> None:
    quarter_minutes = [2**power for power in range(11)]

    assert delays_s(schedule(0.0)) == [15 * each for each in quarter_minutes] + [18_000] * 3


@pytest.mark.parametrize("draw", [0.0, 0.3, 0.999])
def test_fifteen_attempts_are_made_and_they_fill_most_of_a_day(draw: float) -> None:
    times = schedule(draw)

    assert len(times) == ATTEMPT_COUNT_MAX == 15
    assert timedelta(hours=18) < times[-1] - NOON <= WINDOW


def test_what_failed_together_comes_back_spread_over_a_fifth_of_the_delay() -> None:
    earliest, latest = schedule(1.0), schedule(0.0)

    assert delays_s(earliest) == pytest.approx([0.8 * each for each in delays_s(latest)])


def wait_s(retry_after_s: float, attempt_count: int = 1) -> float:
    at = next_attempt_at(
        NOON, since=NOON, attempt_count=attempt_count, draw=0.0, retry_after_s=retry_after_s
    )
    assert at is not None
    return (at - NOON).total_seconds()


def test_patience_that_is_asked_for_is_granted_up_to_an_hour() -> None:
    assert wait_s(120) == 120
    assert wait_s(10**9) == 3600


def test_haste_that_is_asked_for_is_not() -> None:
    assert wait_s(0) == 15
    assert wait_s(60, attempt_count=5) == 240


def test_nothing_is_tried_after_a_day() -> None:
    nearly, over = NOON + WINDOW - timedelta(seconds=15), NOON + WINDOW - timedelta(seconds=14)

    assert next_attempt_at(nearly, since=NOON, attempt_count=1, draw=0.0) == NOON + WINDOW
    assert next_attempt_at(over, since=NOON, attempt_count=1, draw=0.0) is None
