"""Where events and alerts go to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from evenkeel.events.model import Alert, Event


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that the bus will never take, however often it is asked."""

    event: Event
    reason: str


class UnreadableRecord(Exception):
    """A record of a table's stream that is not what we write to that table."""


class EventBus(Protocol):
    def publish(self, events: Sequence[Event]) -> Sequence[Refusal]:
        """Publish events, those of one object in the order in which they are given.

        Returns:
            The events that the bus refused for good; they were in nobody's way.

        Raises:
            BusBusy, BusUnconfirmed: Some may not be published. All of them may be
                published again, and have to be, in the same order.
        """


class Alerts(Protocol):
    def send(self, alert: Alert) -> None:
        """Tell people; twice does no harm, for the id is the same.

        Raises:
            BusBusy, BusUnconfirmed: Nobody may have been told.
        """


class Claim(StrEnum):
    MINE = "mine"
    TAKEN = "taken"  # By another, who may still be at it.
    SENT = "sent"


class AlertMarks(Protocol):
    """Which alerts people have been sent, and which somebody is sending.

    Each method may raise StoreBusy or StoreUnconfirmed: then nobody knows.
    """

    def claim(self, alert_id: str, now: datetime, until: datetime) -> Claim:
        """Take an alert to send, unless it was sent or another has it."""

    def free(self, alert_id: str) -> None:
        """Give back what was claimed: it was not sent."""

    def keep(self, alert_id: str) -> None:
        """Mark an alert as sent, for longer than it may come again; twice does no harm."""


class Quarantine(Protocol):
    def put(self, record: Mapping[str, Any], *, reason: str) -> None:
        """Keep a record, whole, for somebody to look at.

        Raises:
            StoreBusy, StoreUnconfirmed: It may not be kept.
        """
