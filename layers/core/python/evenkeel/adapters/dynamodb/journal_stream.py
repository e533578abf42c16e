"""Records of the ledger table's stream as records of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from evenkeel.adapters.dynamodb.item import client_of, id_of
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.events.ports import UnreadableRecord
from evenkeel.ledger.folding import movements
from evenkeel.ledger.ports import JournalRecord, JournalTampered, Tampering
from evenkeel.ledger.transfer import Transfer


class DynamoDBJournalStream:
    def read(self, raw: Mapping[str, Any]) -> JournalRecord | None:
        change = raw["dynamodb"]
        if raw["eventName"] != "INSERT":
            raise JournalTampered(_tampering(raw["eventName"], change))
        try:
            record = RecordItem.stored(change["NewImage"]).record()
            if isinstance(record, Transfer):
                movements([record])  # An account of a kind that is not known here stops no shard.
        except Exception as error:
            # Whatever it is: one record that nobody can read must not stop the others.
            message = f"not a record of ours: {type(error).__name__}"
            raise UnreadableRecord(message) from error
        if not isinstance(record, Transfer):
            return None
        return JournalRecord(int(change["SequenceNumber"]), record)


def _tampering(name: str, change: Mapping[str, Any]) -> Tampering:
    key = change["Keys"]["id"]["S"]
    return Tampering(
        client_id=client_of(key),
        transfer_id=id_of(key),
        change=name,
        sequence=change["SequenceNumber"],
        occurred_at=datetime.fromtimestamp(change.get("ApproximateCreationDateTime", 0), UTC),
        before=change.get("OldImage"),
        after=change.get("NewImage"),
    )
