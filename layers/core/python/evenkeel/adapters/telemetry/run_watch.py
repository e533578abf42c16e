"""What becomes of runs of the reconciliation, in the log and as metrics."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from evenkeel.adapters.telemetry.metrics import counted
from evenkeel.reconciliation.run import Run

COMPLETED = "RunsCompleted"
FAILED = "RunsFailed"

logger = Logger()


class LoggingRunWatch:
    def completed(self, run: Run) -> None:
        fields = counted(COMPLETED, {"scope": run.scope.value})
        logger.info("a scheduled run is over", run_id=run.id, **fields)

    def failed(self, error: Exception) -> None:
        # Without a dimension: there may be no run yet of which to say more.
        logger.error("a run could not go on", exc_info=error, **counted(FAILED, {}))
