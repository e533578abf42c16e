"""The two queues of webhooks: events that are fanned out, and deliveries that are sent."""

import json
from typing import Any

import pytest

from evenkeel import bootstrap
from evenkeel.entrypoints import messages
from evenkeel.errors import StoreBusy
from evenkeel.webhooks.delivery import DeliveryStatus
from functions.webhook_sender.handler import handler as webhook_sender
from functions.webhooks.handler import handler as webhooks
from tests.context import Context
from tests.unit.logs import Logs
from tests.unit.webhooks.office import CLIENT, Office

ENVELOPE = {
    "id": "evt_e1",
    "type": "PaymentCompleted",
    "version": 3,
    "clientId": CLIENT,
    "occurredAt": "2026-01-01T12:00:00.000000Z",
    "data": {"id": "pay_a", "amount": 1250, "description": "Zwölf Brötchen"},
}


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    office = Office()
    monkeypatch.setattr(bootstrap, "fan_out", lambda: office.fan_out)
    monkeypatch.setattr(bootstrap, "webhook_sender", lambda: office.sender)
    office.register()
    return office


def on_the_bus(**fields: Any) -> str:
    """Return an event as EventBridge puts it into a queue."""
    event = {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "PaymentCompleted",
        "source": "payments",
        "account": "111122223333",
        "time": "2026-01-01T12:00:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": ENVELOPE | fields,
    }
    return json.dumps(event)


def batch(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": str(place), "body": body, "eventSource": "aws:sqs"}
            for place, body in enumerate(bodies)
        ]
    }


def failed(answer: dict[str, Any]) -> list[str]:
    assert answer.keys() == {"batchItemFailures"}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def sent(office: Office) -> list[str]:
    """Return the messages as SQS has them."""
    return [
        json.dumps(
            {
                "clientId": due.client_id,
                "endpointId": due.endpoint_id,
                "deliveryId": due.delivery_id,
                "number": due.number,
            }
        )
        for due in office.queue.dues
    ]


def test_an_event_of_the_bus_is_sent_as_its_envelope(office: Office) -> None:
    assert failed(webhooks(batch(on_the_bus()), Context())) == []
    assert failed(webhook_sender(batch(*sent(office)), Context())) == []

    [request] = office.postman.sent
    assert json.loads(request.body) == ENVELOPE
    assert "Zwölf".encode() in request.body
    assert request.headers["webhook-id"] == "evt_e1"
    assert office.delivery().status is DeliveryStatus.DELIVERED


def test_an_event_of_nobody_is_told_to_nobody(office: Office) -> None:
    assert failed(webhooks(batch(on_the_bus(clientId=None)), Context())) == []
    assert office.queue.waiting == []


def test_a_type_that_is_newer_than_we_are_is_told_to_those_who_want_everything(
    office: Office,
) -> None:
    webhooks(batch(on_the_bus(type="PaymentPondered")), Context())

    assert office.delivery().event_type == "PaymentPondered"


def test_an_event_that_comes_twice_is_one_delivery(office: Office) -> None:
    webhooks(batch(on_the_bus(), on_the_bus()), Context())
    webhook_sender(batch(*sent(office), *sent(office)), Context())

    assert len(office.postman.sent) == 1


@pytest.mark.parametrize(
    "body",
    ["", "{", "null", "[]", "{}", '{"detail": {}}', on_the_bus(occurredAt="yesterday")],
)
def test_what_is_no_event_comes_again_alone(office: Office, body: str) -> None:
    assert failed(webhooks(batch(body, on_the_bus()), Context())) == ["0"]
    assert len(office.queue.waiting) == 1


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "null", "[]", "{}"),
        '{"clientId": "cli_a", "endpointId": "whk_k1", "deliveryId": "dlv_a"}',
        '{"clientId": "cli_a", "endpointId": "whk_k1", "deliveryId": "dlv_a", "number": "1"}',
    ],
)
def test_a_message_that_cannot_be_read_comes_again(office: Office, body: str) -> None:
    assert failed(webhook_sender(batch(body), Context())) == ["0"]


def test_a_delivery_that_is_not_there_is_done(office: Office) -> None:
    body = '{"clientId": "cli_a", "endpointId": "whk_k1", "deliveryId": "dlv_a", "number": 1}'

    assert failed(webhook_sender(batch(body), Context())) == []


def test_each_delivery_has_its_line_in_the_log(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhooks(batch(on_the_bus()), Context())
    logs = Logs(monkeypatch, messages.logger)
    webhook_sender(batch(*sent(office)), Context())

    [line] = logs.lines
    assert (line["delivery_id"], line["number"]) == (office.delivery().id, 1)
    assert (line["client_id"], line["delivery_status"]) == (CLIENT, "DELIVERED")
    assert office.endpoint().secret not in str(line)


def test_what_can_be_neither_sent_nor_put_back_comes_again(office: Office) -> None:
    webhooks(batch(on_the_bus()), Context())
    [message] = sent(office)
    office.deliveries.before_save = busy
    office.queue.is_down = True

    assert failed(webhook_sender(batch(message), Context())) == ["0"]
    assert office.postman.sent == []


def busy(_: object) -> None:
    raise StoreBusy
