"""The composition root: the one place where ports meet adapters.

Everything is built once per execution environment, on the first event that
needs it: never at import. Adapters are imported by whoever builds one, so that
a function does not pay, at every cold start, for tables that it never touches.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

from evenkeel.clock import utc_now
from evenkeel.config import Settings
from evenkeel.ids import random_id
from evenkeel.resilience.retry import Retry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient

    from evenkeel.access.ports import AccessStore
    from evenkeel.access.service import Doorkeeper, Keyring
    from evenkeel.events.ports import Alerts, EventBus, Quarantine
    from evenkeel.ledger.folding import Folding
    from evenkeel.ledger.ports import JournalStream
    from evenkeel.payments.desk import PaymentDesk
    from evenkeel.payments.flags import Flags
    from evenkeel.payments.guard import WalletGuard
    from evenkeel.payments.ports import (
        OutcomeWatch,
        PaymentQueue,
        PaymentStore,
        PaymentStream,
        SweepWatch,
        WalletGateway,
    )
    from evenkeel.payments.reads import PaymentReads
    from evenkeel.payments.records import PaymentRecords
    from evenkeel.payments.sweeper import Sweeper
    from evenkeel.payments.worker import PaymentWorker
    from evenkeel.reconciliation.changes import ChangeLog, ChangeStream
    from evenkeel.reconciliation.examiner import Examiner
    from evenkeel.reconciliation.heartbeat import Heartbeat
    from evenkeel.reconciliation.ports import (
        Books,
        MismatchStore,
        ReportStream,
        RunCaller,
        RunStore,
    )
    from evenkeel.reconciliation.repairs import Repairs
    from evenkeel.reconciliation.reports import Reports
    from evenkeel.reconciliation.watched import WatchedEngine
    from evenkeel.resilience.breaker import Breaker
    from evenkeel.resilience.ports import CircuitStore, CircuitStream, CircuitWatch
    from evenkeel.resilience.switchboard import Switchboard
    from evenkeel.screening.detection import Detection
    from evenkeel.screening.policies import Policies
    from evenkeel.screening.ports import PolicyStore, ScreenWatch, Windows
    from evenkeel.screening.service import Screening
    from evenkeel.wallets.service import Wallets
    from evenkeel.webhooks.fanout import FanOut
    from evenkeel.webhooks.ports import DeliveryQueue, DeliveryStore, EndpointStore, Postman
    from evenkeel.webhooks.sender import Sender
    from evenkeel.webhooks.service import Webhooks


# The dependency that payments have, in the words of the operations API.
WALLET_CIRCUIT = "wallet"
# What its breaker asks its table for before a call: a view, and a move in two writes.
ADMISSION_CALL_COUNT = 3


@cache
def settings() -> Settings:
    return Settings(os.environ)


@cache
def dynamodb() -> DynamoDBClient:
    from evenkeel.adapters import clients

    return clients.dynamodb()


@cache
def lambda_() -> LambdaClient:
    from evenkeel.adapters import clients

    return clients.lambda_()


@cache
def ledger_retry() -> Retry:
    """For lost races on a wallet: many short waits, and over before the function's time is."""
    return _retry(attempt_count_max=40, total_s_max=2.0, delay_s_base=0.01, delay_s_max=0.3)


@cache
def store_retry() -> Retry:
    """For a throttled or lost call to a table that nobody contends for."""
    return _retry(attempt_count_max=3, total_s_max=1.5, delay_s_base=0.05, delay_s_max=0.2)


def call_s_max() -> float:
    """How long one call to a table or a queue can last."""
    from evenkeel.adapters import clients

    return clients.CALL_S_MAX


@cache
def wallet_retry() -> Retry:
    """For an invoke of the wallet function that failed: few attempts, as far as time allows."""
    from evenkeel.adapters import clients

    return _retry(
        attempt_count_max=3,
        total_s_max=8.0,
        delay_s_base=0.05,
        delay_s_max=1.0,
        attempt_s_max=clients.INVOKE_S_MAX,
    )


def _retry(
    *,
    attempt_count_max: int,
    total_s_max: float,
    delay_s_base: float,
    delay_s_max: float,
    attempt_s_max: float = 0.0,
) -> Retry:
    return Retry(
        attempt_count_max=attempt_count_max,
        total_s_max=total_s_max,
        delay_s_base=delay_s_base,
        delay_s_max=delay_s_max,
        jitter=random.random,
        sleep=time.sleep,
        elapsed_s=time.monotonic,
        attempt_s_max=attempt_s_max,
    )


@cache
def wallets() -> Wallets:
    from evenkeel.adapters.dynamodb.wallet_store import DynamoDBWalletStore
    from evenkeel.wallets.service import Wallets

    store = DynamoDBWalletStore(
        dynamodb(),
        ledger_table=settings().ledger_table,
        accounts_table=settings().accounts_table,
    )
    return Wallets(store, ledger_retry(), utc_now)


@cache
def wallet_gateway() -> WalletGateway:
    function_name = settings().wallet_function
    if function_name is None:
        from evenkeel.adapters.inline.wallet_gateway import InlineWalletGateway

        return InlineWalletGateway(wallets())
    from evenkeel.adapters.lambda_.wallet_gateway import LambdaWalletGateway

    return LambdaWalletGateway(lambda_(), function_name)


@cache
def circuit_store() -> CircuitStore:
    from evenkeel.adapters.dynamodb.circuit_store import DynamoDBCircuitStore

    return DynamoDBCircuitStore(dynamodb(), settings().breakers_table)


@cache
def circuit_watch() -> CircuitWatch:
    from evenkeel.adapters.telemetry.circuit_watch import LoggingCircuitWatch

    return LoggingCircuitWatch()


def _wallet_breaker(environment_id: str) -> Breaker:
    from evenkeel.resilience.breaker import Breaker, Environment

    environment = Environment(environment_id, utc_now, time.monotonic, random.random)
    return Breaker(
        WALLET_CIRCUIT,
        store=circuit_store(),
        watch=circuit_watch(),
        limits=settings().wallet_circuit,
        environment=environment,
    )


def _wallet_guard(environment_id: str) -> WalletGuard:
    from evenkeel.payments.guard import WalletGuard
    from evenkeel.resilience.budget import RetryBudget

    breaker = _wallet_breaker(environment_id)
    budget = RetryBudget(
        breaker.retry_share, random.random, earned=settings().wallet_circuit.retry_ratio
    )
    return WalletGuard(
        wallet_gateway(),
        breaker,
        wallet_retry(),
        budget,
        admission_s_max=ADMISSION_CALL_COUNT * call_s_max(),
    )


@cache
def payment_store() -> PaymentStore:
    from evenkeel.adapters.dynamodb.payment_store import DynamoDBPaymentStore

    return DynamoDBPaymentStore(dynamodb(), settings().payments_table)


@cache
def payment_records() -> PaymentRecords:
    from evenkeel.payments.records import PaymentRecords

    return PaymentRecords(payment_store(), store_retry())


@cache
def payment_reads() -> PaymentReads:
    """For a function of its own, which may not move money and knows no wallet."""
    from evenkeel.payments.reads import PaymentReads

    return PaymentReads(payment_records())


@cache
def payment_queue() -> PaymentQueue:
    from evenkeel.adapters import clients
    from evenkeel.adapters.sqs.payment_queue import SqsPaymentQueue

    return SqsPaymentQueue(clients.sqs(), settings().payment_queue_url)


@cache
def payment_desk() -> PaymentDesk:
    from evenkeel.payments.outcomes import ScreenedOutcomes

    return _payment_desk(random_id("env"), ScreenedOutcomes(screening))


def _late_payment_desk(environment_id: str) -> PaymentDesk:
    from evenkeel.payments.outcomes import UnscreenedOutcomes

    return _payment_desk(environment_id, UnscreenedOutcomes())


def _payment_desk(environment_id: str, outcomes: OutcomeWatch) -> PaymentDesk:
    from evenkeel.adapters.memory.seen_payments import SeenInThisProcess
    from evenkeel.payments.desk import PaymentDesk
    from evenkeel.payments.holds import Holds
    from evenkeel.payments.refunds import Refunds
    from evenkeel.payments.service import Payments

    records = payment_records()
    guard = _wallet_guard(environment_id)
    seen = SeenInThisProcess()
    return PaymentDesk(
        Payments(records, guard, payment_queue, seen, outcomes, store_retry(), utc_now),
        Holds(records, guard, utc_now),
        Refunds(records, guard, utc_now),
    )


@cache
def sweep_watch() -> SweepWatch:
    from evenkeel.adapters.telemetry.sweep_watch import LoggingSweepWatch

    return LoggingSweepWatch()


@cache
def sweeper() -> Sweeper:
    """A lane for each shard: the lanes share tables and clients, but a breaker has one thread."""
    from evenkeel.adapters.dynamodb.journal import DynamoDBJournal
    from evenkeel.payments.ports import DUE_SHARD_COUNT
    from evenkeel.payments.sweeper import Sweeper

    journal = DynamoDBJournal(dynamodb(), settings().ledger_table)
    environment_id = random_id("env")
    lanes = [_late_payment_desk(f"{environment_id}.{lane}") for lane in range(DUE_SHARD_COUNT)]
    return Sweeper(payment_store(), journal, lanes, sweep_watch(), utc_now, time.sleep)


@cache
def payment_worker() -> PaymentWorker:
    from evenkeel.payments.worker import PaymentWorker

    desk = _late_payment_desk(random_id("env"))
    return PaymentWorker(desk.payments, payment_queue(), random.random)


@cache
def switchboard() -> Switchboard:
    from evenkeel.resilience.switchboard import Switchboard

    return Switchboard([WALLET_CIRCUIT], circuit_store(), circuit_watch(), store_retry(), utc_now)


@cache
def access_store() -> AccessStore:
    from evenkeel.adapters.dynamodb.access_store import DynamoDBAccessStore

    return DynamoDBAccessStore(dynamodb(), settings().clients_table)


@cache
def doorkeeper() -> Doorkeeper:
    from evenkeel.access.service import Doorkeeper

    return Doorkeeper(access_store(), store_retry(), utc_now)


@cache
def keyring() -> Keyring:
    from evenkeel.access.service import Keyring

    return Keyring(access_store(), utc_now)


@cache
def windows() -> Windows:
    from evenkeel.adapters.valkey.clients import Endpoint
    from evenkeel.adapters.valkey.link import Link
    from evenkeel.adapters.valkey.windows import ValkeyWindows
    from evenkeel.screening.patience import Patience

    known = settings()
    endpoint = Endpoint.of(known.cache_endpoint, known.cache_name, known.cache_user)
    return ValkeyWindows(Link(endpoint.client, Patience(time.monotonic), time.time))


@cache
def flags() -> Flags:
    from evenkeel.payments.flags import Flags

    return Flags(payment_records())


@cache
def detection() -> Detection:
    from evenkeel.adapters.dynamodb.baseline_store import DynamoDBBaselineStore
    from evenkeel.adapters.dynamodb.kept_bytes import KeptBytes
    from evenkeel.adapters.dynamodb.model_store import DynamoDBModelStore
    from evenkeel.adapters.telemetry.detection_watch import LoggingDetectionWatch
    from evenkeel.learning.scorer import Scorer
    from evenkeel.learning.sharing import Sharing
    from evenkeel.screening.detection import Detection

    kept = KeptBytes(dynamodb(), settings().learned_table, utc_now)
    return Detection(
        DynamoDBBaselineStore(kept),
        Sharing(Scorer(), DynamoDBModelStore(kept), utc_now),
        policies(),
        flags(),
        LoggingDetectionWatch(),
        store_retry(),
        utc_now,
    )


@cache
def policy_store() -> PolicyStore:
    from evenkeel.adapters.dynamodb.policy_store import DynamoDBPolicyStore

    return DynamoDBPolicyStore(dynamodb(), settings().clients_table)


@cache
def policies() -> Policies:
    from evenkeel.screening.policies import Policies

    return Policies(policy_store(), screen_watch(), utc_now)


@cache
def screen_watch() -> ScreenWatch:
    from evenkeel.adapters.telemetry.screen_watch import LoggingScreenWatch

    return LoggingScreenWatch()


@cache
def screening() -> Screening:
    from evenkeel.screening.service import Screening

    return Screening(windows(), policies(), screen_watch())


@cache
def folding() -> Folding:
    from evenkeel.adapters.dynamodb.fold_store import DynamoDBFoldStore
    from evenkeel.ledger.folding import Folding

    store = DynamoDBFoldStore(
        dynamodb(),
        accounts_table=settings().accounts_table,
        checkpoints_table=settings().checkpoints_table,
        clock=utc_now,
    )
    return Folding(store, ledger_retry())


@cache
def journal_stream() -> JournalStream:
    from evenkeel.adapters.dynamodb.journal_stream import DynamoDBJournalStream

    return DynamoDBJournalStream()


@cache
def payment_stream() -> PaymentStream:
    from evenkeel.adapters.dynamodb.payment_stream import DynamoDBPaymentStream

    return DynamoDBPaymentStream()


@cache
def circuit_stream() -> CircuitStream:
    from evenkeel.adapters.dynamodb.circuit_stream import DynamoDBCircuitStream

    return DynamoDBCircuitStream()


@cache
def report_stream() -> ReportStream:
    from evenkeel.adapters.dynamodb.report_stream import DynamoDBReportStream

    return DynamoDBReportStream()


@cache
def payment_changes() -> ChangeStream:
    from evenkeel.adapters.dynamodb.change_stream import DynamoDBChangeStream
    from evenkeel.reconciliation.changes import ChangedObject

    return DynamoDBChangeStream(ChangedObject.PAYMENT)


@cache
def account_changes() -> ChangeStream:
    from evenkeel.adapters.dynamodb.change_stream import DynamoDBChangeStream
    from evenkeel.reconciliation.changes import ChangedObject

    return DynamoDBChangeStream(ChangedObject.ACCOUNT)


@cache
def journal_changes() -> ChangeStream:
    from evenkeel.adapters.dynamodb.change_stream import DynamoDBJournalChangeStream

    return DynamoDBJournalChangeStream()


@cache
def change_log() -> ChangeLog:
    from evenkeel.adapters.dynamodb.change_log import DynamoDBChangeLog

    return DynamoDBChangeLog(dynamodb(), settings().changes_table)


@cache
def bus_retry() -> Retry:
    """For entries that the bus did not take: what is left after it comes again with its batch."""
    return _retry(attempt_count_max=5, total_s_max=5.0, delay_s_base=0.1, delay_s_max=1.0)


@cache
def event_bus() -> EventBus:
    from evenkeel.adapters import clients
    from evenkeel.adapters.eventbridge.bus import EventBridgeBus

    return EventBridgeBus(clients.events(), settings().event_bus, bus_retry())


@cache
def alerts() -> Alerts:
    from evenkeel.adapters import clients
    from evenkeel.adapters.sns.alerts import SnsAlerts

    return SnsAlerts(clients.sns(), settings().alerts_topic, bus_retry())


@cache
def alerts_once() -> Alerts:
    from evenkeel.adapters.dynamodb.alert_marks import DynamoDBAlertMarks
    from evenkeel.events.once import AlertsOnce

    marks = DynamoDBAlertMarks(dynamodb(), settings().checkpoints_table, clock=utc_now)
    return AlertsOnce(alerts(), marks, utc_now)


@cache
def quarantine() -> Quarantine:
    from evenkeel.adapters import clients
    from evenkeel.adapters.sqs.quarantine import SqsQuarantine

    return SqsQuarantine(clients.sqs(), settings().quarantine_queue_url)


@cache
def endpoint_store() -> EndpointStore:
    from evenkeel.adapters.dynamodb.endpoint_store import DynamoDBEndpointStore

    return DynamoDBEndpointStore(dynamodb(), settings().webhooks_table)


@cache
def delivery_store() -> DeliveryStore:
    from evenkeel.adapters.dynamodb.delivery_store import DynamoDBDeliveryStore

    return DynamoDBDeliveryStore(dynamodb(), settings().deliveries_table)


@cache
def delivery_queue() -> DeliveryQueue:
    from evenkeel.adapters import clients
    from evenkeel.adapters.sqs.delivery_queue import SqsDeliveryQueue

    return SqsDeliveryQueue(clients.sqs(), settings().webhook_delivery_queue_url)


@cache
def webhooks() -> Webhooks:
    from evenkeel.webhooks.addresses import Reach
    from evenkeel.webhooks.service import Webhooks
    from evenkeel.webhooks.signing import new_secret

    return Webhooks(
        endpoint_store(),
        delivery_store(),
        delivery_queue,
        store_retry(),
        utc_now,
        new_secret,
        Reach(settings().webhook_reach),
    )


@cache
def fan_out() -> FanOut:
    from evenkeel.webhooks.fanout import FanOut

    return FanOut(endpoint_store(), delivery_store(), delivery_queue(), store_retry(), utc_now)


@cache
def postman() -> Postman:
    import ssl

    from evenkeel.adapters.http.postman import HttpPostman
    from evenkeel.webhooks.addresses import Reach

    return HttpPostman(Reach(settings().webhook_reach), ssl.create_default_context())


@cache
def webhook_sender() -> Sender:
    from evenkeel.webhooks.sender import Sender

    return Sender(
        endpoint_store(),
        delivery_store(),
        delivery_queue(),
        postman(),
        alerts,
        store_retry(),
        utc_now,
        random.random,
    )


@cache
def run_store() -> RunStore:
    from evenkeel.adapters.dynamodb.run_store import DynamoDBRunStore

    return DynamoDBRunStore(dynamodb(), settings().reports_table)


@cache
def mismatch_store() -> MismatchStore:
    from evenkeel.adapters.dynamodb.mismatch_store import DynamoDBMismatchStore

    return DynamoDBMismatchStore(dynamodb(), settings().reports_table)


def run_caller(function_name: str) -> RunCaller:
    from evenkeel.adapters.lambda_.run_caller import LambdaRunCaller

    return LambdaRunCaller(lambda_(), function_name)


@cache
def heartbeat() -> Heartbeat:
    from evenkeel.reconciliation.heartbeat import Heartbeat

    return Heartbeat(run_store(), alerts_once(), utc_now)


@cache
def books() -> Books:
    from evenkeel.adapters import clients
    from evenkeel.adapters.dynamodb.books import DynamoDBBooks

    return DynamoDBBooks(
        clients.dynamodb_reader(),
        payments_table=settings().payments_table,
        ledger_table=settings().ledger_table,
        accounts_table=settings().accounts_table,
    )


@cache
def examiner() -> Examiner:
    from evenkeel.reconciliation.examiner import Examiner
    from evenkeel.reconciliation.wallet_examiner import WalletExaminer

    wallet_examiner = WalletExaminer(books(), wallets().store, store_retry())
    return Examiner(books(), wallet_examiner, utc_now)


@cache
def repairs() -> Repairs:
    from evenkeel.reconciliation.repairs import Repairs
    from evenkeel.reconciliation.survey import Surveyor

    return Repairs(
        mismatch_store(),
        Surveyor(books(), examiner(), wallets().store, store_retry()),
        _wallet_guard(random_id("env")),
        store_retry(),
        utc_now,
    )


@cache
def reconciliation() -> WatchedEngine:
    from evenkeel.adapters import clients
    from evenkeel.adapters.dynamodb.change_log import DynamoDBChangeLog
    from evenkeel.adapters.dynamodb.step_store import DynamoDBStepStore
    from evenkeel.adapters.telemetry.run_watch import LoggingRunWatch
    from evenkeel.reconciliation.engine import Engine
    from evenkeel.reconciliation.isolation import Isolation
    from evenkeel.reconciliation.journal_pass import JournalPass
    from evenkeel.reconciliation.registry import Registry
    from evenkeel.reconciliation.watched import WatchedEngine
    from evenkeel.reconciliation.work import Work

    log = DynamoDBChangeLog(clients.dynamodb_reader(), settings().changes_table)
    steps = DynamoDBStepStore(dynamodb(), settings().checkpoints_table, clock=utc_now)
    retry = store_retry()
    engine = Engine(
        run_store(),
        Work(log, books(), mismatch_store()),
        Isolation(examiner(), retry),
        JournalPass(books(), steps, time.sleep),
        Registry(mismatch_store(), alerts_once(), retry, utc_now),
        run_caller(settings().this_function),
        retry,
        utc_now,
        time.sleep,
        repairs().automatic,
    )
    return WatchedEngine(engine, LoggingRunWatch())


@cache
def reports() -> Reports:
    from evenkeel.reconciliation.reports import Reports

    return Reports(
        run_store(),
        mismatch_store(),
        lambda: run_caller(settings().reconciliation_function),
        store_retry(),
        utc_now,
        time.sleep,
    )


@cache
def dependencies() -> Mapping[str, Callable[[], None]]:
    """What the API stands on, each with a call that raises unless it is well."""
    from evenkeel.adapters.health import ping_function, ping_table

    tables = {
        "payments": settings().payments_table,
        "ledger": settings().ledger_table,
        "accounts": settings().accounts_table,
        "clients": settings().clients_table,
        "breakers": settings().breakers_table,
        "changes": settings().changes_table,
        "webhooks": settings().webhooks_table,
        "deliveries": settings().deliveries_table,
        "reports": settings().reports_table,
    }
    pings: dict[str, Callable[[], None]] = {
        f"table {name}": partial(ping_table, dynamodb(), table) for name, table in tables.items()
    }
    function_name = settings().wallet_function
    if function_name is not None:
        pings["wallet service"] = partial(ping_function, lambda_(), function_name)
    return pings
