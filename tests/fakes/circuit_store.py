from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock

from evenkeel.errors import StoreBusy
from evenkeel.resilience.circuit import Circuit, Transition
from evenkeel.resilience.trial import Ballot, Trial


class InMemoryCircuitStore:
    """Counts its calls, and fails as it is told.

    Attributes:
        fault: Raised by the next call, which does nothing.
        lost_answer: Raised by the next write, after it has been applied.
        is_down: Every call fails.
    """

    def __init__(self) -> None:
        self._circuits: dict[str, Circuit] = {}
        self._transitions: dict[str, list[Transition]] = defaultdict(list)
        self._lock = Lock()
        self.read_count = 0
        self.write_count = 0
        self.fault: Exception | None = None
        self.lost_answer: Exception | None = None
        self.is_down = False

    def get(self, name: str, *, is_latest: bool = False) -> Circuit:
        with self._lock:
            self.read_count += 1
            self._fail()
            return self._stored(name)

    def save(self, circuit: Circuit, *, instead_of: Circuit) -> Circuit:
        def saved(stored: Circuit) -> Circuit:
            if stored.version != circuit.version - 1:
                return stored
            if circuit.transition and circuit.transition != stored.transition:
                self._transitions[circuit.name].append(circuit.transition)
            forgets_trial = circuit.trial is None and instead_of.trial is not None
            return replace(circuit, trial=None if forgets_trial else stored.trial)

        return self._write(circuit.name, saved)

    def open_trial(self, name: str, trial: Trial, *, instead_of: Trial | None) -> Circuit:
        def opened(stored: Circuit) -> Circuit:
            is_first = _id_of(stored.trial) == _id_of(instead_of)
            return replace(stored, trial=trial) if is_first else stored

        return self._write(name, opened)

    def vote(self, name: str, ballot: Ballot) -> Circuit:
        def voted(stored: Circuit) -> Circuit:
            if stored.trial is None or stored.trial.id != ballot.trial_id:
                return stored
            return replace(stored, trial=stored.trial.with_vote(ballot))

        return self._write(name, voted)

    def transitions(self, circuit: Circuit, *, limit: int) -> Sequence[Transition]:
        with self._lock:
            self._fail()
            latest = circuit.transition.number if circuit.transition else 0
            return self._transitions[circuit.name][:latest][::-1][:limit]

    def _write(self, name: str, change: Callable[[Circuit], Circuit]) -> Circuit:
        with self._lock:
            self.write_count += 1
            self._fail()
            self._circuits[name] = change(self._stored(name))
            if self.lost_answer is not None:
                lost, self.lost_answer = self.lost_answer, None
                raise lost
            return self._circuits[name]

    def _stored(self, name: str) -> Circuit:
        return self._circuits.get(name, Circuit(name))

    def _fail(self) -> None:
        if self.is_down:
            raise StoreBusy
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault


def _id_of(trial: Trial | None) -> str | None:
    return trial.id if trial else None
