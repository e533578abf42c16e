"""Records of the ledger table's stream as records of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.ledger.folding import movements
from evenkeel.ledger.ports import JournalRecord, UnreadableRecord
from evenkeel.ledger.transfer import Transfer


class DynamoDBJournalStream:
    def read(self, raw: Mapping[str, Any]) -> JournalRecord | None:
        if raw["eventName"] != "INSERT":
            message = f"a record of the journal met {raw['eventName']}"
            raise UnreadableRecord(message)
        change = raw["dynamodb"]
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
