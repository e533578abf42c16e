"""A circuit and its transitions as items, and back."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import NumberSetAttribute, UnicodeAttribute

from evenkeel.adapters.dynamodb.item import (
    DocumentAttribute,
    IntegerAttribute,
    Item,
    TimeAttribute,
)
from evenkeel.clock import from_rfc3339, to_rfc3339
from evenkeel.resilience.circuit import Circuit, CircuitState, ProbeLease, Signal, Transition
from evenkeel.resilience.trial import Trial

# An item that is written by votes before it has moved has only those of a trial.
STATE = ("state", "version", "since", "moved_at", "retry_at", "probe", "step", "transition")
TRIAL = ("trial", "trial_at", "calls", "failures", "voters", "accusers")


class CircuitItem(Item):
    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)
    state = UnicodeAttribute(null=True)
    version = IntegerAttribute(null=True)
    since = TimeAttribute(null=True)
    moved_at = TimeAttribute(null=True)
    retry_at = TimeAttribute(null=True)
    probe = DocumentAttribute(null=True)
    step = IntegerAttribute(null=True)
    transition = DocumentAttribute(null=True)

    trial = UnicodeAttribute(null=True)
    trial_at = TimeAttribute(null=True)
    calls = IntegerAttribute(null=True)
    failures = IntegerAttribute(null=True)
    voters = NumberSetAttribute(null=True)
    accusers = NumberSetAttribute(null=True)

    @classmethod
    def state_of(cls, circuit: Circuit) -> CircuitItem:
        """Return what `STATE` names, and nothing of the trial."""
        probe, transition = circuit.probe, circuit.transition
        return cls(
            circuit.name,
            state=circuit.state.value,
            version=circuit.version,
            since=circuit.since,
            moved_at=circuit.moved_at,
            retry_at=circuit.retry_at,
            probe=[probe.owner, to_rfc3339(probe.until)] if probe else None,
            step=circuit.step,
            transition=written(transition) if transition else None,
        )

    def circuit(self) -> Circuit:
        return Circuit(
            name=self.id,
            state=CircuitState(self.state or CircuitState.CLOSED),
            version=self.version or 0,
            since=self.since,
            moved_at=self.moved_at,
            retry_at=self.retry_at,
            probe=_probe(self.probe),
            step=self.step,
            trial=self._trial(),
            transition=read(self.transition) if self.transition else None,
        )

    def _trial(self) -> Trial | None:
        if self.trial is None:
            return None
        assert self.trial_at is not None
        return Trial(
            self.trial,
            self.trial_at,
            self.calls or 0,
            self.failures or 0,
            frozenset(map(int, self.voters or ())),
            frozenset(map(int, self.accusers or ())),
        )


class TransitionItem(Item):
    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)  # See `transition_key`.
    transition = DocumentAttribute()


def transition_key(name: str, number: int) -> str:
    """Return the key of one transition: they have no gaps, so a page is known by its numbers."""
    return f"{name}#{number}"


def written(transition: Transition) -> list[Any]:
    return [
        transition.number,
        transition.version,
        to_rfc3339(transition.at),
        transition.before,
        transition.after,
        transition.signal,
        transition.by,
        transition.reason,
    ]


def read(stored: list[Any]) -> Transition:
    number, version, at, before, after, signal, by, reason = stored
    return Transition(
        number,
        version,
        from_rfc3339(at),
        CircuitState(before),
        CircuitState(after),
        Signal(signal),
        by,
        reason,
    )


def _probe(stored: Any) -> ProbeLease | None:
    if stored is None:
        return None
    owner, until = stored
    return ProbeLease(owner, from_rfc3339(until))
