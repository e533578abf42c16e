"""Every minute, and on demand: settles the payments whose outcome was left open.

It also looks whether reconciliation goes on, which must be somebody else than reconciliation.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.deadlines import deadline_of
from evenkeel.entrypoints.heartbeat import check_heartbeat
from evenkeel.payments.answers import Attempt
from functions.sweeper.schema import SweepReply

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    request_id = context.aws_request_id
    logger.clear_state()
    logger.append_keys(request_id=request_id)
    check_heartbeat()
    sweep = bootstrap.sweeper().sweep(Attempt(request_id, deadline_of(context)))
    reply = SweepReply.of(sweep).model_dump(mode="json")
    logger.info("swept", **reply)
    if sweep.errors:
        raise sweep.errors[0]  # So that the sweep is kept among those that failed.
    return reply
