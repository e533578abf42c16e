import json
from dataclasses import dataclass
from typing import cast

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from mypy_boto3_sqs import SQSClient

from evenkeel.adapters.sqs.payment_queue import SqsPaymentQueue
from evenkeel.errors import EvenkeelError, StoreBusy, StoreUnconfirmed
from evenkeel.payments.ports import WaitingPayment
from functions.payment_worker.schema import WaitingMessage

URL = "https://sqs.example/payments"
WAITING = WaitingPayment("cli_a", "pay_a", "wal_a")


@dataclass(frozen=True)
class Message:
    queue_url: str
    body: str
    delay_s: int


class Queues:
    def __init__(self, error: Exception | None = None) -> None:
        self.messages: list[Message] = []
        self._error = error

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:  # noqa: N803
        if self._error is not None:
            raise self._error
        self.messages.append(Message(QueueUrl, MessageBody, DelaySeconds))


def put(queues: Queues, waiting: WaitingPayment = WAITING, delay_s: float = 2.0) -> None:
    SqsPaymentQueue(cast("SQSClient", queues), URL).put(waiting, delay_s=delay_s)


def refused(status: int, code: str) -> ClientError:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "SendMessage")  # type: ignore[arg-type]


def test_a_message_names_the_payment_its_client_and_its_wallet_and_nothing_else() -> None:
    queues = Queues()
    put(queues)
    [message] = queues.messages

    assert message.queue_url == URL
    assert json.loads(message.body) == {
        "clientId": "cli_a",
        "paymentId": "pay_a",
        "walletId": "wal_a",
    }


def test_the_worker_reads_what_was_put() -> None:
    queues = Queues()
    put(queues)

    assert WaitingMessage.model_validate_json(queues.messages[0].body).waiting() == WAITING


@pytest.mark.parametrize(
    ("delay_s", "sent_s"),
    [
        (0.0, 0),
        (0.001, 1),
        (2.0, 2),
        (2.5, 3),
        (899.5, 900),
        (900.0, 900),
        (900.1, 900),
        (86_400.0, 900),
    ],
)
def test_a_delay_is_whole_seconds_never_shorter_and_at_most_what_sqs_has(
    delay_s: float, sent_s: int
) -> None:
    queues = Queues()
    put(queues, delay_s=delay_s)

    assert [message.delay_s for message in queues.messages] == [sent_s]
    assert isinstance(queues.messages[0].delay_s, int)


@pytest.mark.parametrize(
    "error",
    [
        refused(400, "ThrottlingException"),
        EndpointConnectionError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
    ],
    ids=repr,
)
def test_a_message_that_was_not_taken_is_a_busy_store(error: Exception) -> None:
    with pytest.raises(StoreBusy):
        put(Queues(error))


@pytest.mark.parametrize("code", ["RequestThrottled", "KmsThrottled", "KMS.ThrottlingException"])
def test_a_message_that_sqs_throttles_in_its_own_words_is_a_busy_store(code: str) -> None:
    with pytest.raises(StoreBusy):
        put(Queues(refused(400, code)))


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
        refused(500, "InternalFailure"),
    ],
    ids=repr,
)
def test_a_message_of_which_nobody_knows_is_unconfirmed(error: Exception) -> None:
    with pytest.raises(StoreUnconfirmed):
        put(Queues(error))


@pytest.mark.parametrize("code", ["AccessDenied", "QueueDoesNotExist"])
def test_a_queue_that_is_set_up_wrongly_is_a_bug_and_no_outcome(code: str) -> None:
    with pytest.raises(ClientError) as raised:
        put(Queues(refused(403, code)))

    assert not isinstance(raised.value, EvenkeelError)
