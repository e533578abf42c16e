"""A mismatch from its planting to its repair, through HTTP: found, planned, applied, gone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infra.local.http import Answer, Caller
from tests.e2e.conftest import Shop
from tests.local.waiting import soon
from tests.stack import Stack

RUN = "/api/payments/reconcile/run"


@pytest.fixture
def set_status(stack: Stack, client: Callable[[str], Any]) -> Callable[[str, str], None]:
    """Set a payment's status behind the product's back."""
    dynamodb, table = client("dynamodb"), stack["tables"]["payments"]

    def set_(key: str, status: str) -> None:
        dynamodb.update_item(
            TableName=table,
            Key={"id": {"S": key}},
            UpdateExpression="SET #status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": status}},
        )

    return set_


@contextmanager
def restored_unless_repaired(restore: Callable[[], None]) -> Iterator[None]:
    """Undo what is planted if the test breaks off; what was repaired is in order as it is."""
    try:
        yield
    except BaseException:
        restore()
        raise


def found(operator: Caller, payment_id: str) -> list[dict[str, Any]]:
    """Have a run, and return what it has found of the payment."""
    report = operator.get(RUN)
    assert report.status == 200
    return [each for each in report.body["mismatches"] if each["paymentId"] == payment_id]


def repair(caller: Caller, mismatch_id: str, body: dict[str, object]) -> Answer:
    return caller.post(f"/api/payments/reconcile/mismatches/{mismatch_id}/repair", body)


def test_the_debit_of_a_failed_payment_is_found_and_given_back(
    shop: Shop, operator: Caller, stranger: Caller, set_status: Callable[[str, str], None]
) -> None:
    wallet = shop.wallet("alice", 1000)
    paid = shop.pay("alice", wallet, 400, "k").body
    payment_id, key = paid["id"], f"{paid['clientId']}/{paid['id']}"

    set_status(key, "FAILED")
    with restored_unless_repaired(lambda: set_status(key, "COMPLETED")):
        assert soon(lambda: bool(found(operator, payment_id)), within_s=60)
        [mismatch] = found(operator, payment_id)
        assert (mismatch["type"], mismatch["status"]) == ("FAILED_BUT_DEBITED", "OPEN")

        plan = repair(operator, mismatch["id"], {})
        assert (plan.status, plan.body["applied"]) == (200, False)
        assert plan.body["plan"]["policy"] == "proposed"
        [step] = plan.body["plan"]["steps"]
        assert (step["action"], step["amount"], step["to"]) == ("reverse", 400, wallet)
        assert shop.balance(wallet) == 600

        body: dict[str, object] = {"apply": True, "reason": "it was planted"}
        assert repair(stranger, mismatch["id"], body).status == 403
        applied = repair(operator, mismatch["id"], body)
        assert (applied.status, applied.body["applied"]) == (200, True)
        repaired = applied.body["mismatch"]
        assert (repaired["status"], repaired["repair"]["reason"]) == ("REPAIRED", "it was planted")
        assert repaired["repair"]["transferIds"] == [step["transferId"]]

    assert shop.balance(wallet) == 1000
    assert shop.caller.get(f"/api/wallets/{wallet}/reconcile").body["isBalanced"]
    assert found(operator, payment_id) == []
    again = repair(operator, mismatch["id"], body)
    assert (again.status, again.body["mismatchStatus"]) == (409, "REPAIRED")
