"""A breaker while all is well, what opens its circuit, and what is known before a call."""

from datetime import timedelta
from random import Random

import pytest

from evenkeel.errors import (
    Declined,
    ObjectNotFound,
    TransferContended,
    TransferUnconfirmed,
    VersionConflict,
    WalletContended,
)
from evenkeel.resilience.breaker import Environment
from evenkeel.resilience.circuit import RAMP, CircuitState, Signal
from evenkeel.resilience.limits import Limits
from tests.fakes.clock import NOON, ManualClock
from tests.unit.resilience.fleet import DECLINED, LIMITS, Fleet, at_rate, dies, fails, works


def test_a_healthy_call_costs_one_read_per_cache_time_and_no_write() -> None:
    fleet = Fleet(1)
    fleet.run(10.0, works, every_s=0.01)

    assert fleet.asked_count == 1000
    assert (fleet.store.read_count, fleet.store.write_count) == (2, 0)


def test_a_fleet_does_not_read_in_step() -> None:
    fleet = Fleet(1)
    fleet.draw = lambda: 1.0
    fleet.run(10.0, works, every_s=0.01)

    assert fleet.store.read_count == 3  # A view is older than 4 s only by bad luck.


def test_the_answer_is_the_callers(fleet: Fleet) -> None:
    assert fleet.breakers[0].call(works) == "debited"


def test_an_error_is_the_callers(fleet: Fleet) -> None:
    error = TransferUnconfirmed()

    def ask() -> str:
        raise error

    with pytest.raises(TransferUnconfirmed) as raised:
        fleet.breakers[0].call(ask)

    assert raised.value is error


@pytest.mark.parametrize(
    "error",
    [DECLINED, ObjectNotFound(), TransferContended(), VersionConflict(), WalletContended()],
    ids=lambda error: type(error).__name__,
)
def test_a_refusal_and_a_lost_race_are_answers(error: Exception) -> None:
    fleet = Fleet(3)

    def refused() -> str:
        raise error

    for number in range(60):
        with pytest.raises(type(error)):
            fleet.breakers[number % 3].call(refused)

    assert fleet.store.write_count == 0
    assert fleet.state is CircuitState.CLOSED


def test_a_busy_fleet_opens_the_circuit_of_a_dead_dependency_within_two_calls_each() -> None:
    fleet = Fleet(50)
    fleet.all_call(works)
    fleet.asked_count = 0
    fleet.tripped()

    assert fleet.asked_count <= 2 * 50
    assert fleet.elapsed_s() == LIMITS.trial_s_min
    [tripped] = fleet.transitions()
    assert (tripped.signal, tripped.after) == (Signal.TRIPPED, CircuitState.OPEN)


def test_once_a_circuit_is_open_everybody_hears_of_it_with_its_next_vote() -> None:
    fleet = Fleet(50).tripped()
    fleet.run(LIMITS.vote_interval_s + 0.1, fails)
    fleet.asked_count = 0
    fleet.run(LIMITS.cool_down_s - LIMITS.vote_interval_s - 0.2, fails)

    assert fleet.asked_count == 0
    assert fleet.store.write_count <= 4 * 50


def test_a_quiet_fleet_opens_the_circuit_of_a_dead_dependency_after_ten_calls() -> None:
    """The first failure opens the trial, and nine convict, though no environment sees two."""
    fleet = Fleet(50)
    while fleet.state is CircuitState.CLOSED:
        fleet.call(fleet.asked_count, fails)
        fleet.wait(2.0)

    assert fleet.asked_count == 10


def test_a_blip_opens_nothing_however_many_calls_it_meets() -> None:
    """Whoever voted last in it has complete evidence, and no failure of its own any more."""
    fleet = Fleet(50)
    fleet.run(LIMITS.trial_s_min - 0.05, fails, every_s=0.05)
    trial = fleet.circuit.trial
    fleet.run(60.0, works)

    assert trial is not None
    assert trial.failures > 40
    assert fleet.transitions() == []


def opens_after(fleet: Fleet, *, every_s: float) -> timedelta:
    while fleet.state is CircuitState.CLOSED and fleet.elapsed_s() < 60:
        fleet.wait(every_s)
        fleet.all_call(fails)
    return fleet.clock.now - NOON


def test_a_small_fleet_opens_the_circuit_once_others_would_have_objected() -> None:
    assert LIMITS.notice <= opens_after(Fleet(1), every_s=1.0) <= timedelta(seconds=10)


@pytest.mark.parametrize("size", [1, 2])
def test_a_small_fleet_with_many_calls_opens_the_circuit_no_later(size: int) -> None:
    """Though the evidence was complete before the time for objections was over."""
    assert LIMITS.notice <= opens_after(Fleet(size), every_s=0.1) <= timedelta(seconds=10)


def test_half_of_the_calls_failing_is_an_outage(fleet: Fleet) -> None:
    ask = at_rate(0.5, seed=1)
    while fleet.state is CircuitState.CLOSED and fleet.asked_count < 1000:
        fleet.all_call(ask)
        fleet.wait(0.1)

    assert fleet.state is CircuitState.OPEN
    assert fleet.asked_count < 300


@pytest.mark.parametrize("seed", range(5))
def test_one_call_in_ten_failing_is_none(fleet: Fleet, seed: int) -> None:
    ask = at_rate(0.1, seed=seed)
    fleet.draw = Random(seed).random  # noqa: S311  # A workload, not a secret.
    fleet.run(60.0, ask)

    assert fleet.asked_count == 6000
    assert fleet.transitions() == []
    assert fleet.store.write_count < 0.3 * fleet.asked_count


@pytest.mark.parametrize("others_every_s", [0.1, 2.0])
def test_one_bad_environment_of_many_never_opens_the_circuit(others_every_s: float) -> None:
    """However much more it has to say than the others."""
    fleet = Fleet(20)
    others_at_s = 0.0
    while fleet.elapsed_s() < 120:
        fleet.call(0, fails)
        if fleet.elapsed_s() >= others_at_s:
            others_at_s += others_every_s
            for number in range(1, 20):
                fleet.call(number, works)
        fleet.wait(0.1)

    assert fleet.store.write_count > 0
    assert fleet.transitions() == []


@pytest.mark.parametrize(("took_s", "state"), [(0.5, "OPEN"), (0.499, "CLOSED")])
def test_an_answer_that_is_too_slow_is_a_failure(took_s: float, state: str) -> None:
    fleet = Fleet(5, limits=Limits(slow_call_s=0.5))

    def slow() -> str:
        fleet.wait(took_s)
        return works()

    for number in range(10):
        assert fleet.call(number % 5, slow) == "answered"

    assert fleet.state == state


def test_a_refusal_that_is_too_slow_is_a_failure_too() -> None:
    fleet = Fleet(2)
    fleet.call(0, fails)

    def declines_slowly() -> str:
        fleet.wait(LIMITS.slow_call_s)
        raise DECLINED

    breaker = fleet.breakers[1]
    with pytest.raises(Declined):
        breaker.call(lambda: breaker.timed(declines_slowly))

    trial = fleet.circuit.trial
    assert trial is not None
    assert (trial.calls, trial.failures) == (1, 1)


def test_attempts_that_are_slow_only_together_are_none() -> None:
    fleet = Fleet(2)
    fleet.call(0, fails)
    breaker = fleet.breakers[1]

    def attempt() -> str:
        fleet.wait(LIMITS.slow_call_s / 2)
        return works()

    def attempts() -> str:
        for _ in range(3):
            fleet.wait(LIMITS.slow_call_s)  # Nobody is asked for so long.
            breaker.timed(attempt)
        return works()

    breaker.call(attempts)
    trial = fleet.circuit.trial

    assert trial is not None
    assert (trial.calls, trial.failures) == (1, 0)


def test_a_race_that_took_long_to_be_lost_is_no_failure() -> None:
    fleet = Fleet(2)
    fleet.call(0, fails)
    breaker = fleet.breakers[1]

    def loses_slowly() -> str:
        fleet.wait(LIMITS.slow_call_s)
        raise TransferContended

    with pytest.raises(TransferContended):
        breaker.call(lambda: breaker.timed(loses_slowly))
    trial = fleet.circuit.trial

    assert trial is not None
    assert (trial.calls, trial.failures) == (1, 0)


def test_an_unexpected_exception_is_a_failure(fleet: Fleet) -> None:
    def crashes() -> str:
        raise ZeroDivisionError

    while fleet.state is CircuitState.CLOSED and fleet.asked_count < 100:
        fleet.all_call(crashes)
        fleet.wait(0.1)

    assert fleet.state is CircuitState.OPEN


def test_whether_a_call_would_be_refused_is_known_before_it(fleet: Fleet) -> None:
    assert fleet.breakers[0].refuses_for_s is None
    fleet.opened()
    assert fleet.breakers[0].refuses_for_s
    fleet.wait(fleet.cooling_s)
    assert fleet.breakers[0].refuses_for_s is None
    fleet.call(1, dies(fleet))
    fleet.wait(LIMITS.cache_alert_s_max)
    assert fleet.breakers[0].refuses_for_s


def test_on_the_ramp_no_call_is_refused_for_sure(fleet: Fleet) -> None:
    fleet.ramping().wait(LIMITS.cache_alert_s_max)

    assert fleet.circuit.share == RAMP[0]
    assert fleet.breakers[3].refuses_for_s is None


def test_who_asks_whether_it_would_be_refused_takes_no_lease(fleet: Fleet) -> None:
    fleet.cooled_down()

    assert fleet.breakers[0].refuses_for_s is None
    assert fleet.state is CircuitState.OPEN
    assert fleet.call(1, works) == "answered"


def test_the_threads_of_an_environment_have_one_seat() -> None:
    seats = {
        Environment(id_, ManualClock(), lambda: 0.0, lambda: 0.0).seat
        for id_ in ("env_1", "env_1.0", "env_1.7")
    }

    assert len(seats) == 1


def test_seats_are_spread() -> None:
    seats = [
        Environment(f"env_{number}", ManualClock(), lambda: 0.0, lambda: 0.0).seat
        for number in range(256)
    ]

    assert all(0 <= seat < 256 for seat in seats)
    assert len(set(seats)) > 140
