from typing import Any, cast

import pytest
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_lambda import LambdaClient

from evenkeel.adapters.health import Unhealthy, ping_function, ping_table


class Tables:
    def __init__(self, **statuses: str) -> None:
        self._statuses = statuses

    def describe_table(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803
        return {"Table": {"TableStatus": self._statuses[TableName]}}


class Functions:
    def __init__(self, concurrency: dict[str, int]) -> None:
        self._concurrency = concurrency

    def get_function_concurrency(self, *, FunctionName: str) -> dict[str, int]:  # noqa: N803
        return self._concurrency


def ping(**statuses: str) -> None:
    ping_table(cast("DynamoDBClient", Tables(**statuses)), "payments")


@pytest.mark.parametrize("status", ["ACTIVE", "UPDATING"])
def test_a_table_that_takes_requests_is_well(status: str) -> None:
    ping(payments=status, ledger="DELETING")


@pytest.mark.parametrize("status", ["CREATING", "DELETING", "ARCHIVED"])
def test_any_other_table_is_not(status: str) -> None:
    with pytest.raises(Unhealthy, match=status):
        ping(payments=status, ledger="ACTIVE")


@pytest.mark.parametrize(
    "concurrency", [{}, {"ReservedConcurrentExecutions": 1}, {"ReservedConcurrentExecutions": 100}]
)
def test_a_function_that_may_run_is_well(concurrency: dict[str, int]) -> None:
    ping_function(cast("LambdaClient", Functions(concurrency)), "wallets")


def test_a_function_that_may_not_run_is_not() -> None:
    stopped = Functions({"ReservedConcurrentExecutions": 0})

    with pytest.raises(Unhealthy):
        ping_function(cast("LambdaClient", stopped), "wallets")
