"""What a payment tells, from its request over HTTP to a queue behind a rule of the bus."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

from jsonschema import Draft202012Validator

from evenkeel.events.model import EventType
from infra.local.invoke import invoke
from infra.replay import Wish, replay
from tests.e2e.conftest import Shop
from tests.event_docs import schema
from tests.listener import Listener
from tests.local.waiting import soon
from tests.stack import Stack

Detail = dict[str, Any]


def about(detail: Detail, payment_id: str) -> bool:
    return payment_id in (detail["data"].get("id"), detail["data"].get("paymentId"))


def test_a_payment_is_told_as_the_api_shows_it_and_its_transfer_too(
    shop: Shop, listener: Listener
) -> None:
    wallet = shop.wallet("alice", 1000)
    payment = shop.pay("alice", wallet, 400, "k").body
    told = listener.hears(lambda heard: sum(about(each, payment["id"]) for each in heard) == 3)
    heard = {each["type"]: each for each in listener.heard if about(each, payment["id"])}

    assert told
    assert set(heard) == {"PaymentCreated", "PaymentCompleted", "TransferPosted"}
    assert heard["PaymentCompleted"]["data"] == payment
    assert heard["PaymentCompleted"]["clientId"] == payment["clientId"]
    [left] = heard["TransferPosted"]["data"]["wallets"]
    assert (left["id"], left["balanceAfter"]) == (wallet, 600)


def test_a_hold_is_told_when_it_is_placed_and_when_it_is_ended(
    shop: Shop, listener: Listener
) -> None:
    wallet = shop.wallet("alice", 1000)
    held = shop.pay("alice", wallet, 400, "k", capture="manual").body
    captured = shop.caller.post(f"/api/payments/{held['id']}/capture", {"amount": 300})
    refunded = shop.caller.post(
        f"/api/payments/{held['id']}/refund", {"amount": 100}, key=shop.key("back")
    )
    expected = {
        "PaymentCreated",
        "PaymentAuthorized",
        "PaymentCompleted",
        "PaymentRefunded",
        "HoldPlaced",
        "HoldReleased",
        "TransferPosted",
    }

    assert (held["status"], captured.status, refunded.status) == ("AUTHORIZED", 200, 200)
    assert listener.hears(lambda heard: types_about(heard, held["id"]) == expected)
    [back] = [each for each in listener.heard if each["type"] == "PaymentRefunded"]
    assert back["data"] == refunded.body
    versions = [each["version"] for each in listener.heard if each["data"].get("id") == held["id"]]
    assert versions == sorted(versions)


def types_about(heard: list[Detail], payment_id: str) -> set[str]:
    return {each["type"] for each in heard if about(each, payment_id)}


def test_what_is_heard_fits_the_schema_that_is_published(shop: Shop, listener: Listener) -> None:
    wallet = shop.wallet("alice", 1000)
    shop.pay("alice", wallet, 400, "k", metadata={"order": "ä"})
    refused = shop.pay("alice", wallet, 4000, "too-much")
    expected = {"PaymentCreated", "PaymentCompleted", "PaymentFailed", "TransferPosted"}

    assert refused.status == 402
    assert listener.hears(lambda heard: expected <= types(heard))
    for each in listener.heard:
        Draft202012Validator(schema(EventType(each["type"]))).validate(each)


def test_a_change_of_the_ledger_is_told_alerted_and_kept_and_stops_nobody(
    stack: Stack, shop: Shop, listener: Listener, client: Callable[[str], Any]
) -> None:
    """A record of nobody's, so that no other test's books are wrong."""
    key = {"id": {"S": f"cli_{token_hex(4)}/trf_{token_hex(4)}"}}
    inbox = Inbox(client, stack["topics"]["alerts"])
    dynamodb, table = client("dynamodb"), stack["tables"]["ledger"]
    dynamodb.put_item(TableName=table, Item=key)
    dynamodb.delete_item(TableName=table, Key=key)
    payment = shop.pay("alice", shop.wallet("alice", 1000), 400, "k").body
    transfer_id = key["id"]["S"].partition("/")[2]

    assert listener.hears(lambda heard: {"LedgerTampered", "TransferPosted"} <= types(heard))
    [tampered] = [each for each in listener.heard if each["type"] == "LedgerTampered"]
    assert (tampered["data"]["transferId"], tampered["data"]["change"]) == (transfer_id, "REMOVE")
    assert tampered["data"]["before"] == key
    assert soon(lambda: any(each["objectId"] == transfer_id for each in inbox.alerts()))
    assert {"severity", "type"} <= set(inbox.attributes)
    reasons = quarantined(client("sqs"), stack["queues"]["ledger_quarantine"], key["id"]["S"])
    assert len(reasons) == 2  # What it was is no record of ours either.
    assert payment["status"] == "COMPLETED"


def test_what_was_told_is_told_again_to_the_one_who_missed_it(
    shop: Shop, listener: Listener, client: Callable[[str], Any]
) -> None:
    payment = shop.pay("alice", shop.wallet("alice", 1000), 400, "k").body
    completed = {"type": "PaymentCompleted", "id": payment["id"]}
    told = listener.hears(lambda heard: count(heard, completed) == 1)
    minute = timedelta(minutes=1)
    now = datetime.now(UTC)
    replay(client("events"), Wish(now - minute, now + minute, listener.rule), poll_s=0.1)

    assert told
    assert listener.hears(lambda heard: count(heard, completed) == 2)


def count(heard: list[Detail], wanted: Mapping[str, str]) -> int:
    return sum(
        (each["type"], each["data"].get("id")) == (wanted["type"], wanted["id"]) for each in heard
    )


def test_any_function_can_be_invoked_with_a_sample(stack: Stack) -> None:
    answer = invoke(stack, folder="ops_api", event="get_health")

    assert not answer.is_error
    assert answer.body["statusCode"] == 200
    assert "answered" in answer.log


def types(heard: list[Detail]) -> set[str]:
    return {each["type"] for each in heard}


class Inbox:
    """Somebody who has subscribed to the alerts."""

    def __init__(self, client: Callable[[str], Any], topic_arn: str) -> None:
        self._sqs = client("sqs")
        self._url = self._sqs.create_queue(QueueName=f"inbox-{token_hex(4)}")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        client("sns").subscribe(
            TopicArn=topic_arn, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"]
        )
        self.attributes: dict[str, Any] = {}

    def alerts(self) -> list[Detail]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        notes = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
        for note in notes:
            self.attributes |= note.get("MessageAttributes", {})
        return [json.loads(note["Message"]) for note in notes]


def quarantined(sqs: Any, url: str, key: str) -> list[str]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    kept = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
    return [each["reason"] for each in kept if key in json.dumps(each["record"])]
