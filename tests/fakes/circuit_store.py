from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from evenkeel.resilience.circuit import Circuit, Transition
from evenkeel.resilience.trial import Ballot, Trial


class InMemoryCircuitStore:
    """Counts its calls; *fault* is raised by the next one."""

    def __init__(self) -> None:
        self._circuits: dict[str, Circuit] = {}
        self._transitions: dict[str, list[Transition]] = defaultdict(list)
        self.read_count = 0
        self.write_count = 0
        self.fault: Exception | None = None

    def get(self, name: str) -> Circuit:
        self.read_count += 1
        self._fail()
        return self._circuits.get(name, Circuit(name))

    def save(self, circuit: Circuit) -> Circuit:
        stored = self._for_writing(circuit.name)
        if stored.version != circuit.version - 1:
            return stored
        if circuit.is_new_state:
            assert circuit.transition is not None
            self._transitions[circuit.name].append(circuit.transition)
        return self._keep(replace(circuit, trial=circuit.trial and stored.trial))

    def open_trial(self, name: str, trial: Trial, *, instead_of: Trial | None) -> Circuit:
        stored = self._for_writing(name)
        if _id_of(stored.trial) != _id_of(instead_of):
            return stored
        return self._keep(replace(stored, trial=trial))

    def vote(self, name: str, ballot: Ballot) -> Circuit:
        stored = self._for_writing(name)
        if stored.trial is None or stored.trial.id != ballot.trial_id:
            return stored
        return self._keep(replace(stored, trial=stored.trial.with_vote(ballot)))

    def transitions(
        self, name: str, *, limit: int, below: int | None = None
    ) -> Sequence[Transition]:
        self._fail()
        kept = reversed(self._transitions[name])
        return [each for each in kept if below is None or each.number < below][:limit]

    def _for_writing(self, name: str) -> Circuit:
        self.write_count += 1
        self._fail()
        return self._circuits.get(name, Circuit(name))

    def _keep(self, circuit: Circuit) -> Circuit:
        self._circuits[circuit.name] = circuit
        return circuit

    def _fail(self) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault


def _id_of(trial: Trial | None) -> str | None:
    return trial.id if trial else None
