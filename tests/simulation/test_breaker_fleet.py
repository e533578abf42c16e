"""Our breaker beside that of Powertools for AWS, in a simulated fleet: a model, not AWS.

`python -m tests.bench.breaker` shows the same at length.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest

from evenkeel.resilience.limits import Limits
from tests.simulation.circuit.calm import (
    Calm,
    expected_by_arithmetic,
    false_trip_chance,
    stay_calm,
)
from tests.simulation.circuit.fleet import Build
from tests.simulation.circuit.ours import evenkeel
from tests.simulation.circuit.outcome import Outcome, play, typical
from tests.simulation.circuit.powertools import powertools
from tests.simulation.circuit.scenario import Scenario
from tests.simulation.circuit.scenarios import (
    BAD_ENVIRONMENT,
    BAD_SHARD,
    BAD_SHARD_APART,
    BLIP,
    COLD,
    COLD_SMALL,
    FLAPPING,
    HALF,
    HANGING,
    HARD,
    HARD_SMALL,
    SLOW,
    TENTH,
)

SEED = 1
NEVER = float("inf")
BREAKERS: Mapping[str, Build] = {
    "ours": evenkeel(),
    "theirs": powertools(),
    "theirs 5 s": powertools(5),
}


@cache
def outcome(scenario: Scenario, rate_per_s: int, breaker: str) -> Outcome:
    return play(replace(scenario, tail_s=20), rate_per_s, SEED, BREAKERS[breaker])


@cache
def calm(breaker: str, failure_rate: float) -> Calm:
    build = BREAKERS[breaker]
    return stay_calm(build, failure_rate=failure_rate, rate_per_s=100, duration_s=400, seed=SEED)


def or_never(time_s: float | None) -> float:
    return NEVER if time_s is None else time_s


@pytest.mark.parametrize("theirs", ["theirs", "theirs 5 s"])
@pytest.mark.parametrize(
    ("scenario", "rate_per_s"),
    [
        (HARD, 1),
        (HARD, 20),
        (HARD, 100),
        (COLD, 1),
        (COLD, 20),
        (HALF, 1),
        (HALF, 20),
        (HALF, 100),
        (BAD_SHARD_APART, 20),
        (SLOW, 20),
        (HANGING, 20),
        (FLAPPING, 20),
    ],
    ids=lambda value: getattr(value, "slug", value),
)
def test_an_outage_opens_the_circuit_sooner_and_costs_fewer_calls(
    scenario: Scenario, rate_per_s: int, theirs: str
) -> None:
    our, their = (outcome(scenario, rate_per_s, each) for each in ("ours", theirs))

    assert or_never(our.opens_after_s) < or_never(their.opens_after_s)
    assert our.faulty_count < their.faulty_count


@pytest.mark.parametrize("scenario", [HARD_SMALL, COLD_SMALL], ids=lambda each: each.slug)
def test_a_small_fleet_sends_no_more_than_one_that_probes_as_often(scenario: Scenario) -> None:
    our, their = (outcome(scenario, 4, each) for each in ("ours", "theirs 5 s"))

    assert or_never(our.opens_after_s) <= or_never(their.opens_after_s)
    assert our.faulty_count <= their.faulty_count


@pytest.mark.parametrize("rate_per_s", [1, 20, 100])
@pytest.mark.parametrize("scenario", [HARD, COLD, HALF, SLOW, HANGING], ids=lambda each: each.slug)
def test_one_probe_of_the_whole_fleet_is_under_way_at_once(
    scenario: Scenario, rate_per_s: int
) -> None:
    our = outcome(scenario, rate_per_s, "ours")

    assert (our.half_open_count, our.half_open_at_once) == (1, 1)


@pytest.mark.parametrize("rate_per_s", [1, 20, 100])
def test_after_an_outage_service_is_full_within_a_cool_down_and_the_ramp(rate_per_s: int) -> None:
    our = outcome(HARD, rate_per_s, "ours")

    assert or_never(our.full_service_after_s) < 15


def test_a_busy_fleet_is_back_in_full_service_sooner_unless_theirs_is_lucky() -> None:
    our, their, their_5 = (
        typical([play(replace(HARD, tail_s=20), 20, seed, build) for seed in range(1, 8)])
        for build in BREAKERS.values()
    )

    assert or_never(our.full_service_after_s) < or_never(their.full_service_after_s)
    assert or_never(our.full_service_after_s) < or_never(their_5.full_service_after_s)


@pytest.mark.parametrize("rate_per_s", [20, 100])
@pytest.mark.parametrize(
    "scenario", [TENTH, BAD_ENVIRONMENT, BAD_SHARD], ids=lambda each: each.slug
)
def test_no_healthy_request_is_refused_for_the_failures_of_a_few(
    scenario: Scenario, rate_per_s: int
) -> None:
    our = outcome(scenario, rate_per_s, "ours")

    assert our.opens_after_s is None
    assert our.healthy_refused == 0


@pytest.mark.parametrize("seed", range(1, 4))
def test_a_blip_opens_nothing_though_much_traffic_meets_it(seed: int) -> None:
    our = play(BLIP, 500, seed, BREAKERS["ours"])

    assert our.faulty_count > 100
    assert our.opening_count == 0


def test_one_bad_environment_closes_down_a_fleet_of_theirs() -> None:
    their = outcome(BAD_ENVIRONMENT, 100, "theirs")

    assert their.healthy_refused > 0.25


def test_a_bad_shard_with_a_circuit_of_its_own_is_shut_off_and_no_other() -> None:
    our = outcome(BAD_SHARD_APART, 20, "ours")

    assert our.opening_count == 1
    assert our.healthy_refused == 0


def test_slow_answers_do_not_use_up_the_fleet() -> None:
    our, their = (outcome(SLOW, 100, each) for each in ("ours", "theirs"))

    assert their.opens_after_s is None
    assert our.turned_away_count < their.turned_away_count / 2


def test_a_flapping_dependency_is_refused_less_than_by_theirs() -> None:
    our, their, their_5 = (outcome(FLAPPING, 20, each) for each in BREAKERS)

    assert our.healthy_refused < min(their.healthy_refused, their_5.healthy_refused)


@pytest.mark.parametrize("breaker", ["ours", "theirs"])
def test_a_healthy_fleet_writes_nothing(breaker: str) -> None:
    assert calm(breaker, 0).write_count == 0


def test_a_healthy_fleet_reads_hardly_more_than_theirs() -> None:
    assert calm("ours", 0).read_count < 1.05 * calm("theirs", 0).read_count


@pytest.mark.parametrize("failure_rate", [0.01, 0.1])
def test_a_background_of_failures_opens_nothing(failure_rate: float) -> None:
    our = calm("ours", failure_rate)

    assert our.opening_count == 0
    assert our.trial_count > 100
    # By Wald's bound, since what is simulated is short.
    assert our.per_day(our.trial_count) * false_trip_chance(failure_rate, Limits()) < 0.05


def test_a_tenth_of_failures_opens_theirs_many_times_a_day() -> None:
    assert expected_by_arithmetic(0.1) * 100 * 86_400 > 50
