"""What we lean on in DynamoDB: where one of these fails, no other test on the emulator counts."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.emulator import Emulator

Item = dict[str, dict[str, str]]

IS_NEW = "attribute_not_exists(id)"


class Table:
    def __init__(self, emulator: Emulator, **more: Any) -> None:
        self.client = emulator.client("dynamodb")
        self.name = f"table-{uuid4().hex[:8]}"
        self.client.create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )

    def put(self, id_: str, number: int = 0, **condition: Any) -> None:
        self.client.put_item(TableName=self.name, Item=item(id_, number), **condition)

    def get(self, id_: str) -> int | None:
        answer = self.client.get_item(TableName=self.name, Key=key(id_), ConsistentRead=True)
        return int(answer["Item"]["n"]["N"]) if "Item" in answer else None

    def new(self, id_: str, number: int = 0) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self.name,
                "Item": item(id_, number),
                "ConditionExpression": IS_NEW,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def add(self, id_: str, number: int, *, floor: int | None = None) -> dict[str, Any]:
        values = {":n": {"N": str(number)}}
        condition = "attribute_exists(id)"
        if floor is not None:
            values[":floor"] = {"N": str(floor)}
            condition = "n >= :floor"
        return {
            "Update": {
                "TableName": self.name,
                "Key": key(id_),
                "UpdateExpression": "ADD n :n",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": values,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def transact(self, *operations: dict[str, Any], token: str | None = None) -> None:
        given = {"ClientRequestToken": token} if token else {}
        self.client.transact_write_items(TransactItems=list(operations), **given)


def item(id_: str, number: int) -> Item:
    return {"id": {"S": id_}, "n": {"N": str(number)}}


def key(id_: str) -> Item:
    return {"id": {"S": id_}}


@pytest.fixture
def table(emulator: Emulator) -> Table:
    return Table(emulator)


def refusal_of(act: Callable[[], None]) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        act()
    return {**refused.value.response}


def code_of(act: Callable[[], None]) -> str:
    return str(refusal_of(act)["Error"]["Code"])


def is_done(act: Callable[[], None], *refusals: str) -> bool:
    try:
        act()
    except ClientError as error:
        if error.response["Error"]["Code"] not in refusals:
            raise
        return False
    return True


class TestTokens:
    def test_a_replay_changes_nothing_and_succeeds(self, table: Table) -> None:
        table.put("a", 1)
        token = uuid4().hex
        for _ in range(3):
            table.transact(table.add("a", 1), token=token)

        assert table.get("a") == 2

    def test_the_same_token_with_other_contents_is_refused(self, table: Table) -> None:
        table.put("a", 1)
        token = uuid4().hex
        table.transact(table.add("a", 1), token=token)

        code = code_of(lambda: table.transact(table.add("a", 2), token=token))

        assert code == "IdempotentParameterMismatchException"

    def test_of_many_callers_with_one_token_one_is_applied(self, table: Table) -> None:
        for round_ in range(20):
            table.put(f"{round_}", 0)
            asked = {"operations": [table.add(f"{round_}", 1)], "token": uuid4().hex}

            def call(_: int, asked: dict[str, Any] = asked) -> None:
                table.transact(*asked["operations"], token=asked["token"])

            with ThreadPoolExecutor(8) as callers:
                list(callers.map(call, range(8)))

            assert table.get(f"{round_}") == 1


class TestTransactions:
    def test_one_failed_condition_undoes_all_and_each_reason_is_in_its_place(
        self, table: Table
    ) -> None:
        table.put("old", 7)

        refusal = refusal_of(
            lambda: table.transact(table.new("one"), table.add("old", 1, floor=8), table.new("two"))
        )

        reasons = refusal["CancellationReasons"]
        assert refusal["Error"]["Code"] == "TransactionCanceledException"
        assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed", "None"]
        assert reasons[1]["Item"] == item("old", 7)
        assert [table.get(id_) for id_ in ("one", "old", "two")] == [None, 7, None]

    def test_two_operations_on_one_item_are_refused(self, table: Table) -> None:
        table.put("a", 1)

        code = code_of(lambda: table.transact(table.add("a", 1), table.add("a", 2)))

        assert code == "ValidationException"

    def test_a_hundred_operations_are_taken_and_one_more_is_not(self, table: Table) -> None:
        table.transact(*(table.new(f"{number}") for number in range(100)))

        code = code_of(lambda: table.transact(*(table.new(f"x{number}") for number in range(101))))

        assert code == "ValidationException"


class TestConditions:
    def test_a_failed_put_returns_the_old_item(self, table: Table) -> None:
        table.put("a", 7)

        refusal = refusal_of(
            lambda: table.put(
                "a",
                8,
                ConditionExpression=IS_NEW,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        )

        assert refusal["Item"] == item("a", 7)

    def test_of_many_callers_one_puts(self, table: Table) -> None:
        for round_ in range(20):

            def put(caller: int, round_: int = round_) -> bool:
                return is_done(
                    lambda: table.put(f"{round_}", caller, ConditionExpression=IS_NEW),
                    "ConditionalCheckFailedException",
                )

            with ThreadPoolExecutor(8) as callers:
                done = list(callers.map(put, range(8)))

            assert done.count(True) == 1
            assert table.get(f"{round_}") == done.index(True)

    def test_arithmetic_in_a_condition_is_a_known_gap(self, table: Table) -> None:
        """AWS refuses it. When this fails it is refused here too: then delete this test."""
        table.put("a", 5)

        table.client.update_item(
            TableName=table.name,
            Key=key("a"),
            UpdateExpression="SET n = :n",
            ConditionExpression="n - :n >= :n",
            ExpressionAttributeValues={":n": {"N": "4"}},
        )


class TestLimits:
    def test_38_digits_are_kept_and_39_refused(self, table: Table) -> None:
        table.put("a", 10**37 + 1)

        assert table.get("a") == 10**37 + 1
        assert code_of(lambda: table.put("b", 10**38 + 1)) == "ValidationException"

    def test_an_item_over_400_kb_is_refused(self, table: Table) -> None:
        big = {**key("a"), "text": {"S": "x" * 410_000}}

        code = code_of(lambda: table.client.put_item(TableName=table.name, Item=big))

        assert code == "ValidationException"

    def test_an_empty_key_is_refused(self, table: Table) -> None:
        assert code_of(lambda: table.put("", 1)) == "ValidationException"


def test_concurrent_transfers_conserve_money_and_never_overspend(table: Table) -> None:
    accounts = [f"account-{number}" for number in range(4)]
    for account in accounts:
        table.put(account, 100)
    table.put("journal", 0)

    def transfers(caller: int) -> int:
        random = Random(caller)  # noqa: S311 - The same transfers in every run.
        return sum(
            is_done(
                lambda debit=debit, credit=credit, amount=amount: table.transact(  # type: ignore[misc]
                    table.add(debit, -amount, floor=amount),
                    table.add(credit, amount),
                    table.add("journal", 1),
                ),
                "TransactionCanceledException",
            )
            for debit, credit, amount in (
                (*random.sample(accounts, 2), random.randint(1, 60)) for _ in range(25)
            )
        )

    with ThreadPoolExecutor(16) as callers:
        done_count = sum(callers.map(transfers, range(16)))

    balances = [table.get(account) for account in accounts]
    assert sum(balance or 0 for balance in balances) == 400
    assert min(balance or 0 for balance in balances) >= 0
    assert table.get("journal") == done_count


class TestIndexes:
    def test_they_page_in_order_and_refuse_strong_reads(self, emulator: Emulator) -> None:
        client = emulator.client("dynamodb")
        name = f"table-{uuid4().hex[:8]}"
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": "id", "AttributeType": "S"},
                {"AttributeName": "owner", "AttributeType": "S"},
                {"AttributeName": "n", "AttributeType": "N"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by_owner",
                    "KeySchema": [
                        {"AttributeName": "owner", "KeyType": "HASH"},
                        {"AttributeName": "n", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        for number in range(5):
            stored = {**item(f"{number}", number), "owner": {"S": "me"}}
            client.put_item(TableName=name, Item=stored)
        client.put_item(TableName=name, Item=item("of nobody", 9))
        query = {
            "TableName": name,
            "IndexName": "by_owner",
            "KeyConditionExpression": "#owner = :me",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {":me": {"S": "me"}},
            "ScanIndexForward": False,
            "Limit": 2,
        }

        pages = client.get_paginator("query").paginate(**query)

        assert [[int(each["n"]["N"]) for each in page["Items"]] for page in pages] == [
            [4, 3],
            [2, 1],
            [0],
        ]
        assert code_of(lambda: client.query(**query, ConsistentRead=True)) == "ValidationException"


def test_consumed_capacity_is_counted(table: Table) -> None:
    """Ours are counted by item sizes as well, in case these figures are not AWS's."""
    answer = table.client.transact_write_items(
        TransactItems=[table.new("a"), table.new("b")], ReturnConsumedCapacity="TOTAL"
    )

    assert Counter(each["TableName"] for each in answer["ConsumedCapacity"]) == {table.name: 1}
