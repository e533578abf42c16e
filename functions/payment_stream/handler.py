"""The payments' stream: notes which payments were changed, and tells what has become of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.event_data import shown_payment
from evenkeel.entrypoints.outbox import publish_batch
from evenkeel.events.model import Event
from evenkeel.payments.events import events_between


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    publish_batch(event["Records"], _events_of, bootstrap.payment_changes())


def _events_of(raw: Mapping[str, Any]) -> Sequence[Event]:
    before, after = bootstrap.payment_stream().read(raw)
    return events_between(before, after, shown_payment)
