"""Alerts that are raised at every attempt at a batch, and reach people once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from evenkeel.errors import EvenkeelError
from evenkeel.events.model import Alert
from evenkeel.events.ports import AlertMarks, Alerts


@dataclass(frozen=True, slots=True)
class AlertsOnce:
    """Leaves out what has been sent. Rather twice than never: marks may be out of reach."""

    alerts: Alerts
    marks: AlertMarks

    def send(self, alert: Alert) -> None:
        if self._was_sent(alert):
            return
        self.alerts.send(alert)
        with suppress(EvenkeelError):
            self.marks.keep(alert.id)

    def _was_sent(self, alert: Alert) -> bool:
        try:
            return self.marks.has(alert.id)
        except EvenkeelError:
            return False
