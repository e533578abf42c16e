"""The payments' events, as far as they show an attack: failures are counted, flags alerted.

What is unusual for a user is learned from the payments themselves.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.messages import failures_of
from evenkeel.events.model import EventType
from evenkeel.screening.alerting import alerts_of
from functions.anomaly_scorer.schema import EventMessage

# Whether the wallet has paid, or holds what it will pay, is the same here.
OUTCOMES = {
    EventType.PAYMENT_AUTHORIZED,
    EventType.PAYMENT_COMPLETED,
    EventType.PAYMENT_FAILED,
}


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return failures_of(event["Records"], _hear)


def _hear(body: str) -> None:
    message = EventMessage.model_validate_json(body)
    heard = message.detail
    # Of what is replayed nobody can tell whether it was learned before.
    if heard.type is EventType.PAYMENT_CREATED and not message.is_replayed:
        bootstrap.detection().hear(heard.occurrence())
    if heard.type in OUTCOMES:
        bootstrap.screening().note([heard.outcome()])
    if heard.type is EventType.PAYMENT_FLAGGED:
        for alert in alerts_of(heard.flag()):
            bootstrap.alerts_once().send(alert)
