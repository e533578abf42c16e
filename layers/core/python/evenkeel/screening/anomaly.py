"""What is remarkable about a payment, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from evenkeel.events.model import Severity

RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Rule(StrEnum):
    VELOCITY_EXCEEDED = "VELOCITY_EXCEEDED"
    LARGE_AMOUNT = "LARGE_AMOUNT"
    FAILED_STREAK = "FAILED_STREAK"
    DUPLICATE_AMOUNT = "DUPLICATE_AMOUNT"
    UNUSUAL_BEHAVIOUR = "UNUSUAL_BEHAVIOUR"  # Learned, and known only after the payment was made.


SEVERITIES = {
    Rule.VELOCITY_EXCEEDED: Severity.HIGH,
    Rule.LARGE_AMOUNT: Severity.MEDIUM,
    Rule.FAILED_STREAK: Severity.HIGH,
    Rule.DUPLICATE_AMOUNT: Severity.MEDIUM,
    Rule.UNUSUAL_BEHAVIOUR: Severity.MEDIUM,
}


class AnomalyStatus(StrEnum):
    CLEAR = "CLEAR"
    FLAGGED = "FLAGGED"
    UNAVAILABLE = "UNAVAILABLE"  # What could be said without the windows is clear.


@dataclass(frozen=True, slots=True)
class Anomaly:
    """What the rules say of a payment. None of them has ever stopped one.

    Attributes:
        reasons: The rules that it meets, each once.
        shadows: Rules on trial that it meets too: they are recorded, and flag nothing.
    """

    status: AnomalyStatus
    reasons: Sequence[Rule] = ()
    shadows: Sequence[Rule] = ()

    @property
    def is_flagged(self) -> bool:
        return self.status is AnomalyStatus.FLAGGED

    @property
    def severity(self) -> Severity | None:
        """The highest of its reasons'."""
        severities = (SEVERITIES[rule] for rule in self.reasons)
        return max(severities, key=RANKS.__getitem__, default=None)

    def with_reason(self, rule: Rule) -> Anomaly:
        """Return what is known once another rule is met; twice is the same as once."""
        if rule in self.reasons:
            return self
        return replace(self, status=AnomalyStatus.FLAGGED, reasons=(*self.reasons, rule))


@dataclass(frozen=True, slots=True)
class Unusual:
    """What the learned model has found in a payment, some time after it was made.

    Attributes:
        score: From 0, as always, to 1, like nothing before.
        causes: What made it so, each in a few words.
    """

    at: datetime
    score: float
    causes: Sequence[str]


CLEAR = Anomaly(AnomalyStatus.CLEAR)
UNKNOWN = Anomaly(AnomalyStatus.UNAVAILABLE)
