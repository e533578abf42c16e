"""What was changed, on pages: an item for what one batch of a stream brings to one shard.

A page's sort key begins with the time, so that a stretch of time is a range. It ends with
an id that is derived from the contents: at the same time, only the same has the same key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from evenkeel.adapters.dynamodb.item import document
from evenkeel.adapters.failures import TurnedAway, reading, translated
from evenkeel.clock import to_rfc3339
from evenkeel.errors import StoreBusy, StoreUnconfirmed
from evenkeel.ids import derived_id
from evenkeel.reconciliation.changes import Change, ChangedObject, Stretch, bucket_of, by_shard

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAGE_PREFIX = "pag"


class DynamoDBChangeLog:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def note(self, changes: Sequence[Change], now: datetime) -> None:
        pages: Any = [
            {"PutRequest": {"Item": _page(shard, its, now)}}
            for shard, its in by_shard(changes).items()
        ]
        if not pages:
            return
        with translated(StoreBusy, StoreUnconfirmed):
            answer = self._client.batch_write_item(RequestItems={self._table_name: pages})
            if answer.get("UnprocessedItems"):
                raise TurnedAway

    def read(self, stretch: Stretch) -> Iterator[Change]:
        asked: dict[str, Any] = {
            "TableName": self._table_name,
            # No page is at the end itself, which an id follows in every key.
            "KeyConditionExpression": "id = :id AND page BETWEEN :since AND :until",
            "ExpressionAttributeValues": {
                ":id": {"S": _bucket_key(stretch.bucket, stretch.shard)},
                ":since": {"S": to_rfc3339(stretch.since)},
                ":until": {"S": to_rfc3339(stretch.until)},
            },
            "ProjectionExpression": "changes",
            "ConsistentRead": True,
        }
        while asked:
            with reading(StoreBusy):
                answer = self._client.query(**asked)
            for page in answer["Items"]:
                yield from map(_change, json.loads(page["changes"]["S"]))
            last = answer.get("LastEvaluatedKey")
            asked = {**asked, "ExclusiveStartKey": last} if last else {}


def _page(shard: int, changes: Sequence[Change], now: datetime) -> Mapping[str, Any]:
    contents = document([_line(change) for change in changes])
    return {
        "id": {"S": _bucket_key(bucket_of(now), shard)},
        "page": {"S": f"{to_rfc3339(now)}/{derived_id(PAGE_PREFIX, contents)}"},
        "changes": {"S": contents},
    }


def _bucket_key(bucket: datetime, shard: int) -> str:
    return f"{to_rfc3339(bucket)}#{shard}"


def _line(change: Change) -> Sequence[str | None]:
    line = [change.client_id, change.object, change.object_id]
    # A payment has transfers beside it, and all others have wallets.
    beside = change.transfer_ids or change.account_ids
    return line if change.payment_id is None and not beside else [*line, change.payment_id, *beside]


def _change(line: Sequence[Any]) -> Change:
    client_id, object_, object_id, *rest = line
    payment_id, *beside = rest or [None]
    if object_ == ChangedObject.PAYMENT:
        of = ChangedObject.PAYMENT
        return Change(client_id, of, object_id, payment_id, transfer_ids=tuple(beside))
    return Change(client_id, ChangedObject(object_), object_id, payment_id, tuple(beside))
