"""Answers that come when the circuit has moved on."""

from collections.abc import Callable

import pytest

from evenkeel.resilience.circuit import RAMP, Circuit, Signal
from tests.unit.resilience.fleet import LIMITS, Fleet, fails, works


def moved_on(fleet: Fleet, to: str) -> Circuit:
    """Move the circuit as others would, and return what is stored then."""
    now, store = fleet.clock.now, fleet.store
    fleet.force(Signal.FORCED_CLOSED if to == "FORCED_CLOSED" else Signal.FORCED_OPEN)
    if to.startswith("FORCED"):
        return fleet.circuit
    fleet.force(Signal.SET_FREE)
    steps: list[Callable[[Circuit], Circuit]] = [
        lambda circuit: circuit.probing("other", now, LIMITS),
        lambda circuit: circuit.probe_answered(now, "other"),
        *[lambda circuit: circuit.stepped_up(now, "other")] * len(RAMP),
    ]
    for step in steps[: ["OPEN", "PROBING", "RAMPING", "", "", "CLOSED"].index(to)]:
        store.save(step(fleet.circuit), instead_of=fleet.circuit)
    return fleet.circuit


def untried(circuit: Circuit) -> tuple[object, ...]:
    """Return all of a circuit but its trial."""
    return (
        circuit.state,
        circuit.version,
        circuit.since,
        circuit.moved_at,
        circuit.retry_at,
        circuit.probe,
        circuit.step,
        circuit.transition,
    )


everywhere = pytest.mark.parametrize(
    "to", ["OPEN", "PROBING", "RAMPING", "CLOSED", "FORCED_OPEN", "FORCED_CLOSED"]
)


@everywhere
@pytest.mark.parametrize("answer", [works, fails])
def test_a_late_probe_changes_nothing(fleet: Fleet, answer: Callable[[], str], to: str) -> None:
    fleet.cooled_down()
    stored: list[Circuit] = []

    def late() -> str:
        stored.append(moved_on(fleet, to))
        return answer()

    assert fleet.call(0, late) != "refused"
    assert fleet.circuit == stored[0]
    assert fleet.heard.moves[-1].signal is Signal.PROBING


@everywhere
@pytest.mark.parametrize("answer", [works, fails])
def test_a_late_vote_moves_nothing(fleet: Fleet, answer: Callable[[], str], to: str) -> None:
    for _ in range(9):  # One more, and it is an outage.
        fleet.call(fleet.asked_count, fails)
    stored: list[Circuit] = []

    def late() -> str:
        stored.append(moved_on(fleet, to))
        return answer()

    fleet.call(9, late)

    assert untried(fleet.circuit) == untried(stored[0])
    assert fleet.heard.moves == []


@everywhere
def test_a_late_failure_moves_nothing(fleet: Fleet, to: str) -> None:
    fleet.call(0, works)
    stored: list[Circuit] = []

    def late() -> str:
        fleet.opened()
        stored.append(moved_on(fleet, to))
        return fails()

    fleet.call(0, late)

    assert untried(fleet.circuit) == untried(stored[0])


def test_a_late_step_is_not_made_twice(fleet: Fleet) -> None:
    fleet.ramping().wait(LIMITS.ramp_step_s)
    fleet.draw = lambda: 0.999
    fleet.all_call(works)

    assert fleet.circuit.step == 1
