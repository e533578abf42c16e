from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

CLOSED, OPEN, HALF_OPEN = "CLOSED", "OPEN", "HALF_OPEN"


@dataclass(slots=True)
class Sent:
    """A call that has reached the dependency."""

    at_s: float
    circuit: str
    is_faulty: bool


@dataclass(frozen=True, slots=True)
class Move:
    at_s: float
    circuit: str
    state: str


@dataclass(slots=True)
class Recovery:
    """One time that a circuit was half-open.

    Attributes:
        sent: Calls before the first of them was answered well.
        at_once: The most of these that were under way at the same time.
    """

    sent: int = 0
    at_once: int = 0
    under_way: int = 0
    is_answered: bool = False


@dataclass
class Journal:
    """What has happened to each request, and to each circuit."""

    sent: list[Sent] = field(default_factory=list)
    refused: list[tuple[float, bool]] = field(
        default_factory=list
    )  # And would it have met a fault?
    turned_away: list[float] = field(default_factory=list)  # No environment was idle.
    moves: list[Move] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    _current: dict[str, Recovery] = field(default_factory=dict)
    _states: dict[str, str] = field(default_factory=lambda: defaultdict(lambda: CLOSED))

    def is_closed(self, circuit: str) -> bool:
        return self._states[circuit] == CLOSED

    def state_is(self, at_s: float, circuit: str, state: str) -> None:
        if self._states[circuit] == state:
            return
        self._states[circuit] = state
        self.moves.append(Move(at_s, circuit, state))
        self._current.pop(circuit, None)
        if state == HALF_OPEN:
            self._current[circuit] = Recovery()
            self.recoveries.append(self._current[circuit])

    def began(self, at_s: float, circuit: str, *, is_faulty: bool) -> Recovery:
        recovery = self._current.get(circuit)
        self.sent.append(Sent(at_s, circuit, is_faulty))
        if recovery is None or recovery.is_answered:
            return Recovery()
        recovery.sent += 1
        recovery.under_way += 1
        recovery.at_once = max(recovery.at_once, recovery.under_way)
        return recovery

    @staticmethod
    def ended(recovery: Recovery, *, is_well: bool) -> None:
        recovery.under_way -= 1
        recovery.is_answered = recovery.is_answered or is_well
