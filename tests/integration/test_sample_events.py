"""The sample events are what the functions take: one for each."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel import bootstrap
from evenkeel.access.model import Scope
from evenkeel.adapters.dynamodb.baseline_store import DynamoDBBaselineStore
from evenkeel.clock import to_rfc3339, utc_now
from evenkeel.events.once import AlertsOnce
from evenkeel.payments.model import Payment
from evenkeel.payments.states import PaymentStatus
from evenkeel.person import Person
from evenkeel.reconciliation.changes import Change, ChangedObject, stretches
from functions.access_commands.handler import handler as access_commands
from functions.account_stream.handler import handler as account_stream
from functions.anomalies_api.handler import handler as anomalies_api
from functions.anomaly_scorer.handler import handler as anomaly_scorer
from functions.circuit_stream.handler import handler as circuit_stream
from functions.ledger_stream.handler import handler as ledger_stream
from functions.ops_api.handler import handler as ops_api
from functions.payment_stream.handler import handler as payment_stream
from functions.payment_worker.handler import handler as payment_worker
from functions.payments_api.handler import handler as payments_api
from functions.reconciliation_api.handler import handler as reconciliation_api
from functions.report_stream.handler import handler as report_stream
from functions.sweeper.handler import handler as sweeper
from functions.wallet_commands.handler import handler as wallet_commands
from functions.wallets_api.handler import handler as wallets_api
from functions.webhook_sender.handler import handler as webhook_sender
from functions.webhooks.handler import handler as webhooks
from functions.webhooks_api.handler import handler as webhooks_api
from tests.context import Context
from tests.emulator import Emulator
from tests.fakes.clock import NOON
from tests.fakes.event_bus import InMemoryAlertMarks, RecordedAlerts
from tests.fakes.postman import ScriptedPostman
from tests.integration.environment import forget
from tests.integration.stores import kept_bytes
from tests.listener import Listener, listening
from tests.payments import order
from tests.reports import done, run
from tests.tables import TABLES

CONTEXT = Context()


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(Path(f"events/{name}.json").read_text())
    return event


def signed(event: dict[str, Any]) -> dict[str, Any]:
    key = access_commands(sample("issue_key") | {"scopes": list(Scope)}, CONTEXT)["key"]
    return event | {"headers": event["headers"] | {"X-API-Key": key}}


@pytest.fixture(autouse=True)
def demo_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARANTINE_QUEUE_URL", "http://127.0.0.1/none")
    monkeypatch.setenv("PAYMENT_QUEUE_URL", "http://127.0.0.1/none")
    forget()
    bootstrap.keyring().create_client("Demo", "cli_demo")


def test_a_wallet_is_opened_and_a_payment_from_it_created_and_debited() -> None:
    opened = wallets_api(signed(sample("open_wallet")), CONTEXT)
    created = payments_api(signed(sample("create_payment")), CONTEXT)
    debited = wallet_commands(sample("debit_wallet"), CONTEXT)

    assert opened["statusCode"] in (200, 201)
    assert created["statusCode"] == 201
    assert debited["outcome"] == "posted"
    assert json.loads(created["body"])["id"] == sample("debit_wallet")["paymentId"]


def test_a_payment_that_waited_is_debited_once() -> None:
    wallets_api(signed(sample("open_wallet")), CONTEXT)
    payments_api(signed(sample("create_payment")), CONTEXT)
    answers = [payment_worker(sample("waiting_payment"), CONTEXT) for _ in range(2)]
    debited = wallet_commands(sample("debit_wallet"), CONTEXT)

    payment = bootstrap.payment_desk().payments.get("cli_demo", sample("debit_wallet")["paymentId"])
    assert answers == [{"batchItemFailures": []}] * 2
    assert payment.status is PaymentStatus.COMPLETED
    assert payment.transfer_id == debited["transferId"] == sample("debit_wallet")["transferId"]


@pytest.fixture
def own_payments(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A table that no other test has: a sweep looks at whatever is due."""
    name = "test-swept"
    client = emulator.client("dynamodb")
    client.create_table(**TABLES["PAYMENTS_TABLE"].definition(name))
    monkeypatch.setenv("PAYMENTS_TABLE", name)
    forget()
    yield
    client.delete_table(TableName=name)
    forget()


def test_a_sweep_settles_what_is_due(own_payments: None) -> None:
    bootstrap.payment_store().add(Payment.created(order("k1", "cli_demo"), NOON))
    replies = [sweeper(sample("sweep"), CONTEXT) for _ in range(2)]

    assert [(reply["looked"], reply["expired"]) for reply in replies] == [(1, 1), (0, 0)]
    settled = bootstrap.payment_store().get("cli_demo", "pay_k1")
    assert settled.status is PaymentStatus.CANCELLED


@pytest.fixture
def listener(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    monkeypatch.setenv("EVENT_BUS", "test-samples")
    events = emulator.client("events")
    events.create_event_bus(Name="test-samples")
    with listening(emulator.client, "test-samples") as listener:
        yield listener
    events.delete_event_bus(Name="test-samples")


def test_a_record_of_the_ledger_is_folded_and_told(listener: Listener) -> None:
    ledger_stream(sample("ledger_record"), CONTEXT)
    ledger_stream(sample("ledger_record"), CONTEXT)

    transfer_id = sample("debit_wallet")["transferId"]
    assert bootstrap.folding().store.receipt(transfer_id) is not None
    first, again = listener.listen()
    assert first == again
    assert (first["type"], first["data"]["id"]) == ("TransferPosted", transfer_id)


def test_records_of_the_payments_are_told(listener: Listener) -> None:
    payment_stream(sample("payment_records"), CONTEXT)

    assert listener.types() == ["PaymentCreated", "PaymentCompleted"]
    assert {detail["data"]["id"] for detail in listener.heard} == {
        sample("debit_wallet")["paymentId"]
    }


def test_a_record_of_the_accounts_is_noted_and_so_are_those_that_are_told(
    listener: Listener,
) -> None:
    began_at = utc_now()
    account_stream(sample("account_record"), CONTEXT)
    payment_stream(sample("payment_records"), CONTEXT)
    ledger_stream(sample("ledger_record"), CONTEXT)

    log, debit = bootstrap.change_log(), sample("debit_wallet")
    payment_id, transfer_id = debit["paymentId"], debit["transferId"]
    noted = {each for part in stretches(began_at, utc_now()) for each in log.read(part)}
    assert noted == {
        Change("cli_demo", ChangedObject.ACCOUNT, debit["walletId"]),
        Change("cli_demo", ChangedObject.PAYMENT, payment_id),
        Change("cli_demo", ChangedObject.RECORD, transfer_id, payment_id),
    }


def test_records_of_the_breakers_are_told(listener: Listener) -> None:
    circuit_stream(sample("circuit_records"), CONTEXT)

    assert listener.types() == ["CircuitOpened", "CircuitHalfOpened"]


def test_records_of_the_reports_are_told(listener: Listener) -> None:
    report_stream(sample("report_records"), CONTEXT)

    told = ["MismatchFound", "MismatchResolved", "ReconciliationCompleted"]
    assert sorted(listener.types()) == told
    assert {detail["clientId"] for detail in listener.heard} == {"cli_demo", None}


@pytest.fixture
def waiting(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    """A queue of deliveries, and the message that waits in it."""
    sqs = emulator.client("sqs")
    url = sqs.create_queue(QueueName="test-deliveries")["QueueUrl"]
    monkeypatch.setenv("WEBHOOK_DELIVERY_QUEUE_URL", url)
    monkeypatch.setenv("WEBHOOK_REACH", "public")
    yield lambda: sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]
    sqs.delete_queue(QueueUrl=url)


def now(event: dict[str, Any]) -> dict[str, Any]:
    """Have it happened now: nobody is told of what was before a webhook."""
    [record] = event["Records"]
    said = json.loads(record["body"])
    said["detail"]["occurredAt"] = to_rfc3339(utc_now())
    return {"Records": [record | {"body": json.dumps(said)}]}


def test_a_webhook_is_registered_and_told_of_a_payment(
    waiting: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    postman = ScriptedPostman()
    monkeypatch.setattr(bootstrap, "postman", lambda: postman)
    registered = webhooks_api(signed(sample("create_webhook")), CONTEXT)
    told = webhooks(now(sample("webhook_event")), CONTEXT)
    sent = webhook_sender(sample("due_delivery"), CONTEXT)

    assert registered["statusCode"] == 201
    assert told == sent == {"batchItemFailures": []}
    [due] = sample("due_delivery")["Records"]
    assert json.loads(waiting()) == json.loads(due["body"])
    [request] = postman.sent
    assert request.url == json.loads(registered["body"])["url"]
    assert json.loads(request.body)["data"]["id"] == sample("debit_wallet")["paymentId"]


def test_the_runs_of_the_reconciliation_are_listed() -> None:
    bootstrap.run_store().add(done(run(client_id="cli_demo")))
    listed = reconciliation_api(signed(sample("list_reports")), CONTEXT)

    assert listed["statusCode"] == 200
    assert [each["id"] for each in json.loads(listed["body"])["items"]] == ["rec_1"]


def test_a_flag_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    alerts = RecordedAlerts()
    marks = InMemoryAlertMarks()
    monkeypatch.setattr(bootstrap, "alerts_once", lambda: AlertsOnce(alerts, marks, utc_now))

    for _ in range(2):
        assert anomaly_scorer(sample("flagged_event"), CONTEXT) == {"batchItemFailures": []}

    assert [alert.data["rule"] for alert in alerts.alerts] == ["VELOCITY_EXCEEDED"]


def test_a_payment_is_learned_from_once(dynamodb: DynamoDBClient) -> None:
    for _ in range(2):
        assert anomaly_scorer(sample("created_event"), CONTEXT) == {"batchItemFailures": []}

    known = DynamoDBBaselineStore(kept_bytes(dynamodb)).load(Person("cli_demo", "alice"))
    assert known is not None
    assert known.version == 1


def test_what_was_flagged_is_listed() -> None:
    listed = anomalies_api(signed(sample("list_anomalies")), CONTEXT)

    assert listed["statusCode"] == 200
    assert json.loads(listed["body"])["nextCursor"] is None


def test_health_is_asked_for_without_a_key() -> None:
    assert ops_api(sample("get_health"), CONTEXT)["statusCode"] == 200


def test_every_sample_is_used_here() -> None:
    used = {
        "account_record",
        "circuit_records",
        "create_payment",
        "create_webhook",
        "created_event",
        "debit_wallet",
        "due_delivery",
        "flagged_event",
        "get_health",
        "issue_key",
        "ledger_record",
        "list_anomalies",
        "list_reports",
        "open_wallet",
        "payment_records",
        "report_records",
        "sweep",
        "waiting_payment",
        "webhook_event",
    }

    assert {path.stem for path in Path("events").glob("*.json")} == used
