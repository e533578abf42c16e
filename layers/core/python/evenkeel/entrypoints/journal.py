"""A batch of the ledger's stream: folded, and then noted and told to the bus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from evenkeel import bootstrap
from evenkeel.entrypoints.event_data import shown_tampering, shown_transfer
from evenkeel.entrypoints.outbox import Outbox
from evenkeel.events.model import Alert
from evenkeel.ledger.events import alert_of_tampering, event_of_tampering, events_of
from evenkeel.ledger.ports import JournalRecord, JournalTampered, Tampering

logger = Logger()


def fold_and_publish(raw_records: Sequence[Mapping[str, Any]]) -> None:
    """Work off a batch of one shard. An error means that it must come again, as a whole."""
    journal, changes = bootstrap.journal_stream(), bootstrap.journal_changes()
    outbox, alerts = Outbox(), list[Alert]()
    records: list[JournalRecord] = []
    for raw in raw_records:
        outbox.note(raw, changes)
        try:
            record = journal.read(raw)
        except JournalTampered as error:
            alerts.append(_tell(outbox, raw, error.tampering))
            outbox.set_aside(raw, error)
            continue
        except Exception as error:
            # Whatever it is: one record that nobody can read must not stop the others.
            outbox.set_aside(raw, error)
            continue
        if record is not None:
            records.append(record)
            outbox.take(raw, partial(events_of, record.transfer, shown_transfer))
    try:
        folded_count = bootstrap.folding().fold(records)
        logger.info("folded", records=len(raw_records), transfers=folded_count)
        outbox.empty()
    finally:
        # Whatever else is down: people hear of this, and not at every attempt again.
        for alert in alerts:
            bootstrap.alerts_once().send(alert)


def _tell(outbox: Outbox, raw: Mapping[str, Any], tampering: Tampering) -> Alert:
    try:
        event = event_of_tampering(tampering, shown_tampering)
    except Exception as error:
        # Whatever it is: what nobody can show has to be said all the more, and stops nobody.
        outbox.set_aside(raw, error)
        return alert_of_tampering(event_of_tampering(tampering, lambda _: {}), tampering)
    outbox.add(raw, [event])
    return alert_of_tampering(event, tampering)
