"""A batch of the ledger's stream, folded; what cannot be read is set aside, not in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools import Logger

from evenkeel import bootstrap
from evenkeel.ledger.ports import JournalRecord, UnreadableRecord

logger = Logger()


def fold_batch(raw_records: Sequence[Mapping[str, Any]]) -> None:
    """Fold a batch of one shard. An error means that it must come again, as a whole."""
    journal = bootstrap.journal_stream()
    records: list[JournalRecord] = []
    for raw in raw_records:
        try:
            record = journal.read(raw)
        except UnreadableRecord as error:
            logger.exception("quarantined", event_id=raw.get("eventID"))
            bootstrap.quarantine().put(raw, reason=str(error))
            continue
        if record is not None:
            records.append(record)
    folded_count = bootstrap.folding().fold(records)
    logger.info("folded", records=len(raw_records), transfers=folded_count)
