"""A breaker whose store fails."""

from collections import Counter
from collections.abc import Callable

import pytest

from evenkeel.errors import StoreBusy
from evenkeel.resilience.circuit import Circuit, Signal
from tests.unit.resilience.fleet import LIMITS, Fleet, fails, works


def test_when_the_store_is_down_calls_go_through_and_somebody_is_told(fleet: Fleet) -> None:
    fleet.opened().wait(LIMITS.cache_alert_s_max)
    fleet.store.is_down = True

    assert fleet.all_call(works) == {"answered": 10}
    assert fleet.all_call(fails) == {"failed": 10}
    assert {type(each) for each in fleet.heard.blind} == {StoreBusy}
    assert len(fleet.heard.blind) >= 10


def test_when_the_store_is_back_so_is_the_circuit(fleet: Fleet) -> None:
    fleet.opened().wait(LIMITS.cache_alert_s_max)
    fleet.store.is_down = True
    fleet.all_call(works)
    fleet.store.is_down = False
    fleet.force(Signal.FORCED_OPEN)
    fleet.wait(LIMITS.cache_s_max)

    assert fleet.all_call(works) == {"refused": 10}


def test_a_store_that_is_down_is_not_asked_before_every_call() -> None:
    fleet = Fleet(1)
    fleet.store.is_down = True
    fleet.run(10.0, works, every_s=0.01)

    assert fleet.store.read_count == 2


def test_whatever_the_store_raises_calls_go_through_and_somebody_is_told(fleet: Fleet) -> None:
    """A right that is missing, or a circuit that newer code has written."""
    fleet.store.fault = ZeroDivisionError()

    assert fleet.call(0, works) == "answered"
    assert [repr(error) for error in fleet.heard.blind] == ["ZeroDivisionError()"]


def test_a_report_that_fails_does_not_hide_the_answer(fleet: Fleet) -> None:
    fleet.call(0, fails)

    def works_unreportably() -> str:
        fleet.store.fault = ZeroDivisionError()
        return works()

    assert fleet.call(1, works_unreportably) == "answered"
    assert len(fleet.heard.blind) == 1


def denied(circuit: Circuit, *, instead_of: Circuit) -> Circuit:
    raise StoreBusy


@pytest.mark.parametrize("reach", [Fleet.cooled_down, Fleet.ramping], ids=["open", "on the ramp"])
def test_a_circuit_that_can_be_read_and_not_be_moved_lets_one_call_through_per_cool_down(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, reach: Callable[[Fleet], Fleet]
) -> None:
    reach(fleet).wait(LIMITS.ramp_step_s)
    fleet.draw = lambda: 0.999  # On the ramp nobody is let through.
    monkeypatch.setattr(fleet.store, "save", denied)
    called = Counter[str]()
    for _ in range(40):
        called[fleet.call(0, works)] += 1
        fleet.wait(1.0)

    assert called["answered"] == 40 // LIMITS.cool_down_s - 1


def test_a_circuit_that_is_forced_open_refuses_though_it_cannot_be_moved(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.cooled_down()
    monkeypatch.setattr(fleet.store, "save", denied)
    first = fleet.call(0, works)
    monkeypatch.undo()
    fleet.force(Signal.FORCED_OPEN)
    fleet.wait(LIMITS.cool_down_s)

    assert first == fleet.call(0, works) == "refused"


def test_a_failure_to_move_a_circuit_is_forgotten_once_somebody_has_moved_it(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.cooled_down()
    monkeypatch.setattr(fleet.store, "save", denied)
    fleet.call(0, works)
    monkeypatch.undo()
    fleet.call(1, fails)
    fleet.wait(LIMITS.cool_down_s)
    monkeypatch.setattr(fleet.store, "save", denied)

    assert fleet.call(0, works) == "refused"
