"""The functions, what calls them and what each may touch."""

import json
from collections.abc import Sequence
from dataclasses import replace

from aws_cdk import ArnFormat, CfnMapping, Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.concurrency import CONCURRENCY
from infra.constructs.alerts import AlertTopic
from infra.constructs.anomalies import Anomalies
from infra.constructs.bus import Bus
from infra.constructs.cache import Cache
from infra.constructs.firewall import Firewall
from infra.constructs.function import (
    ARCHITECTURE,
    NEVER_ASYNCHRONOUS,
    RUNTIME,
    Function,
    Surroundings,
    pascal_case,
)
from infra.constructs.queue import DeadLetterQueue, WorkQueue
from infra.constructs.reconciliation import Reconciliation
from infra.constructs.rest_api import RestApi
from infra.constructs.schedule import Schedule
from infra.constructs.stream import StreamReader
from infra.constructs.target import Target
from infra.constructs.webhooks import Webhooks
from infra.options import Options
from infra.routes import ROUTES
from infra.stacks.data import DataStack
from infra.stacks.network import NetworkStack

# Longer than the outages that it is for. A payment outlives its message: the sweeper finds it.
PAYMENT_QUEUE_RETENTION = Duration.days(2)
# Twice the longest delay of a message.
PAYMENT_QUEUE_STANDSTILL = Duration.minutes(30)

# Fewer than are reserved for it: a batch that Lambda refuses counts as an attempt of its messages.
PAYMENT_WORKER_COUNT_MAX = 10

SWEEP_EVERY = Duration.minutes(1)


class ServiceStack(Stack):
    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        options: Options,
        data: DataStack,
        network: NetworkStack | None,
    ) -> None:
        super().__init__(scope, id_)
        self._options = options
        self._data = data
        self._target = Target(self)
        self._concurrency = CfnMapping(
            self,
            "Concurrency",
            mapping={pascal_case(name): dict(each) for name, each in CONCURRENCY.items()},
        )
        self._key = self._make_key()
        self._alerts = AlertTopic(self, key=self._key)
        self._bus = Bus(self)
        self._target.only_on_aws(self._bus.archived)
        self._cache = Cache(self, "Cache", target=self._target, network=network, key=self._key)
        self._surroundings = Surroundings(
            layers=[
                # Ours as it is in the repository; the other one with its bytecode.
                self._layer("Core", "layers/core", exclude=["**/__pycache__"]),
                self._layer("Deps", options.deps),
            ],
            key=self._key,
            vpc=network.vpc if network else None,
            security_groups=[network.functions] if network else [],
        )
        self._wallets = self._wallet_commands()
        payment_queue = self._payment_queue()
        reconciliation = self._reconciliation()
        anomalies = self._anomalies()
        api = RestApi(
            self,
            "Api",
            key=self._key,
            routes=ROUTES,
            functions={
                "payments_api": self._payments_api(payment_queue),
                "payments_reads": self._payments_reads(),
                "wallets_api": self._wallets_api(),
                "wallets_reads": self._wallets_reads(),
                "webhooks_api": self._webhooks_api(),
                "reconciliation_api": reconciliation.api,
                "anomalies_api": anomalies.api,
                "ops_api": self._ops_api(),
            },
        )
        self._target.only_on_aws(Firewall(self, "Firewall", stage=api.deployment_stage))
        self._access_commands()
        self._ledger_stream()
        self._payment_stream()
        self._account_stream()
        self._circuit_stream()
        self._report_stream()
        self._sweeper()

    def _webhooks_api(self) -> Function:
        webhooks = Webhooks(
            self,
            function=self._function,
            endpoints=self._data.webhooks,
            deliveries=self._data.deliveries,
            clients=self._data.clients,
            bus=self._bus,
            alerts=self._alerts,
            key=self._key,
            reach=self._target.either("public", "local"),
        )
        self._cache.accept_from(webhooks.api)
        return webhooks.api

    def _payments_api(self, queue: WorkQueue) -> Function:
        function = self._function("payments_api", timeout_s=26)
        self._cache.accept_from(function)
        function.use(self._data.payments, "GetItem", "PutItem", "UpdateItem")
        function.use(self._data.clients, "GetItem")
        self._may_ask_wallets(function)
        queue.accept_from(function)
        function.tell("PAYMENT_QUEUE_URL", queue.queue_url)
        return function

    def _payments_reads(self) -> Function:
        """The same code, which can ask no wallet here and change nothing."""
        function = self._function("payments_reads", folder="payments_api", timeout_s=10)
        self._cache.accept_from(function)
        function.use(self._data.payments, "BatchGetItem", "GetItem", queries=["by_user"])
        function.use(self._data.clients, "GetItem")
        return function

    def _wallets_api(self) -> Function:
        function = self._function("wallets_api", timeout_s=20)
        self._cache.accept_from(function)
        function.use(self._data.ledger, "BatchGetItem", "GetItem", "PutItem")
        function.use(self._data.accounts, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
        function.use(self._data.clients, "GetItem")
        return function

    def _wallets_reads(self) -> Function:
        """The same code, which can change nothing here."""
        function = self._function("wallets_reads", folder="wallets_api", timeout_s=20)
        self._cache.accept_from(function)
        function.use(self._data.ledger, "GetItem", queries=["by_debit_wallet", "by_credit_wallet"])
        function.use(self._data.accounts, "GetItem")
        function.use(self._data.clients, "GetItem")
        return function

    def _anomalies(self) -> Anomalies:
        return Anomalies(
            self,
            function=self._function,
            data=self._data,
            cache=self._cache,
            bus=self._bus,
            alerts=self._alerts,
            key=self._key,
        )

    def _reconciliation(self) -> Reconciliation:
        return Reconciliation(
            self,
            function=self._function,
            may_ask_wallets=self._may_ask_wallets,
            data=self._data,
            cache=self._cache,
            alerts=self._alerts,
            target=self._target,
            key=self._key,
        )

    def _ops_api(self) -> Function:
        function = self._function("ops_api", timeout_s=10)
        self._cache.accept_from(function)
        function.use(self._data.clients, "DescribeTable", "GetItem")
        for table in (
            self._data.payments,
            self._data.ledger,
            self._data.accounts,
            self._data.changes,
            self._data.webhooks,
            self._data.deliveries,
            self._data.reports,
        ):
            function.use(table, "DescribeTable")
        function.tell("WALLET_FUNCTION", self._wallets.name)
        function.allow(["lambda:GetFunctionConcurrency"], [self._wallets.arn])
        function.use(
            self._data.breakers, "BatchGetItem", "DescribeTable", "GetItem", "PutItem", "UpdateItem"
        )
        return function

    def _wallet_commands(self) -> Function:
        function = self._function("wallet_commands", timeout_s=5)
        self._may_move_money(function)
        return function

    def _access_commands(self) -> None:
        """For operators, who invoke it with their own IAM rights; no route leads here."""
        function = self._function("access_commands", timeout_s=10, memory_mb=512)
        function.use(self._data.clients, "GetItem", "PutItem", "UpdateItem")

    def _ledger_stream(self) -> None:
        function = self._function("ledger_stream", timeout_s=30, memory_mb=512)
        function.use(self._data.checkpoints, "BatchGetItem", "GetItem", "PutItem")
        function.use(self._data.accounts, "GetItem", "UpdateItem")
        self._may_note_changes(function)
        self._bus.accept_from(function)
        self._alerts.accept_from(function)
        StreamReader(self, "Ledger", table=self._data.ledger, reader=function, key=self._key)

    def _payment_stream(self) -> None:
        function = self._function("payment_stream", timeout_s=30, memory_mb=512)
        self._may_note_changes(function)
        self._bus.accept_from(function)
        StreamReader(self, "Payment", table=self._data.payments, reader=function, key=self._key)

    def _account_stream(self) -> None:
        """It tells nobody: what moves money is told by the ledger's own stream."""
        function = self._function("account_stream", timeout_s=30, memory_mb=512)
        self._may_note_changes(function)
        StreamReader(self, "Account", table=self._data.accounts, reader=function, key=self._key)

    def _circuit_stream(self) -> None:
        function = self._function("circuit_stream", timeout_s=30, memory_mb=512)
        self._bus.accept_from(function)
        StreamReader(self, "Circuit", table=self._data.breakers, reader=function, key=self._key)

    def _report_stream(self) -> None:
        function = self._function("report_stream", timeout_s=30, memory_mb=512)
        self._bus.accept_from(function)
        StreamReader(self, "Report", table=self._data.reports, reader=function, key=self._key)

    def _may_note_changes(self, function: Function) -> None:
        """Up to four pages in one call, which counts as many units as four calls."""
        function.use(self._data.changes, "BatchWriteItem")

    def _payment_queue(self) -> WorkQueue:
        worker = self._function("payment_worker", timeout_s=50)
        worker.use(self._data.payments, "GetItem", "UpdateItem")
        self._may_ask_wallets(worker)
        queue = WorkQueue(
            self,
            "PaymentQueue",
            key=self._key,
            retention=PAYMENT_QUEUE_RETENTION,
            standstill=PAYMENT_QUEUE_STANDSTILL,
            worker=worker,
        )
        queue.feed(worker, concurrency_max=PAYMENT_WORKER_COUNT_MAX)
        # A payment that has to wait longer is a new message, not a failed one.
        queue.accept_from(worker)
        worker.tell("PAYMENT_QUEUE_URL", queue.queue_url)
        return queue

    def _sweeper(self) -> None:
        function = self._function(
            "sweeper",
            timeout_s=58,
            why_no_dlq="A failure's destination is there instead, and is told what went wrong",
        )
        function.use(self._data.payments, "GetItem", "UpdateItem", queries=["by_due"])
        function.use(self._data.ledger, "GetItem")
        self._may_ask_wallets(function)
        self._may_miss_runs(function)
        sweeps = Schedule(
            self,
            "Sweeps",
            function=function,
            late_after=SWEEP_EVERY,
            failed=DeadLetterQueue(self, "SweepsFailed", key=self._key),
        )
        sweeps.call("Rule", events.Schedule.rate(SWEEP_EVERY), {"command": "sweep"})

    def _may_miss_runs(self, function: Function) -> None:
        """See how far the runs have come, and tell people once if it is not far enough."""
        function.use(self._data.reports, "GetItem")
        function.use(self._data.checkpoints, "PutItem")
        self._alerts.accept_from(function)

    def _may_ask_wallets(self, function: Function) -> None:
        """Debit a wallet, behind the circuit breaker of the wallets."""
        if self._options.wallet == "inline":
            self._may_move_money(function)
        else:
            function.tell("WALLET_FUNCTION", self._wallets.name)
            function.allow(["lambda:InvokeFunction"], [self._wallets.arn])
        function.use(self._data.breakers, "GetItem", "PutItem", "UpdateItem")
        if self._options.circuit:
            circuit = json.dumps(self._options.circuit, separators=(",", ":"))
            function.tell("WALLET_CIRCUIT", circuit)

    def _may_move_money(self, function: Function) -> None:
        """Add entries to the ledger, which nobody may change, and move wallets' counters."""
        function.use(self._data.ledger, "BatchGetItem", "GetItem", "PutItem")
        function.use(self._data.accounts, "BatchGetItem", "GetItem", "UpdateItem")

    def _function(
        self,
        name: str,
        *,
        folder: str | None = None,
        timeout_s: int,
        memory_mb: int = 1024,
        why_no_dlq: str = NEVER_ASYNCHRONOUS,
        faces_internet: bool = False,
    ) -> Function:
        """One that faces the internet is outside the private network, which has no way out."""
        inside = self._surroundings
        return Function(
            self,
            name,
            folder=folder,
            surroundings=replace(inside, vpc=None, security_groups=())
            if faces_internet
            else inside,
            timeout_s=timeout_s,
            concurrency=self._target.number(self._concurrency, pascal_case(name)),
            memory_mb=memory_mb,
            why_no_dlq=why_no_dlq,
        )

    def _layer(self, id_: str, path: str, *, exclude: Sequence[str] = ()) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            id_,
            code=lambda_.Code.from_asset(path, exclude=list(exclude)),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
        )

    def _make_key(self) -> kms.Key:
        """For all that may go with the stack, so it is not the tables' key."""
        key = kms.Key(
            self,
            "Key",
            description="Encrypts the logs, queues, alerts and cache of Evenkeel",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com")],
                actions=[
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey",
                    "kms:GenerateDataKeyWithoutPlaintext",
                    "kms:ReEncryptFrom",
                    "kms:ReEncryptTo",
                ],
                resources=["*"],
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": self.format_arn(
                            service="logs",
                            resource="log-group",
                            resource_name="*",
                            arn_format=ArnFormat.COLON_RESOURCE_NAME,
                        )
                    }
                },
            )
        )
        return key
