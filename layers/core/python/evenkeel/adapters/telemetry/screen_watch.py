"""What screening finds, and what it cannot see, in the log and as metrics."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from evenkeel.adapters.telemetry.metrics import counted
from evenkeel.errors import EvenkeelError
from evenkeel.screening.anomaly import Anomaly
from evenkeel.screening.windows import Entry

UNAVAILABLE = "ScreeningUnavailable"
FLAGGED = "PaymentsFlagged"

logger = Logger()


class LoggingScreenWatch:
    def unavailable(self, error: Exception) -> None:
        # Windows that are away are to be expected; a policy that nobody can read is to be mended.
        log = logger.warning if isinstance(error, EvenkeelError) else logger.error
        log("a request was not screened", cause=repr(error), **counted(UNAVAILABLE, {}))

    def flagged(self, entry: Entry, anomaly: Anomaly) -> None:
        logger.info(
            "a payment is remarkable",
            payment_id=entry.payment_id,
            user_id=entry.person.user_id,
            reasons=list(anomaly.reasons),
            shadows=list(anomaly.shadows),
            **(counted(FLAGGED, {"severity": anomaly.severity}) if anomaly.severity else {}),
        )
