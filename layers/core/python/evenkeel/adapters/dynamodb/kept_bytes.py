"""Bytes under an id, each change of which is made over one version, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from evenkeel.adapters.failures import CONDITION_FAILED_ERROR, code_of, reading, translated
from evenkeel.clock import Clock
from evenkeel.errors import StoreBusy, StoreUnconfirmed
from evenkeel.learning.ports import Kept

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Who has not paid for so long is a new user, and what an earlier release has left is gone.
KEPT_FOR = timedelta(days=90)


class KeptBytes:
    def __init__(self, client: DynamoDBClient, table_name: str, clock: Clock) -> None:
        self._client = client
        self._table = table_name
        self._clock = clock

    def load(self, id_: str) -> Kept | None:
        with reading(StoreBusy):
            answer = self._client.get_item(
                TableName=self._table, Key={"id": {"S": id_}}, ConsistentRead=True
            )
        item = answer.get("Item")
        return Kept(item["data"]["B"], int(item["version"]["N"])) if item else None

    def save(self, id_: str, data: bytes, over: int | None) -> bool:
        """Put bytes in the place of those of one version, and say whether that is done."""
        expires_at = int((self._clock() + KEPT_FOR).timestamp())
        item: Any = {
            "id": {"S": id_},
            "data": {"B": data},
            "version": {"N": str((over or 0) + 1)},
            "expires_at": {"N": str(expires_at)},
        }
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                self._client.put_item(TableName=self._table, Item=item, **_condition(over))
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            return False
        return True


def _condition(over: int | None) -> Any:
    if over is None:
        return {"ConditionExpression": "attribute_not_exists(id)"}
    return {
        "ConditionExpression": "version = :over",
        "ExpressionAttributeValues": {":over": {"N": str(over)}},
    }
