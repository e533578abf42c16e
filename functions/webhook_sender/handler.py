"""Posts one delivery to its endpoint, or puts it back until its time has come."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.messages import failures_of
from functions.webhook_sender.schema import DueMessage


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return failures_of(event["Records"], _send)


def _send(body: str) -> None:
    bootstrap.webhook_sender().send(DueMessage.model_validate_json(body).due())
