"""What the steps of a long run leave behind, beside the receipts of the folds.

Two may do the same step at once, if one of them is believed dead. The pages of both lie side
by side then, named after what is in them, and nobody reads a mixture.
"""

from __future__ import annotations

import hashlib
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
        texts = [document(page) for page in pages]
        edition = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        for number, text in enumerate(texts):
            self._put(_page_key(name, edition, number), page={"S": text})
        # It says which pages are the step's: until it is written the old ones are.
        count = {"N": str(len(texts))}
        self._put(_key(name), edition={"S": edition}, page_count=count)

    def load(self, name: str) -> Sequence[Mapping[str, Any]]:
        step = self._get(_key(name))
        edition, count = step["edition"]["S"], int(step["page_count"]["N"])
        items = [self._get(_page_key(name, edition, number)) for number in range(count)]
        return [json.loads(item["page"]["S"]) for item in items]

    def _put(self, key: str, **attributes: Any) -> None:
        expires_at = {"N": str(int((self._clock() + STEP_KEPT).timestamp()))}
        item = {"id": {"S": key}, "expires_at": expires_at, **attributes}
        with translated(StoreBusy, StoreUnconfirmed):
            self._client.put_item(TableName=self._table, Item=item)

    def _get(self, key: str) -> Any:
        with reading(StoreBusy):
            found = self._client.get_item(
                TableName=self._table, Key={"id": {"S": key}}, ConsistentRead=True
            )
        return found["Item"]


def _key(name: str) -> str:
    return f"step/{name}"


def _page_key(name: str, edition: str, number: int) -> str:
    return f"{_key(name)}/{edition}/{number}"
