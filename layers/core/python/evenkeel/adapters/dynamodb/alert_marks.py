"""Marks of the alerts that were sent, beside the receipts of the folds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from evenkeel.adapters.dynamodb.writes import new_item, put_new
from evenkeel.adapters.failures import CONDITION_FAILED_ERROR, code_of, translated
from evenkeel.clock import Clock, to_rfc3339
from evenkeel.errors import StoreBusy, StoreUnconfirmed
from evenkeel.events.ports import Claim

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# A stream keeps a record for 24 h, so nothing can come again after that.
MARK_KEPT = timedelta(hours=48)
LONG_AGO = "0"  # Before every time as text.


class DynamoDBAlertMarks:
    def __init__(self, client: DynamoDBClient, checkpoints_table: str, *, clock: Clock) -> None:
        self._client = client
        self._table = checkpoints_table
        self._clock = clock

    def claim(self, alert_id: str, now: datetime, until: datetime) -> Claim:
        item = self._item(alert_id) | {"claimed_until": {"S": to_rfc3339(until)}}
        is_free = "attribute_not_exists(id) OR claimed_until < :now"
        with translated(StoreBusy, StoreUnconfirmed):
            existing = put_new(
                self._client,
                {
                    **new_item(self._table, item),
                    "ConditionExpression": is_free,
                    "ExpressionAttributeValues": {":now": {"S": to_rfc3339(now)}},
                },
            )
        if existing is None:
            return Claim.MINE
        return Claim.TAKEN if "claimed_until" in existing else Claim.SENT

    def free(self, alert_id: str) -> None:
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                self._client.put_item(
                    TableName=self._table,
                    Item=self._item(alert_id) | {"claimed_until": {"S": LONG_AGO}},
                    ConditionExpression="attribute_exists(claimed_until)",
                )
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise

    def keep(self, alert_id: str) -> None:
        with translated(StoreBusy, StoreUnconfirmed):
            self._client.put_item(TableName=self._table, Item=self._item(alert_id))

    def _item(self, alert_id: str) -> dict[str, AttributeValueTypeDef]:
        expires_at = int((self._clock() + MARK_KEPT).timestamp())
        return {"id": {"S": _key(alert_id)}, "expires_at": {"N": str(expires_at)}}


def _key(alert_id: str) -> str:
    return f"alert/{alert_id}"
