"""The reports' stream: tells when a mismatch comes up and ends, and when a run is over."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.event_data import shown_mismatch, shown_run
from evenkeel.entrypoints.outbox import publish_batch
from evenkeel.events.model import Event
from evenkeel.reconciliation.events import events_of_mismatch, events_of_run


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    publish_batch(event["Records"], _events_of)


def _events_of(raw: Mapping[str, Any]) -> Sequence[Event]:
    stream = bootstrap.report_stream()
    if (runs := stream.runs(raw)) is not None:
        return events_of_run(*runs, shown_run)
    mismatches = stream.mismatches(raw)
    return () if mismatches is None else events_of_mismatch(*mismatches, shown_mismatch)
