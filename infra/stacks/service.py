"""The functions, what calls them and what each may touch."""

from collections.abc import Sequence

from aws_cdk import ArnFormat, CfnMapping, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.concurrency import CONCURRENCY
from infra.constructs.firewall import Firewall
from infra.constructs.function import ARCHITECTURE, RUNTIME, Function, Surroundings, pascal_case
from infra.constructs.queue import DeadLetterQueue
from infra.constructs.rest_api import RestApi
from infra.constructs.stream import StreamReader
from infra.constructs.target import Target
from infra.options import Options
from infra.routes import ROUTES
from infra.stacks.data import DataStack
from infra.stacks.network import NetworkStack


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
        self._data = data
        self._target = Target(self)
        self._concurrency = CfnMapping(
            self,
            "Concurrency",
            mapping={pascal_case(folder): dict(each) for folder, each in CONCURRENCY.items()},
        )
        self._key = self._make_key()
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
        wallet_commands = self._wallet_commands()
        api = RestApi(
            self,
            "Api",
            key=self._key,
            routes=ROUTES,
            functions={
                "payments_api": self._payments_api(options, wallet_commands),
                "wallets_api": self._wallets_api(),
                "ops_api": self._ops_api(wallet_commands),
            },
        )
        self._target.only_on_aws(Firewall(self, "Firewall", stage=api.deployment_stage))
        self._access_commands()
        self._ledger_stream()

    def _payments_api(self, options: Options, wallet_commands: Function) -> Function:
        function = self._function("payments_api", timeout_s=26)
        function.use(
            self._data.payments,
            "BatchGetItem",
            "GetItem",
            "PutItem",
            "UpdateItem",
            queries=["by_user"],
        )
        function.use(self._data.clients, "GetItem")
        if options.wallet == "inline":
            self._may_move_money(function)
        else:
            function.tell("WALLET_FUNCTION", wallet_commands.name)
            function.allow(["lambda:InvokeFunction"], [wallet_commands.arn])
        return function

    def _wallets_api(self) -> Function:
        function = self._function("wallets_api", timeout_s=20)
        function.use(
            self._data.ledger,
            "BatchGetItem",
            "GetItem",
            "PutItem",
            queries=["by_debit_wallet", "by_credit_wallet"],
        )
        function.use(self._data.accounts, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
        function.use(self._data.clients, "GetItem")
        return function

    def _ops_api(self, wallet_commands: Function) -> Function:
        function = self._function("ops_api", timeout_s=10)
        function.use(self._data.clients, "DescribeTable", "GetItem")
        for table in (self._data.payments, self._data.ledger, self._data.accounts):
            function.use(table, "DescribeTable")
        function.tell("WALLET_FUNCTION", wallet_commands.name)
        function.allow(["lambda:GetFunctionConcurrency"], [wallet_commands.arn])
        return function

    def _wallet_commands(self) -> Function:
        function = self._function("wallet_commands", timeout_s=8)
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
        quarantine = DeadLetterQueue(self, "LedgerQuarantine", key=self._key)
        quarantine.accept_from(function)
        function.tell("QUARANTINE_QUEUE_URL", quarantine.queue_url)
        StreamReader(
            self,
            "LedgerStreamReader",
            table=self._data.ledger,
            reader=function,
            expired=DeadLetterQueue(self, "LedgerStreamExpired", key=self._key),
        )

    def _may_move_money(self, function: Function) -> None:
        """Add entries to the ledger, which nobody may change, and move wallets' counters."""
        function.use(self._data.ledger, "BatchGetItem", "GetItem", "PutItem")
        function.use(self._data.accounts, "BatchGetItem", "GetItem", "UpdateItem")

    def _function(self, folder: str, *, timeout_s: int, memory_mb: int = 1024) -> Function:
        return Function(
            self,
            folder,
            surroundings=self._surroundings,
            timeout_s=timeout_s,
            concurrency=self._target.number(self._concurrency, pascal_case(folder)),
            memory_mb=memory_mb,
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
        """For logs and queues: they may go with the stack, so it is not the tables' key."""
        key = kms.Key(
            self,
            "Key",
            description="Encrypts the logs and queues of Evenkeel",
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
