"""A circuit as an operator wants it."""

import pytest

from evenkeel.errors import CircuitOpen
from evenkeel.resilience.circuit import CircuitState, Signal
from tests.unit.resilience.fleet import LIMITS, Fleet, fails, works


def test_a_circuit_forced_open_refuses_until_it_is_set_free(fleet: Fleet) -> None:
    fleet.all_call(works)
    fleet.force(Signal.FORCED_OPEN)
    fleet.wait(LIMITS.cache_s_max)

    with pytest.raises(CircuitOpen) as raised:
        fleet.breakers[0].call(works)
    assert raised.value.retry_after_s == 30.0
    fleet.wait(3600.0)
    assert fleet.all_call(works) == {"refused": 10}
    fleet.force(Signal.SET_FREE)
    fleet.wait(LIMITS.cache_alert_s_max)
    assert fleet.call(0, works) == "answered"
    assert fleet.circuit.step == 0


def test_a_circuit_forced_closed_never_opens_and_spares_the_dependency_the_retries(
    fleet: Fleet,
) -> None:
    fleet.force(Signal.FORCED_CLOSED)
    fleet.all_call(works)
    shares = []
    while fleet.elapsed_s() < 90:
        assert fleet.all_call(fails) == {"failed": 10}
        shares += [breaker.retry_share() for breaker in fleet.breakers]
        fleet.wait(0.1)

    assert fleet.state is CircuitState.FORCED_CLOSED
    assert sum(shares) / len(shares) < 0.02


def test_a_circuit_forced_closed_lets_every_call_through_from_an_outage(fleet: Fleet) -> None:
    fleet.opened().force(Signal.FORCED_CLOSED)
    fleet.wait(LIMITS.cache_alert_s_max)

    assert fleet.all_call(works) == {"answered": 10}
