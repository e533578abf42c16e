"""Whether what we depend on is there, by asking it about itself: nothing is written or invoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient


class Unhealthy(Exception):
    """It answers, and says that it is not well."""


def ping_table(client: DynamoDBClient, table_name: str) -> None:
    status = client.describe_table(TableName=table_name)["Table"]["TableStatus"]
    if status not in ("ACTIVE", "UPDATING"):
        raise Unhealthy(status)


def ping_function(client: LambdaClient, function_name: str) -> None:
    """A function whose concurrency is reserved down to nothing cannot answer anybody."""
    concurrency = client.get_function_concurrency(FunctionName=function_name)
    if concurrency.get("ReservedConcurrentExecutions") == 0:
        raise Unhealthy("stopped")
