from collections.abc import Sequence
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.writes import new_item, put_new, transact
from evenkeel.adapters.failures import TurnedAway

URL = "https://dynamodb.example"
ITEM = {"id": {"S": "a"}, "text": {"S": "b"}}
WRITES: Any = [{"Put": new_item("notes", ITEM)}, {"Put": new_item("notes", {"id": {"S": "c"}})}]
CONDITION = {"Code": "ConditionalCheckFailed", "Item": ITEM}
CONFLICT = {"Code": "TransactionConflict"}
NONE = {"Code": "None"}


def refusal(code: str, **more: Any) -> ClientError:
    error = ClientError({"Error": {"Code": code, "Message": "no"}}, "TransactWriteItems")
    error.response |= cast("Any", more)
    return error


def cancelled(*reasons: dict[str, Any]) -> ClientError:
    return refusal("TransactionCanceledException", CancellationReasons=list(reasons))


class Tables:
    """Takes every write, or fails each with the same error. A token is carried out once."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.done: dict[str, Any] = {}

    def put_item(self, *, TableName: str, Item: Any, **_: Any) -> None:  # noqa: N803
        if self._error is not None:
            raise self._error
        self.done[TableName] = Item

    def transact_write_items(self, *, TransactItems: Any, ClientRequestToken: str) -> None:  # noqa: N803
        if self._error is not None:
            raise self._error
        self.done[ClientRequestToken] = TransactItems


def put(tables: Tables) -> dict[str, Any] | None:
    return put_new(cast("DynamoDBClient", tables), new_item("notes", ITEM))


def write(tables: Tables, writes: Any = WRITES) -> Sequence[Any]:
    return transact(cast("DynamoDBClient", tables), writes)


def test_a_new_item_is_put() -> None:
    tables = Tables()

    assert put(tables) is None
    assert tables.done == {"notes": ITEM}


def test_an_item_that_is_there_is_returned() -> None:
    assert put(Tables(refusal("ConditionalCheckFailedException", Item=ITEM))) == ITEM


def test_any_other_refusal_of_a_put_is_raised() -> None:
    with pytest.raises(ClientError):
        put(Tables(refusal("ValidationException")))


def test_what_is_written_has_nothing_against_it() -> None:
    assert write(Tables()) == ()


def test_failed_conditions_are_returned_in_order_with_what_they_met() -> None:
    assert write(Tables(cancelled(NONE, CONDITION))) == [NONE, CONDITION]


@pytest.mark.parametrize(
    "reasons",
    [
        [CONFLICT, NONE],
        [CONDITION, CONFLICT],
        [CONFLICT, CONDITION],
        [NONE, {"Code": "ThrottlingError"}],
        [CONDITION, {"Code": "ProvisionedThroughputExceeded"}],
    ],
)
def test_while_an_item_is_contended_nothing_is_decided(reasons: list[dict[str, Any]]) -> None:
    with pytest.raises(TurnedAway):
        write(Tables(cancelled(*reasons)))


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
def test_a_malformed_write_is_ours_to_mend(code: str) -> None:
    with pytest.raises(ClientError):
        write(Tables(cancelled(NONE, {"Code": code})))


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_any_other_refusal_of_a_transaction_is_raised(code: str) -> None:
    with pytest.raises(ClientError, match=code):
        write(Tables(refusal(code)))


def test_the_same_writes_are_one_transaction_however_they_are_spelled() -> None:
    tables = Tables()
    write(tables)
    write(
        tables, [{name: dict(reversed(put.items())) for name, put in WRITES[0].items()}, WRITES[1]]
    )

    assert len(tables.done) == 1


@pytest.mark.parametrize(
    "others",
    [
        WRITES[:1],
        WRITES[::-1],
        [WRITES[0], {"Put": new_item("others", {"id": {"S": "c"}})}],
        [WRITES[0], {"Put": new_item("notes", {"id": {"S": "d"}})}],
    ],
)
def test_other_writes_are_another_transaction(others: Any) -> None:
    tables = Tables()
    write(tables)
    write(tables, others)

    assert len(tables.done) == 2


def test_a_token_is_as_long_as_dynamodb_allows() -> None:
    tables = Tables()
    write(tables)
    [token] = tables.done

    assert 1 <= len(token) <= 36
