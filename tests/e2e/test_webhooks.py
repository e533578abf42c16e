"""A payment through HTTP, and what its client's receiver hears of it, signed."""

from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook

from infra.local.http import Caller
from tests.e2e.conftest import Shop
from tests.local.waiting import soon
from tests.receivers import Behaviour, Received, Receiver, answer, receiver
from tests.stack import Stack

# Three functions and three queues, each of which may have to begin.
HEARD_WITHIN_S = 60.0


@pytest.fixture
def shop(quiet_shop: Shop) -> Shop:
    return quiet_shop


@pytest.fixture
def stranger(stack: Stack) -> Caller:
    return Caller(stack["apiUrl"], stack["keys"]["merchant"])


class Switch:
    """Answers as it is told at the moment."""

    def __init__(self) -> None:
        self.now: Behaviour = answer(200)

    def __call__(self, *connection: Any) -> None:
        self.now(*connection)


@pytest.fixture
def switch() -> Switch:
    return Switch()


@pytest.fixture
def listening(switch: Switch) -> Iterator[Receiver]:
    with receiver(switch) as found:
        yield found


@pytest.fixture
def webhook(shop: Shop, listening: Receiver) -> Iterator[dict[str, Any]]:
    """A webhook of the shop, for the time of a test: a client has ten at most."""
    body = {"url": listening.url, "events": ["PaymentCompleted"], "description": "e2e"}
    created = shop.caller.post("/api/webhooks", body, key=shop.key("webhook"))
    assert created.status == 201, created.text
    yield created.body
    assert shop.caller.send("DELETE", f"/api/webhooks/{created.body['id']}").status == 200


def heard_of(listening: Receiver, payment_id: str) -> list[Received]:
    """Return what the receiver has heard of a payment: others are told of, too."""
    return [each for each in listening.received if payment_id.encode() in each.body]


def paid(shop: Shop) -> str:
    payment = shop.pay("alice", shop.wallet("alice", 1000), 400, "k").body
    assert payment["status"] == "COMPLETED"
    payment_id: str = payment["id"]
    return payment_id


def delivery_of(shop: Shop, webhook: dict[str, Any], received: Received) -> dict[str, Any]:
    listed = shop.caller.get(f"/api/webhooks/{webhook['id']}/deliveries?limit=100").body["items"]
    event_id = received.headers["webhook-id"]
    [found] = [each for each in listed if each["eventId"] == event_id]
    delivery: dict[str, Any] = found
    return delivery


def test_a_payment_is_told_of_once_with_a_signature_that_the_public_library_verifies(
    shop: Shop, listening: Receiver, webhook: dict[str, Any]
) -> None:
    payment_id = paid(shop)

    assert soon(lambda: bool(heard_of(listening, payment_id)), within_s=HEARD_WITHIN_S)
    [received] = heard_of(listening, payment_id)
    event = Webhook(webhook["secret"]).verify(received.body, dict(received.headers))
    assert event["id"] == received.headers["webhook-id"]
    assert (event["type"], event["clientId"]) == ("PaymentCompleted", "cli_other")
    assert event["data"]["id"] == payment_id
    assert soon(lambda: delivery_of(shop, webhook, received)["status"] == "DELIVERED")
    [attempt] = delivery_of(shop, webhook, received)["attempts"]
    assert (attempt["statusCode"], attempt["error"]) == (200, None)


def test_what_failed_is_in_the_log_and_is_delivered_when_it_is_asked_for_again(
    shop: Shop, listening: Receiver, webhook: dict[str, Any], switch: Switch
) -> None:
    switch.now = answer(500)
    payment_id = paid(shop)

    assert soon(lambda: bool(heard_of(listening, payment_id)), within_s=HEARD_WITHIN_S)
    first = heard_of(listening, payment_id)[0]
    assert soon(lambda: bool(delivery_of(shop, webhook, first)["attempts"]))
    failed = delivery_of(shop, webhook, first)
    assert (failed["status"], failed["attempts"][0]["statusCode"]) == ("PENDING", 500)
    assert failed["nextAttemptAt"] is not None
    switch.now = answer(204, body="")
    path = f"/api/webhooks/{webhook['id']}/deliveries/{failed['id']}/redeliver"
    assert shop.caller.post(path).status == 200
    assert soon(
        lambda: delivery_of(shop, webhook, first)["status"] == "DELIVERED",
        within_s=HEARD_WITHIN_S,
    )
    last = heard_of(listening, payment_id)[-1]
    assert (last.body, last.headers["webhook-id"]) == (first.body, first.headers["webhook-id"])


def test_a_receiver_that_is_gone_is_disabled(
    shop: Shop, webhook: dict[str, Any], switch: Switch
) -> None:
    switch.now = answer(410)
    paid(shop)
    path = f"/api/webhooks/{webhook['id']}"

    assert soon(lambda: shop.caller.get(path).body["status"] == "DISABLED", within_s=HEARD_WITHIN_S)
    assert shop.caller.get(path).body["disabledReason"] == "gone"
    assert shop.caller.post(f"{path}/enable").body["status"] == "ENABLED"


def test_webhooks_are_their_owners_alone(
    shop: Shop, stranger: Caller, webhook: dict[str, Any]
) -> None:
    path = f"/api/webhooks/{webhook['id']}"

    assert stranger.get(path).status == 404
    assert stranger.send("DELETE", path).status == 404
    assert webhook["id"] not in stranger.get("/api/webhooks").text
    assert shop.caller.get(path).status == 200


@pytest.mark.parametrize(
    "url", ["https://169.254.169.254/", "http://10.0.0.1/", "https://2130706433/"]
)
def test_the_local_stack_goes_no_further_inside_than_to_loopback(shop: Shop, url: str) -> None:
    refused = shop.caller.post(
        "/api/webhooks", {"url": url, "events": ["*"]}, key=shop.key("inside")
    )

    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "url")
