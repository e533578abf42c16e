"""The bus's events, fanned out to the webhooks of their clients."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.messages import failures_of
from functions.webhooks.schema import EventMessage

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return failures_of(event["Records"], _tell)


def _tell(body: str) -> None:
    notice = EventMessage.model_validate_json(body).notice()
    if notice is not None:
        logger.append_keys(client_id=notice.client_id, event_id=notice.event_id)
        logger.append_keys(deliveries=bootstrap.fan_out().tell(notice))
