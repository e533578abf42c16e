"""What an operator hears of a mismatch: that it is there, and that it is gone, each of it once."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from evenkeel.clock import to_rfc3339, utc_now
from evenkeel.events.model import EventType
from infra.local import aws
from infra.local.inbox import Inbox, subscribed
from tests.e2e.conftest import Shop
from tests.event_docs import schema
from tests.listener import Detail, Listener
from tests.local.waiting import soon
from tests.stack import Stack

# A run waits until what was changed before its end is noted, and a function may have to begin.
RUN_WITHIN_S = 60.0

Payment = dict[str, Any]


class Books:
    """A payment whose status can be falsified, and runs that look at it."""

    def __init__(self, stack: Stack, payment: Payment, since: datetime) -> None:
        self.payment = payment
        self._stack = stack
        self._since = since

    def write(self, status: str) -> None:
        aws.client("dynamodb", self._stack["awsEndpointUrl"]).update_item(
            TableName=self._stack["tables"]["payments"],
            Key={"id": {"S": f"{self.payment['clientId']}/{self.payment['id']}"}},
            UpdateExpression="SET #status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": status}},
        )

    def run(self) -> None:
        """Look at what the client has changed since the test began, by a run of its own."""
        self._invoke(
            {
                "command": "run",
                "runId": f"rec_{token_hex(8)}",
                "clientId": self.payment["clientId"],
                "from": to_rfc3339(self._since),
                "to": to_rfc3339(utc_now()),
            }
        )

    def scheduled(self, at: datetime) -> str:
        """Look as the rule does that calls at that time, and return the run's id."""
        event = {"command": "schedule", "pass": "recent", "at": to_rfc3339(at)}
        return str(self._invoke(event)["id"])

    def _invoke(self, event: dict[str, str]) -> dict[str, Any]:
        client = aws.client("lambda", self._stack["awsEndpointUrl"], read_timeout_s=RUN_WITHIN_S)
        answer = client.invoke(
            FunctionName=self._stack["functions"]["reconciliation"],
            Payload=json.dumps(event).encode(),
        )
        body: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, body
        return body


@pytest.fixture
def books(stack: Stack, shop: Shop) -> Iterator[Books]:
    """One payment that has debited its wallet; in the end it says so again."""
    since = utc_now() - timedelta(seconds=5)
    payment = shop.pay("alice", shop.wallet("alice", 1000), 400, "k").body
    books = Books(stack, payment, since)
    yield books
    books.write("COMPLETED")


@pytest.fixture
def inbox(stack: Stack) -> Iterator[Inbox]:
    with subscribed(stack) as inbox:
        yield inbox


def alerts(inbox: Inbox, type_: str, payment_id: str) -> list[Detail]:
    return [each for each in inbox.of_type(type_) if each["data"].get("paymentId") == payment_id]


def events(heard: list[Detail], payment_id: str) -> list[str]:
    """Return what is told of the payment's mismatch, in order, repeats left out."""
    told = {each["id"]: each for each in heard if each["data"].get("paymentId") == payment_id}
    return [each["type"] for each in told.values() if each["type"].startswith("Mismatch")]


def test_a_mismatch_is_told_once_when_it_is_found_and_once_when_it_is_gone(
    books: Books, inbox: Inbox, listener: Listener
) -> None:
    payment_id = books.payment["id"]
    books.write("FAILED")

    def is_found() -> bool:
        books.run()
        return bool(alerts(inbox, "MismatchFound", payment_id))

    assert soon(is_found, within_s=RUN_WITHIN_S)
    [found] = alerts(inbox, "MismatchFound", payment_id)
    at = utc_now() + timedelta(days=1)  # A minute that no rule has.
    run_ids = [books.scheduled(at), books.scheduled(at + timedelta(minutes=1))]
    assert_says_what_is_wrong(found, books.payment)

    books.write("COMPLETED")

    def is_gone() -> bool:
        books.run()
        return bool(alerts(inbox, "MismatchResolved", payment_id))

    assert soon(is_gone, within_s=RUN_WITHIN_S)
    [gone] = alerts(inbox, "MismatchResolved", payment_id)
    assert (gone["objectId"], gone["nextSteps"]) == (found["objectId"], [])
    assert alerts(inbox, "MismatchFound", payment_id) == [found]

    both = ["MismatchFound", "MismatchResolved"]
    assert listener.hears(lambda heard: events(heard, payment_id) == both)
    assert listener.hears(lambda heard: set(run_ids) <= {each["data"].get("id") for each in heard})
    assert_fit_their_schemas(listener.heard)
    runs = [each for each in listener.heard if each["data"].get("id") in run_ids]
    assert {(each["type"], each["clientId"]) for each in runs} == {
        ("ReconciliationCompleted", None)
    }


def assert_says_what_is_wrong(alert: Detail, payment: Payment) -> None:
    assert (alert["severity"], alert["clientId"]) == ("CRITICAL", payment["clientId"])
    assert alert["data"]["mismatchType"] == "FAILED_BUT_DEBITED"
    assert alert["data"]["expected"] != alert["data"]["actual"]
    assert payment["id"] in alert["title"]
    assert any(alert["objectId"] in step for step in alert["nextSteps"])


def assert_fit_their_schemas(heard: list[Detail]) -> None:
    for each in heard:
        if each["type"].startswith(("Mismatch", "Reconciliation")):
            Draft202012Validator(schema(EventType(each["type"]))).validate(each)
