"""Whether reconciliation goes on: one that has stopped finds nothing, as one that is well.

It is asked by somebody else than the runs, who goes on when they do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from evenkeel.clock import Clock, to_rfc3339
from evenkeel.events.model import ALERT_PREFIX, Alert, Severity
from evenkeel.events.ports import Alerts
from evenkeel.ids import derived_id
from evenkeel.reconciliation.ports import RunStore

ALERT_TYPE = "ReconciliationMissing"

# Two runs may fail, and a third one be slow.
SILENT_FOR_MAX = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Looks how far the runs have come.

    Attributes:
        alerts: Sends what was not sent before, so that people hear of an outage once.
    """

    runs: RunStore
    alerts: Alerts
    clock: Clock

    def check(self) -> None:
        """Tell people if nothing has looked at what was changed for too long.

        Raises:
            BusBusy, BusUnconfirmed, StoreBusy: Nobody may have been told. Check again.
        """
        watermark = self.runs.watermark()
        now = self.clock()
        # Before the first run there is nothing to go by.
        if watermark is not None and now - watermark > SILENT_FOR_MAX:
            self.alerts.send(alert_of(watermark, now))


def alert_of(watermark: datetime, now: datetime) -> Alert:
    """Return what is told of an outage, under an id that it has from its beginning to its end."""
    until = to_rfc3339(watermark)
    return Alert(
        id=derived_id(ALERT_PREFIX, ALERT_TYPE, until),
        type=ALERT_TYPE,
        severity=Severity.HIGH,
        title=f"No reconciliation since {until}",
        detail=(
            f"What was changed after {until} has not been compared with the ledger: no scheduled"
            " run over changes has been completed since. Nothing is lost: the next begins there."
        ),
        occurred_at=now,
        data={"watermark": until},
        next_steps=[
            "Look at the queue RunsFailed and at the log of the function reconciliation",
            "Then go on as docs/alerting.md says, under ReconciliationMissing",
        ],
    )
