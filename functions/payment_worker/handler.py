"""The queue of payments whose clients were content to be told later."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.deadlines import deadline_of
from evenkeel.entrypoints.messages import failures_of
from evenkeel.payments.answers import Attempt
from functions.payment_worker.schema import WaitingMessage


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    attempt = Attempt(context.aws_request_id, deadline_of(context))
    return failures_of(
        event["Records"],
        lambda body: bootstrap.payment_worker().work(
            WaitingMessage.model_validate_json(body).waiting(), attempt
        ),
    )
