"""One contract, every store. The fake may be trusted because it passes this too."""

import os
import secrets

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.errors import LedgerBusy
from evenkeel.ledger.accounts import AccountKind
from evenkeel.ledger.ports import FoldStore, Mark, Movement, Receipt
from tests.fakes.fold_store import InMemoryFoldStore
from tests.integration.stores import fold_store

COFFEE = "merchant:coffee:EUR"


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> FoldStore:
    return InMemoryFoldStore() if request.param == "fake" else fold_store(dynamodb)


@pytest.fixture
def receipt() -> Receipt:
    name = f"trf_{secrets.token_hex(6)}"
    return Receipt([Mark(10**39, name), Mark(10**39 + 1, f"{name}_2")])


def movement(client_id: str, debits: int, credits_: int) -> Movement:
    return Movement(
        client_id,
        COFFEE,
        AccountKind.MERCHANT,
        "EUR",
        debits_posted=debits,
        credits_posted=credits_,
    )


def total(store: FoldStore, dynamodb: DynamoDBClient, client_id: str) -> tuple[int, int]:
    if isinstance(store, InMemoryFoldStore):
        return store.totals[client_id, COFFEE]
    item = dynamodb.get_item(
        TableName=os.environ["ACCOUNTS_TABLE"], Key={"id": {"S": f"{client_id}/{COFFEE}"}}
    )["Item"]
    return int(item["debits_posted"]["N"]), int(item["credits_posted"]["N"])


def test_a_fold_adds_its_movements_and_leaves_its_receipt(
    store: FoldStore, dynamodb: DynamoDBClient, receipt: Receipt, client_id: str
) -> None:
    store.fold(receipt, [movement(client_id, 1, 20)])

    assert store.receipt(receipt.name) == receipt
    assert total(store, dynamodb, client_id) == (1, 20)


def test_a_fold_with_a_receipt_is_not_made_again(
    store: FoldStore, dynamodb: DynamoDBClient, receipt: Receipt, client_id: str
) -> None:
    store.fold(receipt, [movement(client_id, 1, 20)])

    with pytest.raises(LedgerBusy):
        store.fold(receipt, [movement(client_id, 5, 5)])

    assert total(store, dynamodb, client_id) == (1, 20)


def test_folds_add_up(
    store: FoldStore, dynamodb: DynamoDBClient, receipt: Receipt, client_id: str
) -> None:
    store.fold(receipt, [movement(client_id, 1, 20)])
    store.fold(receipt.behind(10**39), [movement(client_id, 2, 30)])

    assert total(store, dynamodb, client_id) == (3, 50)


def test_a_receipt_can_be_left_for_what_was_folded_before(
    store: FoldStore, receipt: Receipt
) -> None:
    rest = receipt.behind(10**39)
    store.keep(rest)
    store.keep(rest)

    assert store.receipt(rest.name) == rest


def test_there_is_no_receipt_for_what_was_not_folded(store: FoldStore, receipt: Receipt) -> None:
    assert store.receipt(receipt.name) is None
