"""An open circuit, and its probe."""

from collections import Counter

import pytest

from evenkeel.errors import (
    CircuitOpen,
    Declined,
    StoreBusy,
    StoreUnconfirmed,
)
from evenkeel.resilience.circuit import CircuitState, Signal
from tests.unit.resilience.fleet import DECLINED, LIMITS, Fleet, dies, fails, works


def test_an_open_circuit_asks_nobody_and_says_when_to_come_back(fleet: Fleet) -> None:
    fleet.opened().wait(1.0)
    asked_before = fleet.asked_count

    with pytest.raises(CircuitOpen) as raised:
        fleet.breakers[0].call(works)

    assert raised.value.retry_after_s == LIMITS.cool_down_s - 2.0
    assert fleet.all_call(works) == {"refused": 10}
    assert fleet.asked_count == asked_before
    assert fleet.heard.refused_count >= 11


def test_while_one_probes_everybody_else_is_refused(fleet: Fleet) -> None:
    fleet.cooled_down()
    others: Counter[str] = Counter()

    def probe() -> str:
        for number in range(1, 10):
            others[fleet.call(number, works)] += 1
        return works()

    assert fleet.call(0, probe) == "answered"
    assert others == {"refused": 9}
    assert fleet.heard.moves[-1].signal is Signal.PROBING


def test_of_those_who_want_to_probe_in_the_same_microsecond_one_does(fleet: Fleet) -> None:
    fleet.cooled_down()
    assert not any(breaker.refuses_for_s for breaker in fleet.breakers)  # All have a view of it.
    others: Counter[str] = Counter()

    def probe() -> str:
        others.update(fleet.call(number, works) for number in range(1, 10))
        return works()

    assert fleet.call(0, probe) == "answered"
    assert others == {"refused": 9}


def test_nobody_probes_before_the_circuit_has_cooled_down(fleet: Fleet) -> None:
    fleet.opened().wait(fleet.cooling_s - 0.001)

    assert fleet.all_call(works) == {"refused": 10}
    fleet.wait(0.001)
    assert fleet.call(9, works) == "answered"


def test_a_probe_that_fails_opens_the_circuit_for_another_cool_down(fleet: Fleet) -> None:
    fleet.cooled_down().call(0, fails)
    fleet.wait(LIMITS.cool_down_s - 0.001)

    assert fleet.all_call(works) == {"refused": 10}
    fleet.wait(0.001)
    assert fleet.call(3, works) == "answered"
    assert [each.signal for each in fleet.transitions()] == [
        Signal.TRIPPED,
        Signal.PROBING,
        Signal.PROBE_FAILED,
        Signal.PROBING,
    ]


def test_a_probe_that_crashes_has_failed(fleet: Fleet) -> None:
    def crashes() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fleet.cooled_down().breakers[0].call(crashes)

    assert fleet.state is CircuitState.OPEN


def test_a_probe_that_is_too_slow_has_failed(fleet: Fleet) -> None:
    def slow() -> str:
        fleet.wait(LIMITS.slow_call_s)
        return works()

    assert fleet.cooled_down().call(0, slow) == "answered"
    assert fleet.state is CircuitState.OPEN


def test_a_probe_that_is_declined_has_been_answered(fleet: Fleet) -> None:
    def declines() -> str:
        raise DECLINED

    with pytest.raises(Declined):
        fleet.cooled_down().breakers[0].call(declines)

    assert (fleet.circuit.state, fleet.circuit.step) == (CircuitState.HALF_OPEN, 0)


def test_when_a_prober_dies_another_one_probes_after_the_lease(fleet: Fleet) -> None:
    fleet.cooled_down().call(0, dies(fleet))
    others = range(1, 10)

    assert {fleet.call(number, works) for number in others} == {"refused"}
    fleet.wait(LIMITS.probe_s_max - 0.001)
    assert {fleet.call(number, works) for number in others} == {"refused"}
    fleet.wait(0.001)
    assert Counter(fleet.call(number, works) for number in others)["answered"] == 1
    assert fleet.circuit.step == 0


def test_whoever_was_not_told_that_it_has_the_lease_goes_on_with_it(fleet: Fleet) -> None:
    fleet.cooled_down()
    fleet.store.lost_answer = StoreUnconfirmed()

    assert fleet.call(0, works) == "refused"
    assert fleet.circuit.probe is not None
    assert fleet.circuit.probe.owner == "env_0"
    assert fleet.call(1, works) == "refused"
    calls = [fleet.call(0, works) for _ in range(2)]
    assert "answered" in calls
    assert fleet.circuit.step == 0


def test_a_lease_that_the_store_could_not_give_is_nobodys(fleet: Fleet) -> None:
    fleet.cooled_down().call(0, fails)
    fleet.wait(LIMITS.cool_down_s)
    fleet.breakers[0].refuses_for_s  # noqa: B018 - to have a view.
    fleet.store.fault = StoreBusy()

    assert fleet.call(0, works) == "refused"
    assert fleet.call(1, works) == "answered"
