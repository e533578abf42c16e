"""The circuit breaker of one execution environment: `breaker.call(ask)`.

What is shared is the circuit, in a store; what is kept here is a recent view
of it, and what this environment has seen and not reported yet. A healthy call
costs nothing but, every few seconds, one read. All of this is best effort: if
the store fails, calls go through, and somebody is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from evenkeel.clock import Clock
from evenkeel.errors import CircuitOpen, EvenkeelError
from evenkeel.resilience.circuit import Admission, Circuit, Transition
from evenkeel.resilience.limits import Limits
from evenkeel.resilience.ports import CircuitStore, CircuitWatch
from evenkeel.resilience.trial import SEAT_COUNT, Ballot, Trial

T = TypeVar("T")

JITTER = 0.2  # Of the age of a view, so that a fleet does not read in step.


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a breaker runs.

    Attributes:
        id: Nobody else's. Threads that have a breaker each add what is theirs behind a dot.
        elapsed_s: A clock that never goes back, in seconds.
        draw: From 0 to 1, random.
    """

    id: str
    clock: Clock
    elapsed_s: Callable[[], float]
    draw: Callable[[], float]

    @property
    def seat(self) -> int:
        """Where it sits among the voters, all its threads on one seat: what ails one ails all."""
        place = self.id.partition(".")[0]
        return int.from_bytes(sha256(place.encode()).digest()[:4]) % SEAT_COUNT


class Breaker:
    """Not for several threads at once: an environment answers one request at a time."""

    def __init__(
        self,
        name: str,
        *,
        store: CircuitStore,
        watch: CircuitWatch,
        limits: Limits,
        environment: Environment,
    ) -> None:
        self._name = name
        self._store = store
        self._watch = watch
        self._limits = limits
        self._environment = environment
        self._seat = environment.seat
        self._circuit = Circuit(name)
        self._stale_at_s = float("-inf")
        self._blind_until_s = float("-inf")
        self._unmoved_since_s: float | None = None  # A move has failed, and nobody has made one.
        self._trial_count = 0
        self._calls = self._failures = 0  # Seen in the trial, and not reported yet.
        self._may_vote_at_s = float("-inf")
        self._was_slow = False  # An attempt of the call under way.
        self._told_number = 0  # Of the latest transition of ours that the watch has heard of.

    @property
    def refuses_for_s(self) -> float | None:
        """How long a call would be refused for sure, so that nothing needs to be prepared."""
        now, by = self._environment.clock(), self._environment.id
        circuit = self._view()
        if circuit.admission(now, by=by, draw=0.0) is not Admission.REFUSED:
            return None
        return circuit.retry_after(now).total_seconds()

    def retry_share(self) -> float:
        """Return the chance with which a failed call may be sent again at once."""
        return self._circuit.retry_share(self._environment.clock(), self._limits)

    def call(self, ask: Callable[[], T]) -> T:
        """Return the answer, or raise its error, if the circuit lets the call through.

        A refusal is an answer: the dependency is well. So is lost contention.

        Args:
            ask: One attempt or several, each of them made through `timed`.

        Raises:
            CircuitOpen: The dependency was not asked.
        """
        is_probe = self._admit()
        was_on_trial = None if is_probe else self._trial_at_stake()
        self._was_slow = False
        has_failed = True
        try:
            answer = ask()
            has_failed = False
        except EvenkeelError as error:
            has_failed = error.is_outage
            raise
        finally:
            has_failed = has_failed or self._was_slow
            self._report(is_probe=is_probe, was_on_trial=was_on_trial, has_failed=has_failed)
        return answer

    def timed(self, attempt: Callable[[], T]) -> T:
        """Make an attempt of the call under way; one that is too slow makes the call a failure.

        One that lost its races is not: it was the races that took the time.
        """
        began_at_s = self._environment.elapsed_s()
        is_contended = False
        try:
            return attempt()
        except EvenkeelError as error:
            is_contended = error.retryable and not error.is_outage
            raise
        finally:
            took_s = self._environment.elapsed_s() - began_at_s
            if took_s >= self._limits.slow_call_s and not is_contended:
                self._was_slow = True

    def _admit(self) -> bool:
        """Return whether the call is the probe; raise if it is not let through."""
        environment = self._environment
        circuit = self._view()
        admission = circuit.admission(
            environment.clock(), by=environment.id, draw=environment.draw()
        )
        if admission is Admission.GRANTED:
            return False
        if admission is Admission.PROBE and self._has_lease(circuit):
            return True
        if self._takes_blind_turn():
            return False
        self._watch.refused(self._name)
        raise CircuitOpen(self._circuit.retry_after(environment.clock()).total_seconds())

    def _has_lease(self, circuit: Circuit) -> bool:
        environment = self._environment
        probing = circuit.probing(environment.id, environment.clock(), self._limits)
        return self._save(probing)

    def _takes_blind_turn(self) -> bool:
        """Let a call through for each cool-down in which the circuit should move, and cannot.

        Otherwise one that can be read, and not be written, would refuse for ever.
        """
        since_s = self._unmoved_since_s
        elapsed_s = self._environment.elapsed_s()
        if since_s is None or elapsed_s < since_s + self._limits.cool_down_s:
            return False
        self._unmoved_since_s = elapsed_s
        return True

    def _trial_at_stake(self) -> str | None:
        """Return the trial in which the next call is evidence."""
        circuit = self._circuit
        if circuit.trial and circuit.is_on_trial(self._environment.clock(), self._limits):
            return circuit.trial.id
        return None

    def _report(self, *, is_probe: bool, was_on_trial: str | None, has_failed: bool) -> None:
        if is_probe:
            self._report_probe(has_failed=has_failed)
        elif was_on_trial is not None and self._trial_at_stake() == was_on_trial:
            self._report_evidence(was_on_trial, has_failed=has_failed)
        elif has_failed:
            self._open_trial()
        if has_failed:
            # Nobody else opens the circuit: a failure that is over is no outage any more.
            self._trip_if_proved()

    def _report_probe(self, *, has_failed: bool) -> None:
        now, by = self._environment.clock(), self._environment.id
        if has_failed:
            self._save(self._circuit.probe_failed(now, self._limits, by))
        else:
            self._save(self._circuit.probe_answered(now, by))

    def _report_evidence(self, trial_id: str, *, has_failed: bool) -> None:
        self._calls += 1
        self._failures += has_failed
        elapsed_s = self._environment.elapsed_s()
        if elapsed_s < self._may_vote_at_s:
            return
        self._may_vote_at_s = elapsed_s + self._limits.vote_interval_s
        ballot = Ballot(trial_id, self._seat, self._calls, self._failures)
        # A vote that is lost is better than one that may count twice.
        self._calls = self._failures = 0
        self._write(lambda: self._store.vote(self._name, ballot))

    def _open_trial(self) -> None:
        now = self._environment.clock()
        circuit = self._circuit
        is_blind = self._environment.elapsed_s() < self._blind_until_s
        if is_blind or not circuit.may_be_tried(now, self._limits):
            return
        self._trial_count += 1
        trial = Trial(f"{self._environment.id}.{self._trial_count}", now)
        self._write(lambda: self._store.open_trial(self._name, trial, instead_of=circuit.trial))

    def _trip_if_proved(self) -> None:
        now = self._environment.clock()
        if self._circuit.must_trip(now, self._limits):
            self._save(self._circuit.tripped(now, self._limits, self._environment.id))

    def _view(self) -> Circuit:
        """Return the circuit, seen no longer ago than the limits allow."""
        if self._environment.elapsed_s() >= self._stale_at_s:
            if not self._write(lambda: self._store.get(self._name)):
                self._see(Circuit(self._name))
            self._step_up_if_time()
        return self._circuit

    def _step_up_if_time(self) -> None:
        now = self._environment.clock()
        if self._circuit.may_step_up(now, self._limits):
            self._save(self._circuit.stepped_up(now, self._environment.id))

    def _save(self, wanted: Circuit) -> bool:
        """Record a state, and tell whether it is what is stored now."""
        before = self._circuit
        if self._write(lambda: self._store.save(wanted, instead_of=before)):
            return _is_same_move(self._circuit, wanted)
        if self._unmoved_since_s is None:
            self._unmoved_since_s = self._environment.elapsed_s()
        return False

    def _write(self, ask: Callable[[], Circuit]) -> bool:
        """See what the store answers, and tell whether it did."""
        try:
            circuit = ask()
        except Exception as error:
            # Whatever it is: the breaker must not be an outage of its own, or hide an answer.
            self._watch.blind(self._name, error)
            self._blind_until_s = self._environment.elapsed_s() + self._limits.vote_interval_s
            return False
        self._see(circuit)
        return True

    def _see(self, circuit: Circuit) -> None:
        old, new = self._circuit.trial, circuit.trial
        if old is None or new is None or old.id != new.id:
            self._calls = self._failures = 0
            self._may_vote_at_s = float("-inf")
        if circuit.version != self._circuit.version:
            self._unmoved_since_s = None
        self._circuit = circuit
        self._tell(circuit.transition)
        limits = self._limits
        is_on_trial = circuit.is_on_trial(self._environment.clock(), limits)
        is_calm = circuit.is_quiet and not is_on_trial
        age_s = limits.cache_s_max if is_calm else limits.cache_alert_s_max
        age_s *= 1 - JITTER * self._environment.draw()
        self._stale_at_s = self._environment.elapsed_s() + age_s

    def _tell(self, transition: Transition | None) -> None:
        """Tell of what this environment has moved, also if the answer to that was lost."""
        if transition is None or transition.by != self._environment.id:
            return
        if transition.number > self._told_number:
            self._told_number = transition.number
            self._watch.moved(self._name, transition)


def _is_same_move(stored: Circuit, wanted: Circuit) -> bool:
    """Whether what is stored is what was wanted, whatever votes have come since."""
    return (stored.version, stored.moved_at, stored.probe, stored.transition) == (
        wanted.version,
        wanted.moved_at,
        wanted.probe,
        wanted.transition,
    )
