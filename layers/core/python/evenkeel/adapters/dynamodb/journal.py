"""The ledger as payments may see it: one record at a time, and never to be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenkeel.adapters.dynamodb.item import key_of
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.adapters.failures import reading
from evenkeel.errors import LedgerBusy
from evenkeel.ledger.transfer import Record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBJournal:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        RecordItem.bind(client, table_name)

    def record(self, client_id: str, transfer_id: str) -> Record | None:
        try:
            with reading(LedgerBusy):
                item = RecordItem.get(key_of(client_id, transfer_id), consistent_read=True)
        except RecordItem.DoesNotExist:
            return None
        return item.record()
