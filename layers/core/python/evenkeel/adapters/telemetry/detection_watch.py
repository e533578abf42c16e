"""What the learned model finds, and what it cannot learn, in the log and as metrics."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from evenkeel.adapters.telemetry.metrics import counted
from evenkeel.adapters.telemetry.screen_watch import FLAGGED
from evenkeel.learning.occurrence import Occurrence
from evenkeel.screening.anomaly import SEVERITIES, Rule, Unusual
from evenkeel.screening.rules import Mode

UNSHARED = "ModelUnshared"

logger = Logger()


class LoggingDetectionWatch:
    def found(self, occurrence: Occurrence, unusual: Unusual, mode: Mode) -> None:
        severity = SEVERITIES[Rule.UNUSUAL_BEHAVIOUR]
        logger.info(
            "a payment is unusual",
            payment_id=occurrence.payment_id,
            user_id=occurrence.person.user_id,
            score=unusual.score,
            causes=list(unusual.causes),
            mode=mode,
            **(counted(FLAGGED, {"severity": severity}) if mode is Mode.ON else {}),
        )

    def unshared(self, error: Exception) -> None:
        logger.warning("the model is not shared", cause=repr(error), **counted(UNSHARED, {}))
