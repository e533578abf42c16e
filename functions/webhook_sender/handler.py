"""Posts one delivery to its endpoint, or puts it back until its time has come."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.messages import failures_of
from functions.webhook_sender.schema import DueMessage

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return failures_of(event["Records"], _send)


def _send(body: str) -> None:
    due = DueMessage.model_validate_json(body).due()
    logger.append_keys(client_id=due.client_id, delivery_id=due.delivery_id, number=due.number)
    # None where there was nothing to try, or not yet.
    logger.append_keys(delivery_status=bootstrap.webhook_sender().send(due))
