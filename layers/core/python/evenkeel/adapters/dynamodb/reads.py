"""Reading several items in one call, or very many in as few as there can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from evenkeel.adapters.failures import CANCELLED, TurnedAway, busy_in, code_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH_GET_COUNT_MAX = 100


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


def get_at_one_moment(
    client: DynamoDBClient, keys: Mapping[str, Sequence[str]]
) -> Mapping[str, Sequence[Any]]:
    """Return what is stored under the keys, by table, as all of it was at one moment.

    It costs twice the units of `batch_get`, each of whose items is of a moment of its own.

    Raises:
        TurnedAway: DynamoDB is busy.
        Contended: Another transaction has one of the items in hand.
    """
    asked = [(table, id_) for table, ids in keys.items() for id_ in ids]
    gets: Any = [{"Get": {"TableName": table, "Key": {"id": {"S": id_}}}} for table, id_ in asked]
    try:
        answer: Any = client.transact_get_items(TransactItems=gets)
    except ClientError as error:
        busy = busy_in(error) if code_of(error) == CANCELLED else None
        if busy is None:
            raise
        raise busy from error
    found: dict[str, list[Any]] = {table: [] for table in keys}
    for (table, _), each in zip(asked, answer["Responses"], strict=True):
        if "Item" in each:
            found[table].append(each["Item"])
    return found


def batch_get_all(
    client: DynamoDBClient, table: str, ids: Sequence[str], *, consistent: bool
) -> Iterator[Any]:
    """Yield what is stored under any number of keys of a table, in no order.

    What DynamoDB leaves out, because an answer is full, is asked for again.

    Raises:
        TurnedAway: It has left out all of it.
    """
    rest = list(ids)
    while rest:
        keys: Any = [{"id": {"S": id_}} for id_ in rest[:BATCH_GET_COUNT_MAX]]
        answer: Any = client.batch_get_item(
            RequestItems={table: {"Keys": keys, "ConsistentRead": consistent}}
        )
        left_out = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", ())
        if len(left_out) == len(keys):
            raise TurnedAway
        yield from answer["Responses"].get(table, ())
        rest = [key["id"]["S"] for key in left_out] + rest[BATCH_GET_COUNT_MAX:]
