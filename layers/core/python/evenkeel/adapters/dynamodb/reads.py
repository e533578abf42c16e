"""Reading several items in one call, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evenkeel.adapters.failures import TurnedAway

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def batch_get(
    client: DynamoDBClient, keys: Mapping[str, Sequence[str]]
) -> Mapping[str, Sequence[Any]]:
    """Return what is stored under the keys, by table, strongly consistent; at most 100 keys.

    Raises:
        TurnedAway: DynamoDB has left some of them out, which says nothing of what is there.
    """
    asked: Any = {
        table: {"Keys": [{"id": {"S": id_}} for id_ in ids], "ConsistentRead": True}
        for table, ids in keys.items()
        if ids  # A table of which nothing is asked must not be named.
    }
    answer = client.batch_get_item(RequestItems=asked)
    if answer.get("UnprocessedKeys"):
        raise TurnedAway
    found = answer["Responses"]
    return {table: found.get(table, ()) for table in keys}
