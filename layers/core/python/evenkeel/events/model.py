"""What happened, as others hear of it: one record for each event, the same whenever it is told.

An event is made from what a table's stream says, and from nothing else: no clock,
no random id. So a redelivery makes the same event again, byte for byte, and
whoever has seen its id has seen all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from evenkeel.clock import to_rfc3339
from evenkeel.ids import derived_id

EVENT_PREFIX = "evt"
ALERT_PREFIX = "alr"


class Source(StrEnum):
    PAYMENTS = "payments"
    LEDGER = "ledger"
    RELIABILITY = "reliability"


class EventType(StrEnum):
    PAYMENT_CREATED = "PaymentCreated"
    PAYMENT_AUTHORIZED = "PaymentAuthorized"
    PAYMENT_COMPLETED = "PaymentCompleted"
    PAYMENT_FAILED = "PaymentFailed"
    PAYMENT_CANCELLED = "PaymentCancelled"
    PAYMENT_REFUNDED = "PaymentRefunded"
    PAYMENT_FLAGGED = "PaymentFlagged"
    TRANSFER_POSTED = "TransferPosted"
    HOLD_PLACED = "HoldPlaced"
    HOLD_RELEASED = "HoldReleased"
    LEDGER_TAMPERED = "LedgerTampered"
    CIRCUIT_OPENED = "CircuitOpened"
    CIRCUIT_HALF_OPENED = "CircuitHalfOpened"
    CIRCUIT_CLOSED = "CircuitClosed"
    MISMATCH_FOUND = "MismatchFound"
    MISMATCH_RESOLVED = "MismatchResolved"
    RECONCILIATION_COMPLETED = "ReconciliationCompleted"


_S, _T = Source, EventType
SOURCES: Mapping[EventType, Source] = {
    **{each: _S.PAYMENTS for each in _T if each.startswith("Payment")},
    _T.TRANSFER_POSTED: _S.LEDGER,
    _T.HOLD_PLACED: _S.LEDGER,
    _T.HOLD_RELEASED: _S.LEDGER,
    _T.LEDGER_TAMPERED: _S.LEDGER,
    _T.CIRCUIT_OPENED: _S.RELIABILITY,
    _T.CIRCUIT_HALF_OPENED: _S.RELIABILITY,
    _T.CIRCUIT_CLOSED: _S.RELIABILITY,
    _T.MISMATCH_FOUND: _S.RELIABILITY,
    _T.MISMATCH_RESOLVED: _S.RELIABILITY,
    _T.RECONCILIATION_COMPLETED: _S.RELIABILITY,
}


class Severity(StrEnum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about: one version of one object."""

    client_id: str | None  # None for what belongs to nobody, such as a circuit.
    object_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened, for good.

    Attributes:
        data: What JSON can hold, in camelCase.
    """

    id: str
    type: EventType
    subject: Subject
    occurred_at: datetime
    data: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        type_: EventType,
        subject: Subject,
        occurred_at: datetime,
        data: Mapping[str, Any],
        *,
        part: str = "",
    ) -> Event:
        """Return the event under an id that is derived from what it stands for.

        A *part* tells events apart that are of one type and about one version of an object.
        """
        about = (subject.client_id or "", subject.object_id, str(subject.version))
        id_ = derived_id(EVENT_PREFIX, *about, type_, part)
        return cls(id_, type_, subject, occurred_at, data)

    @property
    def source(self) -> Source:
        return SOURCES[self.type]

    @property
    def client_id(self) -> str | None:
        return self.subject.client_id

    @property
    def object_id(self) -> str:
        return self.subject.object_id

    @property
    def version(self) -> int:
        """Whoever has seen a higher version of the same object has newer news than this."""
        return self.subject.version

    def envelope(self) -> dict[str, Any]:
        """Return the event as it is published; its source and type are on the outside too."""
        return {
            "id": self.id,
            "type": self.type.value,
            "version": self.version,
            "clientId": self.client_id,
            "occurredAt": to_rfc3339(self.occurred_at),
            "data": dict(self.data),
        }


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person must hear of now.

    Attributes:
        id: The same for the same cause, so that whoever gets it twice can tell.
        type: What people filter by; never changes.
        data: What programs read of it, and what JSON can hold, in camelCase.
        next_steps: What to do about it, the first thing first.
    """

    id: str
    type: str
    severity: Severity
    title: str  # A line: topics make it the subject of a mail.
    detail: str
    occurred_at: datetime
    client_id: str | None = None
    object_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    next_steps: Sequence[str] = ()

    @classmethod
    def about(cls, event: Event, severity: Severity, *, title: str, detail: str) -> Alert:
        """Return the alert that goes with an event, under an id derived from the event's."""
        return cls(
            derived_id(ALERT_PREFIX, event.id),
            event.type.value,
            severity,
            title,
            detail,
            event.occurred_at,
            event.client_id,
            event.object_id,
        )
