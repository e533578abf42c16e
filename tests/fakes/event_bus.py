"""Where events, alerts and unreadable records go to in tests, and an EventBridge that fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from evenkeel.events.model import Alert, Event
from evenkeel.events.ports import Claim, Refusal

Answer = dict[str, Any]


class RecordedBus:
    """Takes everything, but for the types that it is told to refuse; or fails as a whole."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.refused_types: set[str] = set()
        self.fault: Exception | None = None

    def publish(self, events: Sequence[Event]) -> Sequence[Refusal]:
        if self.fault is not None:
            raise self.fault
        refused = [event for event in events if event.type in self.refused_types]
        self.events += [event for event in events if event not in refused]
        return [Refusal(event, "too large") for event in refused]


class RecordedAlerts:
    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.fault: Exception | None = None

    def send(self, alert: Alert) -> None:
        if self.fault is not None:
            raise self.fault
        self.alerts.append(alert)


class InMemoryAlertMarks:
    def __init__(self) -> None:
        self.kept: set[str] = set()
        self.claims: dict[str, datetime] = {}
        self.fault: Exception | None = None

    def claim(self, alert_id: str, now: datetime, until: datetime) -> Claim:
        self._answer()
        if alert_id in self.kept:
            return Claim.SENT
        if alert_id in self.claims and self.claims[alert_id] >= now:
            return Claim.TAKEN
        self.claims[alert_id] = until
        return Claim.MINE

    def free(self, alert_id: str) -> None:
        self._answer()
        self.claims.pop(alert_id, None)

    def keep(self, alert_id: str) -> None:
        self._answer()
        self.kept.add(alert_id)

    def _answer(self) -> None:
        if self.fault is not None:
            raise self.fault


class Shelf:
    """A quarantine."""

    def __init__(self) -> None:
        self.kept: list[tuple[Mapping[str, Any], str]] = []
        self.fault: Exception | None = None

    def put(self, record: Mapping[str, Any], *, reason: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.kept.append((record, reason))


class EventBridge:
    """A client with one method: entry by entry, and call by call, it takes, refuses or fails.

    Attributes:
        calls: The entries of each call, as they were sent.
        taken: The details that were taken, in order.
        judge: Says what is wrong with an entry, or None; by its detail.
        faults: Raised by the next calls, one each; None lets a call through.
        lost_answers: Raised by the next calls after what they sent was taken.
    """

    def __init__(self) -> None:
        self.calls: list[list[Answer]] = []
        self.taken: list[Answer] = []
        self.judge: Callable[[Answer], str | None] = lambda _: None
        self.faults: list[Exception | None] = []
        self.lost_answers: list[Exception | None] = []

    def put_events(self, *, Entries: Sequence[Answer]) -> Answer:  # noqa: N803 - botocore's.
        self.calls.append(list(Entries))
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        answers = [self._answer(json.loads(entry["Detail"])) for entry in Entries]
        lost = self.lost_answers.pop(0) if self.lost_answers else None
        if lost is not None:
            raise lost
        failed_count = sum("ErrorCode" in answer for answer in answers)
        return {"FailedEntryCount": failed_count, "Entries": answers}

    def _answer(self, detail: Answer) -> Answer:
        code = self.judge(detail)
        if code is not None:
            return {"ErrorCode": code, "ErrorMessage": "said why"}
        self.taken.append(detail)
        return {"EventId": f"event {len(self.taken)}"}
