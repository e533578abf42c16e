"""Hours are compared round the clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.learning.hours import NEVER, share, told, usual

some_hours = st.binary(min_size=24, max_size=24)
an_hour = st.integers(0, 23)


def told_often(hour: int, times: int, hours: bytes = NEVER) -> bytes:
    for _ in range(times):
        hours = told(hours, hour, 1.0)
    return hours


@given(some_hours, an_hour, st.floats(0, 1))
def test_no_hour_ever_overflows(hours: bytes, hour: int, trust: float) -> None:
    assert len(told(hours, hour, trust)) == 24


@given(some_hours, an_hour)
def test_a_share_is_from_nothing_to_all(hours: bytes, hour: int) -> None:
    assert 0 <= share(hours, hour) <= 1


@given(some_hours.filter(any))
def test_the_most_usual_hour_has_the_whole_share(hours: bytes) -> None:
    assert share(hours, usual(hours)) == 1


def test_nobody_knows_what_is_unusual_before_the_first_payment() -> None:
    assert share(NEVER, 3) == 1


@pytest.mark.parametrize(
    ("hour", "expected"), [(23, 1), (22, 2 / 3), (0, 2 / 3), (1, 1 / 3), (2, 0)]
)
def test_an_hour_counts_for_those_beside_it(hour: int, expected: float) -> None:
    assert share(told_often(23, 5), hour) == pytest.approx(expected)


def test_what_is_not_trusted_leaves_nothing() -> None:
    assert told(NEVER, 5, 0.0) == NEVER


def test_what_was_once_usual_fades() -> None:
    moved = told_often(18, 200, told_often(6, 100))

    assert share(moved, 6) < 0.05
