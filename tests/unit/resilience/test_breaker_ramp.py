"""How a circuit recovers."""

from collections import Counter
from random import Random

import pytest

from evenkeel.resilience.circuit import RAMP, CircuitState, Signal
from evenkeel.resilience.limits import Limits
from tests.unit.resilience.fleet import LIMITS, Fleet, fails, works


def test_a_circuit_recovers_step_by_step(fleet: Fleet) -> None:
    fleet.ramping()
    shares = [fleet.circuit.share]
    fleet.draw = lambda: 0.999  # Nobody is let through, but time goes on.
    while fleet.state is not CircuitState.CLOSED and fleet.elapsed_s() < 60:
        fleet.wait(LIMITS.ramp_step_s)
        fleet.all_call(works)
        shares.append(fleet.circuit.share)

    assert shares == [*RAMP, 1.0]
    assert [each.signal for each in fleet.transitions()] == [
        Signal.TRIPPED,
        Signal.PROBING,
        Signal.RECOVERED,
    ]
    assert fleet.all_call(works) == {"answered": 10}


@pytest.mark.parametrize("step", range(len(RAMP)))
def test_on_the_ramp_its_share_of_the_calls_is_let_through(step: int) -> None:
    fleet = Fleet(10, limits=Limits(ramp_step_s=2.0)).ramping()
    while (fleet.circuit.step or 0) < step:
        circuit = fleet.circuit
        fleet.store.save(circuit.stepped_up(fleet.clock.now, "env_9"), instead_of=circuit)
    fleet.wait(1.0)
    fleet.draw = Random(step).random  # noqa: S311  # A workload, not a secret.
    called = Counter(fleet.call(0, works) for _ in range(10_000))

    assert called["answered"] == pytest.approx(10_000 * RAMP[step], rel=0.3)


def test_a_relapse_opens_the_circuit_again(fleet: Fleet) -> None:
    fleet.ramping().wait(1.0)
    fleet.draw = lambda: 0.0  # Everybody is let through.
    fleet.all_call(fails)
    asked = fleet.asked_count
    fleet.all_call(fails)

    assert fleet.state is CircuitState.OPEN
    assert fleet.asked_count - asked <= 5
    assert fleet.transitions()[-1].signal is Signal.TRIPPED


def test_doubts_hold_the_ramp_until_they_are_dispelled() -> None:
    limits = Limits(ramp_step_s=2.0)
    fleet = Fleet(10, limits=limits).ramping()
    fleet.wait(1.0)
    fleet.draw = lambda: 0.0
    fleet.call(0, fails)
    fleet.call(0, fails)
    fleet.wait(limits.ramp_step_s)
    fleet.draw = lambda: 0.999
    fleet.all_call(works)

    assert fleet.circuit.step == 0
    fleet.draw = lambda: 0.0
    fleet.all_call(works)
    fleet.wait(LIMITS.cache_alert_s_max)
    fleet.all_call(works)
    assert fleet.circuit.step == 1
