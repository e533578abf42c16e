from dataclasses import replace
from typing import Any

from evenkeel.events.model import EventType
from evenkeel.resilience.circuit import Circuit, Signal, Transition
from evenkeel.resilience.events import events_between
from evenkeel.resilience.limits import Limits
from evenkeel.resilience.trial import Trial
from tests.fakes.clock import NOON

CLOSED = Circuit("wallet")
OPEN = CLOSED.tripped(NOON, Limits(), "env_1")
PROBING = OPEN.probing("env_2", NOON, Limits())


def shown(name: str, transition: Transition) -> dict[str, Any]:
    return {"name": name, "number": transition.number}


def told(before: Circuit | None, after: Circuit) -> list[EventType]:
    return [event.type for event in events_between(before, after, shown)]


def recovered() -> list[Circuit]:
    """A circuit's whole way, from its first failure to the end of the outage."""
    way = [CLOSED, OPEN, PROBING, PROBING.probe_answered(NOON, "env_2")]
    while way[-1].state is PROBING.state:
        way.append(way[-1].stepped_up(NOON, "env_2"))
    return way


def test_each_transition_is_told_once() -> None:
    way = recovered()
    pairs = zip([None, *way], way, strict=False)
    events = [event for before, after in pairs for event in events_between(before, after, shown)]

    assert [event.type for event in events] == [
        EventType.CIRCUIT_OPENED,
        EventType.CIRCUIT_HALF_OPENED,
        EventType.CIRCUIT_CLOSED,
    ]
    assert [event.data["number"] for event in events] == [1, 2, 3]
    assert len({event.id for event in events}) == 3
    assert [event.version for event in events] == sorted(event.version for event in events)


def test_a_vote_is_no_transition() -> None:
    voted = replace(OPEN, trial=Trial("tri_1", NOON, 7, 3, frozenset(), frozenset()))

    assert told(OPEN, voted) == []


def test_what_an_operator_forces_is_told_too() -> None:
    forced_open = CLOSED.forced(Signal.FORCED_OPEN, NOON, "ops", "maintenance")
    forced_closed = OPEN.forced(Signal.FORCED_CLOSED, NOON, "ops", "false alarm")

    assert told(CLOSED, forced_open) == [EventType.CIRCUIT_OPENED]
    assert told(OPEN, forced_closed) == [EventType.CIRCUIT_CLOSED]


def test_a_circuit_belongs_to_no_client() -> None:
    [event] = events_between(None, OPEN, shown)

    assert (event.client_id, event.object_id, event.source) == (None, "wallet", "reliability")
