"""Circuits as operators see and move them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evenkeel.clock import Clock
from evenkeel.errors import ObjectNotFound, VersionConflict
from evenkeel.resilience.circuit import Circuit, Signal, Transition
from evenkeel.resilience.ports import CircuitStore, CircuitWatch
from evenkeel.resilience.retry import Retry


class Action(StrEnum):
    FORCE_OPEN = "force-open"
    FORCE_CLOSE = "force-close"
    AUTO = "auto"


SIGNALS: Mapping[Action, Signal] = {
    Action.FORCE_OPEN: Signal.FORCED_OPEN,
    Action.FORCE_CLOSE: Signal.FORCED_CLOSED,
    Action.AUTO: Signal.SET_FREE,
}


@dataclass(frozen=True, slots=True)
class Switchboard:
    """The circuits of a deployment, by name.

    A name that is not among them raises ObjectNotFound.
    """

    names: Sequence[str]
    store: CircuitStore
    watch: CircuitWatch
    retry: Retry
    clock: Clock

    def circuits(self) -> Sequence[Circuit]:
        return [self.circuit(name) for name in self.names]

    def circuit(self, name: str) -> Circuit:
        self._require(name)
        return self.retry.call(lambda: self.store.get(name, is_latest=True))

    def transitions(self, circuit: Circuit, *, limit: int) -> Sequence[Transition]:
        """Return the latest of the transitions that led to the circuit, newest first."""
        return self.retry.call(lambda: self.store.transitions(circuit, limit=limit))

    def act(self, name: str, action: Action, *, by: str, reason: str) -> Circuit:
        """Force the circuit, or set it free; asking again changes nothing."""
        self._require(name)
        tried: list[Transition | None] = []

        def forced() -> Circuit:
            circuit = self.store.get(name, is_latest=True)
            wanted = circuit.forced(SIGNALS[action], self.clock(), by, reason)
            if wanted is circuit:
                return circuit
            tried.append(wanted.transition)
            stored = self.store.save(wanted, instead_of=circuit)
            if stored.transition != wanted.transition:
                raise VersionConflict  # The fleet has moved it meanwhile: look again.
            return stored

        circuit = self.retry.call(forced)
        if circuit.transition and circuit.transition in tried:
            self.watch.moved(name, circuit.transition)
        return circuit

    def _require(self, name: str) -> None:
        if name not in self.names:
            raise ObjectNotFound
