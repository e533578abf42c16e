"""What the breaker needs from the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from evenkeel.resilience.circuit import Circuit, Transition
from evenkeel.resilience.trial import Ballot, Trial


class CircuitStore(Protocol):
    """Circuits, shared by all environments. One that nobody has written yet is closed.

    Every method may raise StoreBusy, and every write StoreUnconfirmed, when
    it may have been applied. Every write returns the circuit as it is stored
    afterwards, whoever was first: a lost race needs no second read.
    """

    def get(self, name: str, *, is_latest: bool = False) -> Circuit:
        """Return the circuit, eventually consistent unless it must be the latest."""

    def save(self, circuit: Circuit, *, instead_of: Circuit) -> Circuit:
        """Record a changed state, if what is stored is the version before it.

        The transition that leaves the state with that is kept first, so that the
        history has no gap. The trial is left as it is stored, or forgotten if this
        change forgets it.
        """

    def open_trial(self, name: str, trial: Trial, *, instead_of: Trial | None) -> Circuit:
        """Record a new trial, unless somebody has opened another one meanwhile."""

    def vote(self, name: str, ballot: Ballot) -> Circuit:
        """Add what an environment has seen, if its trial is still the circuit's."""

    def transitions(self, circuit: Circuit, *, limit: int) -> Sequence[Transition]:
        """Return up to *limit* of the transitions that led to the circuit, the latest first."""


class CircuitWatch(Protocol):
    """Told of what a breaker does, so that logs and metrics stay out of it."""

    def moved(self, name: str, transition: Transition) -> None:
        """Say that this environment has moved the circuit to another state."""

    def refused(self, name: str) -> None:
        """Say that a call was not let through."""

    def blind(self, name: str, error: Exception) -> None:
        """Say that the circuit could not be seen, and counts as closed, or could not be moved."""


class CircuitStream(Protocol):
    def read(self, raw: Mapping[str, Any]) -> tuple[Circuit | None, Circuit] | None:
        """Return a circuit before a change, if it was there, and after it.

        Nothing for a record that is only kept: the change that it is of was told before.

        Raises:
            UnreadableRecord: The record of the stream brings no circuit as we write them.
        """
