"""Marks of the alerts that were sent, beside the receipts of the folds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from evenkeel.adapters.dynamodb.writes import new_item, put_new
from evenkeel.adapters.failures import reading, translated
from evenkeel.clock import Clock
from evenkeel.errors import StoreBusy, StoreUnconfirmed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A stream keeps a record for 24 h, so nothing can come again after that.
MARK_KEPT = timedelta(hours=48)


class DynamoDBAlertMarks:
    def __init__(self, client: DynamoDBClient, checkpoints_table: str, *, clock: Clock) -> None:
        self._client = client
        self._table = checkpoints_table
        self._clock = clock

    def has(self, alert_id: str) -> bool:
        with reading(StoreBusy):
            found = self._client.get_item(
                TableName=self._table, Key={"id": {"S": _key(alert_id)}}, ConsistentRead=True
            )
        return "Item" in found

    def keep(self, alert_id: str) -> None:
        expires_at = int((self._clock() + MARK_KEPT).timestamp())
        item = {"id": {"S": _key(alert_id)}, "expires_at": {"N": str(expires_at)}}
        with translated(StoreBusy, StoreUnconfirmed):
            put_new(self._client, new_item(self._table, item))


def _key(alert_id: str) -> str:
    return f"alert/{alert_id}"
