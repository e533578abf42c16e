"""Alerts that are raised at every attempt at a batch, and reach people once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from evenkeel.clock import Clock
from evenkeel.errors import BusBusy, EvenkeelError
from evenkeel.events.model import Alert
from evenkeel.events.ports import AlertMarks, Alerts, Claim

# Longer than sending takes; whoever has died over it is followed by another after that.
CLAIMED_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class AlertsOnce:
    """Leaves out what has been sent, and what another is sending.

    Rather twice than never: a mark that is out of reach stops no alert, and a claim
    whose owner has died lapses.
    """

    alerts: Alerts
    marks: AlertMarks
    clock: Clock

    def send(self, alert: Alert) -> None:
        """Tell people, once.

        Raises:
            BusBusy, BusUnconfirmed: Nobody may have been told, or another is at it: come again.
        """
        claim = self._claim(alert)
        if claim is Claim.SENT:
            return
        if claim is Claim.TAKEN:
            raise BusBusy
        try:
            self.alerts.send(alert)
        except EvenkeelError:
            with suppress(EvenkeelError):
                self.marks.free(alert.id)
            raise
        with suppress(EvenkeelError):
            self.marks.keep(alert.id)

    def _claim(self, alert: Alert) -> Claim:
        now = self.clock()
        try:
            return self.marks.claim(alert.id, now, now + CLAIMED_FOR)
        except EvenkeelError:
            return Claim.MINE
