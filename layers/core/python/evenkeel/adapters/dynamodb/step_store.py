"""What the steps of a long run leave behind, beside the receipts of the folds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from evenkeel.adapters.dynamodb.item import document
from evenkeel.adapters.failures import reading, translated
from evenkeel.clock import Clock
from evenkeel.errors import StoreBusy, StoreUnconfirmed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STEP_KEPT = timedelta(days=3)


class DynamoDBStepStore:
    def __init__(self, client: DynamoDBClient, checkpoints_table: str, *, clock: Clock) -> None:
        self._client = client
        self._table = checkpoints_table
        self._clock = clock

    def save(self, name: str, pages: Sequence[Mapping[str, Any]]) -> None:
        expires_at = int((self._clock() + STEP_KEPT).timestamp())
        # The first page says how many there are, so it is written last.
        for number, page in reversed(list(enumerate(pages))):
            item: Any = {
                "id": {"S": _key(name, number)},
                "page": {"S": document(page)},
                "page_count": {"N": str(len(pages))},
                "expires_at": {"N": str(expires_at)},
            }
            with translated(StoreBusy, StoreUnconfirmed):
                self._client.put_item(TableName=self._table, Item=item)

    def load(self, name: str) -> Sequence[Mapping[str, Any]]:
        first = self._page(name, 0)
        count = int(first["page_count"]["N"])
        items = [first, *(self._page(name, number) for number in range(1, count))]
        return [json.loads(item["page"]["S"]) for item in items]

    def _page(self, name: str, number: int) -> Any:
        with reading(StoreBusy):
            found = self._client.get_item(
                TableName=self._table, Key={"id": {"S": _key(name, number)}}, ConsistentRead=True
            )
        return found["Item"]


def _key(name: str, number: int) -> str:
    return f"step/{name}/{number}"
