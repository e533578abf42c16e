import json
from typing import Any

import pytest

from evenkeel import bootstrap
from evenkeel.entrypoints import messages
from evenkeel.errors import StoreBusy
from evenkeel.ledger.transfer import Decline
from evenkeel.payments.ports import WaitingPayment
from evenkeel.payments.states import PaymentStatus
from functions.payment_worker.handler import handler
from tests.context import Context
from tests.unit.logs import Logs
from tests.unit.payments.platform import CLIENT, Platform, not_applied

Message = dict[str, Any]


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    platform = Platform()
    monkeypatch.setattr(bootstrap, "payment_worker", lambda: platform.worker)
    return platform


def queued(platform: Platform, key: str, amount_minor: int = 100) -> WaitingPayment:
    """Have a payment wait, and take it out of the queue as Lambda does."""
    platform.gateway.faults.append(not_applied)
    platform.pay(key, amount_minor, may_wait=True)
    waiting, _ = platform.queue.waiting.pop()
    return waiting


def body_of(waiting: WaitingPayment, **fields: object) -> str:
    said = {
        "clientId": waiting.client_id,
        "paymentId": waiting.payment_id,
        "walletId": waiting.wallet_id,
    }
    return json.dumps(said | fields)


def worked(*bodies: str) -> list[str]:
    """Return the ids of the messages that have to come again: the places in the batch."""
    records: list[Message] = [
        {"messageId": str(place), "body": body, "eventSource": "aws:sqs"}
        for place, body in enumerate(bodies)
    ]
    answer = handler({"Records": records}, Context())
    assert answer.keys() == {"batchItemFailures"}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_each_payment_of_a_batch_is_debited(platform: Platform) -> None:
    waiting = [queued(platform, key) for key in ("k1", "k2", "k3")]
    failed = worked(*map(body_of, waiting))

    assert failed == []
    assert platform.balance == 1000 - 3 * 100
    assert {platform.stored(key).status for key in ("k1", "k2", "k3")} == {PaymentStatus.COMPLETED}


def test_what_is_refused_does_not_come_again(platform: Platform) -> None:
    waiting = queued(platform, "k1", amount_minor=5000)
    failed = worked(body_of(waiting))

    assert failed == []
    assert platform.stored().status is PaymentStatus.FAILED


def test_what_cannot_be_debited_yet_is_a_new_message_and_no_failure(platform: Platform) -> None:
    waiting = queued(platform, "k1")
    platform.gateway.faults.append(not_applied)
    failed = worked(body_of(waiting))

    assert failed == []
    assert [each for each, _ in platform.queue.waiting] == [waiting]
    assert platform.stored().status is PaymentStatus.PENDING


def test_what_cannot_be_put_back_comes_again_and_is_in_nobodys_way(platform: Platform) -> None:
    stuck, sound = queued(platform, "k1"), queued(platform, "k2")
    platform.gateway.faults.append(not_applied)
    platform.queue.fault = StoreBusy()
    failed = worked(body_of(stuck), body_of(sound))

    assert failed == ["0"]
    assert platform.stored("k1").status is PaymentStatus.PENDING
    assert platform.stored("k2").status is PaymentStatus.COMPLETED


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "null", "[]", "{}", "pay_k1"),
        '{"clientId": "cli_a", "paymentId": "pay_k1"}',
        '{"clientId": "cli_a", "paymentId": "pay_k1", "walletId": 1}',
        '{"clientId": "cli_a", "paymentId": "pay_k1", "walletId": "wal_a", "amount": 1}',
        '{"client_id": "cli_a", "payment_id": "pay_k1", "wallet_id": "wal_a"}',
    ],
)
def test_a_message_that_cannot_be_read_comes_again_alone(platform: Platform, body: str) -> None:
    sound = body_of(queued(platform, "k1"))
    failed = worked(body, sound, body)

    assert failed == ["0", "2"]
    assert platform.stored().status is PaymentStatus.COMPLETED


def test_a_payment_that_nobody_knows_comes_again_until_it_is_a_dead_letter(
    platform: Platform,
) -> None:
    assert worked(body_of(WaitingPayment(CLIENT, "pay_none", "wal_a"))) == ["0"]


def test_a_message_that_comes_twice_is_debited_once(platform: Platform) -> None:
    body = body_of(queued(platform, "k1"))
    failed = worked(body, body) + worked(body)

    assert failed == []
    assert platform.balance == 900


def test_a_debit_carries_the_id_of_the_invocation(platform: Platform) -> None:
    worked(body_of(queued(platform, "k1", amount_minor=5000)))
    record = platform.journal.record(CLIENT, platform.stored().transfer_id_wanted)

    assert isinstance(record, Decline)
    assert record.request_id == Context().aws_request_id


def test_each_message_has_its_line_in_the_log(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = Logs(monkeypatch, messages.logger)
    worked("{", body_of(queued(platform, "k1")))

    assert [(line["message_id"], line["level"]) for line in logs.lines] == [
        ("0", "ERROR"),
        ("1", "INFO"),
    ]
