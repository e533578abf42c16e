import json
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from mypy_boto3_sqs import SQSClient

from evenkeel.adapters.sqs.delivery_queue import SqsDeliveryQueue
from evenkeel.errors import EvenkeelError, StoreBusy, StoreUnconfirmed
from evenkeel.webhooks.ports import Due
from functions.webhook_sender.schema import DueMessage

URL = "https://sqs.example/deliveries"
DUE = Due("cli_a", "whk_a", "dlv_a", 3)


class Queues:
    def __init__(self, error: Exception | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self._error = error

    def send_message(self, **message: Any) -> None:
        if self._error is not None:
            raise self._error
        self.messages.append(message)


def put(queues: Queues, delay_s: float = 0.0) -> None:
    SqsDeliveryQueue(cast("SQSClient", queues), URL).put(DUE, delay_s=delay_s)


def test_a_message_names_the_delivery_and_the_attempt_and_not_what_is_sent() -> None:
    queues = Queues()
    put(queues)
    [message] = queues.messages

    assert message["QueueUrl"] == URL
    assert json.loads(message["MessageBody"]) == {
        "clientId": "cli_a",
        "endpointId": "whk_a",
        "deliveryId": "dlv_a",
        "number": 3,
    }


def test_the_sender_reads_what_was_put() -> None:
    queues = Queues()
    put(queues)

    assert DueMessage.model_validate_json(queues.messages[0]["MessageBody"]).due() == DUE


def test_the_messages_of_an_endpoint_are_a_group_which_makes_the_queue_fair() -> None:
    queues = Queues()
    put(queues)

    assert queues.messages[0]["MessageGroupId"] == "whk_a"


@pytest.mark.parametrize(
    ("delay_s", "sent_s"), [(0.0, 0), (0.1, 1), (15.0, 15), (900.0, 900), (18_000.0, 900)]
)
def test_a_delay_is_whole_seconds_and_at_most_what_sqs_has(delay_s: float, sent_s: int) -> None:
    queues = Queues()
    put(queues, delay_s)

    assert queues.messages[0]["DelaySeconds"] == sent_s


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (EndpointConnectionError(endpoint_url=URL), StoreBusy),
        (ReadTimeoutError(endpoint_url=URL), StoreUnconfirmed),
    ],
    ids=["not sent", "lost"],
)
def test_a_message_that_was_lost_is_told_from_one_that_was_not_taken(
    error: Exception, expected: type[EvenkeelError]
) -> None:
    with pytest.raises(expected):
        put(Queues(error))


def test_a_queue_that_is_set_up_wrongly_is_a_bug_and_no_outcome() -> None:
    answer: Any = {"Error": {"Code": "QueueDoesNotExist"}, "ResponseMetadata": {}}

    with pytest.raises(ClientError):
        put(Queues(ClientError(answer, "SendMessage")))
