"""What a circuit's change of state means to others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evenkeel.events.model import Event, EventType, Subject
from evenkeel.resilience.circuit import Circuit, CircuitState, Transition

# How a transition is shown to those outside. The domain does not know.
Show = Callable[[str, Transition], Mapping[str, Any]]

# What an operator forces is an opening or a closing too; the data say that it was forced.
TOLD: Mapping[CircuitState, EventType] = {
    CircuitState.OPEN: EventType.CIRCUIT_OPENED,
    CircuitState.FORCED_OPEN: EventType.CIRCUIT_OPENED,
    CircuitState.HALF_OPEN: EventType.CIRCUIT_HALF_OPENED,
    CircuitState.CLOSED: EventType.CIRCUIT_CLOSED,
    CircuitState.FORCED_CLOSED: EventType.CIRCUIT_CLOSED,
}


def events_between(before: Circuit | None, after: Circuit, show: Show) -> Sequence[Event]:
    """Return the transition between two images of a circuit, if there was one; votes are none."""
    transition = after.transition
    if transition is None or (before is not None and before.transition == transition):
        return []
    subject = Subject(None, after.name, transition.version)
    data = show(after.name, transition)
    return [Event.of(TOLD[transition.after], subject, transition.at, data)]
