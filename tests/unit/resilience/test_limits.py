from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from math import inf, nan, nextafter

import pytest

from evenkeel.resilience.limits import RANGES, Limits, OutOfRange

# Leaves the rates and the ages so much room that any one limit may go to the ends of its range.
ROOMY: dict[str, float] = {
    "tolerated_rate": 0.01,
    "trial_s_max": 300,
    "cache_s_max": 60,
    "cache_alert_s_max": 0.1,
    "cool_down_s": 600,
}


def roomy_but_for(name: str, value: float) -> dict[str, float]:
    # A short trial, or a short cool-down, has room for a fresh view only.
    has_no_room = name in ("trial_s_max", "cool_down_s")
    return ROOMY | ({"cache_s_max": 0.1} if has_no_room else {}) | {name: value}


def just_outside(name: str) -> tuple[float, float]:
    least, most = RANGES[name]
    if name == "quorum_count":
        return least - 1, most + 1
    return nextafter(least, -inf), nextafter(most, inf)


def test_every_limit_has_a_range_and_a_default_in_it() -> None:
    assert {each.name for each in fields(Limits)} == RANGES.keys()
    assert Limits.from_mapping({}) == Limits()


@pytest.mark.parametrize("name", RANGES)
def test_a_limit_may_be_at_the_ends_of_its_range(name: str) -> None:
    for value in RANGES[name]:
        limits = Limits.from_mapping(roomy_but_for(name, value))

        assert getattr(limits, name) == value


@pytest.mark.parametrize("name", RANGES)
def test_a_limit_may_not_be_outside_of_its_range(name: str) -> None:
    for value in (*just_outside(name), inf, -inf, nan):
        with pytest.raises(OutOfRange, match=f"{name} is {value}, and must be from"):
            Limits.from_mapping(roomy_but_for(name, value))


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("value", [True, False, "1", None, Decimal(1), [1]], ids=repr)
def test_what_is_not_a_number_is_no_limit(name: str, value: object) -> None:
    with pytest.raises(OutOfRange, match=f"{name} is not a number"):
        Limits.from_mapping({name: value})  # type: ignore[dict-item]


def test_a_trial_outlasts_the_time_in_which_everybody_hears_of_it() -> None:
    with pytest.raises(OutOfRange, match="trial_s_max"):
        Limits(trial_s_max=6.0)

    assert Limits(trial_s_max=6.1).notice.total_seconds() == 6.0


def test_environments_are_counted_in_whole_numbers() -> None:
    assert Limits.from_mapping({"quorum_count": 4}).quorum_count == 4

    with pytest.raises(OutOfRange, match=r"quorum_count is 4\.0, and must be a whole number"):
        Limits.from_mapping({"quorum_count": 4.0})


def test_durations_and_rates_may_be_whole_numbers() -> None:
    assert Limits.from_mapping({"cool_down_s": 7, "outage_rate": 1}).cool_down_s == 7


def test_what_is_given_takes_the_place_of_its_default_only() -> None:
    assert Limits.from_mapping({"cool_down_s": 9.5}) == Limits(cool_down_s=9.5)


def test_unknown_names_are_refused_and_all_of_them_told() -> None:
    with pytest.raises(OutOfRange, match=r"no such limit: colour, cool_down$"):
        Limits.from_mapping({"cool_down": 9, "colour": 1, "cool_down_s": 9})


@pytest.mark.parametrize(("tolerated", "outage"), [(0.2, 0.2), (0.3, 0.2)])
def test_an_outage_is_more_than_what_is_tolerated(tolerated: float, outage: float) -> None:
    with pytest.raises(OutOfRange, match="tolerated_rate must be below outage_rate"):
        Limits(tolerated_rate=tolerated, outage_rate=outage)


def test_a_circuit_in_alert_is_read_no_less_often_than_a_quiet_one() -> None:
    assert Limits(cache_s_max=2, cache_alert_s_max=2).cache_alert_s_max == 2

    with pytest.raises(OutOfRange, match="cache_alert_s_max must not be above cache_s_max"):
        Limits(cache_s_max=2, cache_alert_s_max=2.1)


def test_everybody_has_noticed_once_every_view_is_new_and_every_vote_is_cast() -> None:
    assert Limits(cache_s_max=4, vote_interval_s=1.5).notice == timedelta(seconds=5.5)


def test_an_open_circuit_is_not_probed_before_everybody_has_heard_of_it() -> None:
    with pytest.raises(OutOfRange, match="cool_down_s must not be below cache_s_max"):
        Limits(cool_down_s=4.9, cache_s_max=5.0)
