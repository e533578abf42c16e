"""What goes wrong in a sweep, in the log and as a metric. For several threads at once.

The logger's own keys are shared between them, so each line brings its fields along.
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_lambda_powertools import Logger

from evenkeel.adapters.telemetry.metrics import counted
from evenkeel.payments.ports import PaymentKey

METRIC = "SweepFailures"

logger = Logger()


class LoggingSweepWatch:
    def failed(self, key: PaymentKey, transfer_id: str | None, error: Exception) -> None:
        logger.error(
            "a payment could not be looked after",
            client_id=key.client_id,
            payment_id=key.payment_id,
            transfer_id=transfer_id,
            exc_info=error,
            **counted(METRIC, {"of": "payment"}),
        )

    def broke_off(self, shards: Sequence[int], error: Exception) -> None:
        logger.error(
            "a lane of the sweep broke off",
            shards=list(shards),
            exc_info=error,
            **counted(METRIC, {"of": "lane"}),
        )
