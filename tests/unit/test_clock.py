from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clock import from_rfc3339, to_rfc3339, utc_now

ZONES = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=ZONES)  # noqa: DTZ001


def test_a_time_is_written_in_utc_with_six_decimals() -> None:
    noon_in_paris = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=1)))

    assert to_rfc3339(noon_in_paris) == "2026-01-01T11:00:00.000000Z"


@given(MOMENTS)
def test_what_is_written_reads_back_as_the_same_moment(moment: datetime) -> None:
    read = from_rfc3339(to_rfc3339(moment))

    assert read == moment
    assert read.tzinfo is UTC


@given(MOMENTS, MOMENTS)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    assert (to_rfc3339(one) < to_rfc3339(other)) == (one < other)


def test_a_time_of_no_zone_is_not_written() -> None:
    with pytest.raises(AssertionError):
        to_rfc3339(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-01",
        "2026-01-01T12:00:00Z",
        "2026-01-01T12:00:00.000000",
        "2026-01-01T12:00:00.000000+00:00",
        "2026-02-30T12:00:00.000000Z",
        "2026-01-01T12:00:00.000000Z ",
    ],
)
def test_nothing_else_reads_as_a_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"six decimals|day"):
        from_rfc3339(text)


def test_now_is_in_utc() -> None:
    assert utc_now().tzinfo is UTC
