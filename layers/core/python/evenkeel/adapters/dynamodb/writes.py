"""Conditional writes through the low-level client.

Pynamodb cannot return the old item of a single write, and it reorders the
items of a transaction, on which the order of the reasons depends.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from evenkeel.adapters.failures import (
    CANCELLED,
    CONDITION_FAILED,
    CONDITION_FAILED_ERROR,
    busy_in,
    code_of,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef, TransactWriteItemTypeDef

TOKEN_LENGTH = 36


def new_item(table_name: str, item: Mapping[str, Any]) -> PutTypeDef:
    """Return the put of an item whose id must be free; a failure brings what is there."""
    return {
        "TableName": table_name,
        "Item": item,
        "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def put_new(client: DynamoDBClient, put: PutTypeDef) -> dict[str, Any] | None:
    """Put a new item. Return nothing if it is written, or the item that has the id already."""
    try:
        client.put_item(**put)
    except ClientError as error:
        if code_of(error) != CONDITION_FAILED_ERROR:
            raise
        answer: Any = error.response
        return dict(answer["Item"])
    return None


def transact(
    client: DynamoDBClient, writes: Sequence[TransactWriteItemTypeDef]
) -> Sequence[Mapping[str, Any]]:
    """Write all of it, or nothing.

    The request's token is derived from its contents, so that the same request is
    applied once for as long as DynamoDB remembers it: ten minutes. What holds
    after that are the conditions.

    Returns:
        Nothing if it is written; else the reasons against it, one per write and in
        their order, at least one of which is a failed condition.

    Raises:
        TurnedAway: DynamoDB is busy, and nothing was written.
        Contended: The same, because another transaction has an item in hand.
    """
    try:
        client.transact_write_items(TransactItems=writes, ClientRequestToken=_token(writes))
    except ClientError as error:
        if code_of(error) != CANCELLED:
            raise
        return _reasons(error)
    return ()


def _reasons(cancelled: ClientError) -> Sequence[Mapping[str, Any]]:
    reasons = cancelled.response["CancellationReasons"]
    codes = {reason["Code"] for reason in reasons}
    # While an item is contended nothing is decided: it may be this very request,
    # sent earlier, that is under way and makes the other conditions fail.
    busy = busy_in(cancelled)
    if busy is not None:
        raise busy from cancelled
    if CONDITION_FAILED not in codes:
        raise cancelled  # A malformed request is ours to mend.
    return reasons


def _token(writes: Sequence[TransactWriteItemTypeDef]) -> str:
    contents = json.dumps(writes, sort_keys=True)
    return hashlib.sha256(contents.encode()).hexdigest()[:TOKEN_LENGTH]
