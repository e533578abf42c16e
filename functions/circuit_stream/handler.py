"""The breakers' stream: tells when a circuit opens, is tried, and closes."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.event_data import shown_transition
from evenkeel.entrypoints.outbox import publish_batch
from evenkeel.events.model import Event
from evenkeel.resilience.events import events_between


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    publish_batch(event["Records"], _events_of)


def _events_of(raw: Mapping[str, Any]) -> Sequence[Event]:
    read = bootstrap.circuit_stream().read(raw)
    return () if read is None else events_between(*read, shown_transition)
