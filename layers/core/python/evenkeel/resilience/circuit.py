"""A circuit: whether a dependency is asked, and on what grounds. No IO, and time is an argument.

    CLOSED ── tripped ──▶ OPEN ── probing ──▶ HALF_OPEN ── recovered ──▶ CLOSED
                           ▲                   │   │ ▲
                           └── probe failed, ──┘   └─┘ probing (after the lease),
                               tripped                 probe answered, stepped up

In HALF_OPEN first one call of the whole fleet goes through, then a growing
share. An operator can force a circuit open or closed, from and until any state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from evenkeel.resilience.limits import Limits
from evenkeel.resilience.trial import Trial, Verdict

RAMP = (0.01, 0.1, 0.5)  # Shares of the calls that go through, step by step; then all do.
FORCED_RETRY_AFTER = timedelta(seconds=30)
RETRY_AFTER_MIN = timedelta(seconds=1)


class CircuitState(StrEnum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"
    FORCED_OPEN = "FORCED_OPEN"
    FORCED_CLOSED = "FORCED_CLOSED"


class Signal(StrEnum):
    """What moves a circuit."""

    TRIPPED = "tripped"  # The evidence says that there is an outage.
    PROBING = "probing"  # Somebody has taken the lease to send the one probe.
    PROBE_ANSWERED = "probe_answered"
    PROBE_FAILED = "probe_failed"
    STEPPED_UP = "stepped_up"
    RECOVERED = "recovered"
    FORCED_OPEN = "forced_open"
    FORCED_CLOSED = "forced_closed"
    SET_FREE = "set_free"


_S, _G = CircuitState, Signal
TRANSITIONS: Mapping[tuple[CircuitState, Signal], CircuitState] = {
    (_S.CLOSED, _G.TRIPPED): _S.OPEN,
    (_S.OPEN, _G.PROBING): _S.HALF_OPEN,
    (_S.HALF_OPEN, _G.PROBING): _S.HALF_OPEN,
    (_S.HALF_OPEN, _G.PROBE_ANSWERED): _S.HALF_OPEN,
    (_S.HALF_OPEN, _G.PROBE_FAILED): _S.OPEN,
    (_S.HALF_OPEN, _G.STEPPED_UP): _S.HALF_OPEN,
    (_S.HALF_OPEN, _G.TRIPPED): _S.OPEN,
    (_S.HALF_OPEN, _G.RECOVERED): _S.CLOSED,
    # After maintenance the first calls are as doubtful as after an outage.
    (_S.FORCED_OPEN, _G.SET_FREE): _S.OPEN,
    (_S.FORCED_CLOSED, _G.SET_FREE): _S.CLOSED,
    **{(state, _G.FORCED_OPEN): _S.FORCED_OPEN for state in CircuitState},
    **{(state, _G.FORCED_CLOSED): _S.FORCED_CLOSED for state in CircuitState},
}


class IllegalSignal(Exception):
    """A circuit in this state cannot be moved so: whoever tries has an old view of it."""


class Admission(StrEnum):
    GRANTED = "granted"
    PROBE = "probe"  # Granted to whoever gets the lease.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ProbeLease:
    owner: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state, as it is kept for ever. They are numbered without a gap."""

    number: int
    version: int  # Of the circuit, with this change made.
    at: datetime
    before: CircuitState
    after: CircuitState
    signal: Signal
    by: str  # An environment, or a client of the operations API.
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Circuit:
    """One dependency, or one failure domain of it, as the whole fleet sees it.

    Attributes:
        version: Of the state; votes do not count here.
        moved_at: When the state, or the step of the ramp, began.
        retry_at: When an open circuit may be probed.
        step: The place on the ramp, from 0; None before the probe has been answered.
        transition: The latest one.
    """

    name: str
    state: CircuitState = CircuitState.CLOSED
    version: int = 0
    since: datetime | None = None
    moved_at: datetime | None = None
    retry_at: datetime | None = None
    probe: ProbeLease | None = None
    step: int | None = None
    trial: Trial | None = None
    transition: Transition | None = None

    @property
    def is_quiet(self) -> bool:
        return self.state in (CircuitState.CLOSED, CircuitState.FORCED_CLOSED)

    @property
    def is_recovering(self) -> bool:
        return self.state is CircuitState.HALF_OPEN

    @property
    def share(self) -> float:
        """The share of calls that is let through, lease holders aside."""
        if self.is_quiet:
            return 1.0
        return RAMP[self.step] if self.step is not None else 0.0

    def admission(self, now: datetime, *, by: str, draw: float) -> Admission:
        """Decide on a call of environment *by*; *draw* is random, from 0 to 1."""
        if self._awaits_probe(now, by):
            return Admission.PROBE
        return Admission.GRANTED if draw < self.share else Admission.REFUSED

    def retry_after(self, now: datetime) -> timedelta:
        """Return when it is worth while to ask again."""
        wait = timedelta()
        if self.state is CircuitState.FORCED_OPEN:
            wait = FORCED_RETRY_AFTER
        elif self.retry_at is not None:
            wait = self.retry_at - now
        return max(wait, RETRY_AFTER_MIN)

    def verdict(self, now: datetime, limits: Limits) -> Verdict:
        if self.trial is None or not self.trial.is_live(now, limits):
            return Verdict.WELL
        return self.trial.verdict(now, limits, is_recovering=self.is_recovering)

    def is_on_trial(self, now: datetime, limits: Limits) -> bool:
        """Whether what becomes of a call is evidence that is still wanted."""
        return self.share > 0 and self.verdict(now, limits) is Verdict.UNDECIDED

    def may_be_tried(self, now: datetime, limits: Limits) -> bool:
        """Whether a failure opens a trial."""
        if not self.share:
            return False
        return self.trial is None or self.trial.may_be_followed(now, limits)

    def must_trip(self, now: datetime, limits: Limits) -> bool:
        may_trip = (self.state, Signal.TRIPPED) in TRANSITIONS and self.share > 0
        return may_trip and self.verdict(now, limits) is Verdict.OUTAGE

    def may_step_up(self, now: datetime, limits: Limits) -> bool:
        """Whether this step of the ramp has lasted long enough without doubts."""
        if self.step is None or self.moved_at is None:
            return False
        is_over = now >= self.moved_at + timedelta(seconds=limits.ramp_step_s)
        has_doubts = self.verdict(now, limits) is not Verdict.WELL
        return is_over and not (has_doubts and self.trial is not None and self.trial.failures)

    def retry_share(self, now: datetime, limits: Limits) -> float:
        """Return the chance with which a failed call may be sent again at once."""
        if not self.is_quiet:
            return 0.0
        if self.trial is None or not self.trial.is_live(now, limits):
            return 1.0
        successes = self.trial.calls - self.trial.failures
        # The failure that opened the trial is one too.
        return min(1.0, limits.retry_ratio * successes / max(self.trial.failures, 1))

    def tripped(self, now: datetime, limits: Limits, by: str) -> Circuit:
        return self._cooling(self._moved(Signal.TRIPPED, now, by), now, limits)

    def probing(self, owner: str, now: datetime, limits: Limits) -> Circuit:
        """Return the circuit with the lease of its one probe in the hands of *owner*."""
        until = now + timedelta(seconds=limits.probe_s_max)
        probing = self._moved(Signal.PROBING, now, owner)
        return replace(probing, probe=ProbeLease(owner, until), retry_at=None)

    def probe_answered(self, now: datetime, by: str) -> Circuit:
        """Return the circuit on the first step of its ramp, the old evidence forgotten."""
        answered = self._moved(Signal.PROBE_ANSWERED, now, by)
        return replace(answered, probe=None, step=0, trial=None)

    def probe_failed(self, now: datetime, limits: Limits, by: str) -> Circuit:
        return self._cooling(self._moved(Signal.PROBE_FAILED, now, by), now, limits)

    def stepped_up(self, now: datetime, by: str) -> Circuit:
        """Return the circuit on the next step of its ramp, or closed after the last one."""
        assert self.step is not None
        if self.step + 1 < len(RAMP):
            return replace(self._moved(Signal.STEPPED_UP, now, by), step=self.step + 1)
        return replace(self._moved(Signal.RECOVERED, now, by), step=None)

    def forced(self, signal: Signal, now: datetime, by: str, reason: str) -> Circuit:
        """Return the circuit as an operator wants it; itself if it is so already.

        A circuit that is set free again from being open is probed at once.
        """
        if TRANSITIONS.get((self.state, signal), self.state) is self.state:
            return self
        forced = self._moved(signal, now, by, reason)
        retry_at = now if forced.state is CircuitState.OPEN else None
        return replace(forced, probe=None, step=None, retry_at=retry_at)

    def _awaits_probe(self, now: datetime, by: str) -> bool:
        if self.state is CircuitState.OPEN:
            return self.retry_at is None or now >= self.retry_at
        if self.probe is None:
            return False
        # Whoever asks is at no other call: a lease of its own is one whose grant got lost.
        return now >= self.probe.until or self.probe.owner == by

    def _cooling(self, opened: Circuit, now: datetime, limits: Limits) -> Circuit:
        retry_at = now + timedelta(seconds=limits.cool_down_s)
        return replace(opened, probe=None, step=None, retry_at=retry_at)

    def _moved(self, signal: Signal, now: datetime, by: str, reason: str | None = None) -> Circuit:
        state = TRANSITIONS.get((self.state, signal))
        if state is None:
            raise IllegalSignal(f"{self.name} is {self.state} and cannot be {signal}")
        moved = replace(self, state=state, version=self.version + 1, moved_at=now)
        if state is self.state:
            return moved
        number = self.transition.number + 1 if self.transition else 1
        version = moved.version
        transition = Transition(number, version, now, self.state, state, signal, by, reason)
        return replace(moved, since=now, transition=transition)
