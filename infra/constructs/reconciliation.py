"""Runs of the reconciliation: those of the schedule, those that clients ask for, and its API.

Two functions of the same code, so that what clients ask for cannot use up what the schedule needs.
"""

from collections.abc import Callable

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs.alerts import AlertTopic
from infra.constructs.cache import Cache
from infra.constructs.dead_mans_switch import DeadMansSwitch
from infra.constructs.function import Function
from infra.constructs.queue import DeadLetterQueue
from infra.constructs.schedule import Schedule
from infra.constructs.target import Target
from infra.stacks.data import DataStack

EVERY = Duration.minutes(5)
PASSES = {
    "recent": events.Schedule.rate(EVERY),
    "day": events.Schedule.rate(Duration.hours(1)),
    "all": events.Schedule.cron(hour="2", minute="10"),  # UTC; most clients of ours sleep then.
}


class Reconciliation:
    """Its parts are the stack's own, so that functions and queues are named as all others are."""

    def __init__(
        self,
        scope: Construct,
        *,
        function: Callable[..., Function],
        may_ask_wallets: Callable[[Function], None],
        data: DataStack,
        cache: Cache,
        alerts: AlertTopic,
        target: Target,
        key: kms.IKey,
    ) -> None:
        self._scope = scope
        self._function = function
        self._may_ask_wallets = may_ask_wallets
        self._data = data
        self._alerts = alerts
        failed = DeadLetterQueue(scope, "RunsFailed", key=key)
        self._run_by_schedule(failed)
        # Emulators find no metric in a log, and would raise them for ever.
        target.only_on_aws(DeadMansSwitch(scope, "RunsMissing"))
        self.api = function("reconciliation_api", timeout_s=28)
        self._serve(self.api, cache, self._run_on_demand(failed))

    def _run_by_schedule(self, failed: DeadLetterQueue) -> None:
        function = self._reconciler("reconciliation")
        self._may_call_itself("ResumeRuns", function)
        runs = Schedule(self._scope, "Runs", function=function, late_after=EVERY, failed=failed)
        for pass_, when in PASSES.items():
            event = {"command": "schedule", "pass": pass_, "at": events.EventField.time}
            runs.call(pass_.title(), when, event)

    def _run_on_demand(self, failed: DeadLetterQueue) -> Function:
        function = self._reconciler("reconciliation_manual", folder="reconciliation")
        self._may_call_itself("ResumeManualRuns", function)
        Schedule(self._scope, "ManualRuns", function=function, late_after=EVERY, failed=failed)
        return function

    def _reconciler(self, name: str, *, folder: str | None = None) -> Function:
        function = self._function(
            name,
            folder=folder,
            timeout_s=900,
            why_no_dlq="A failure's destination is there instead, and is told what went wrong",
        )
        data = self._data
        function.use(data.changes, "Query")
        function.use(data.payments, "BatchGetItem", "Scan", queries=["by_due"])
        wallets = ["by_debit_wallet", "by_credit_wallet"]
        function.use(data.ledger, "BatchGetItem", "GetItem", "Scan", queries=wallets)
        function.use(data.accounts, "BatchGetItem", "GetItem", "Scan")
        writes = ("PutItem", "UpdateItem")
        function.use(data.reports, "BatchGetItem", "GetItem", *writes, queries=["by_list"])
        function.use(data.checkpoints, "PutItem")
        self._alerts.accept_from(function)
        self._may_ask_wallets(function)
        return function

    def _serve(self, api: Function, cache: Cache, manual_runs: Function) -> None:
        """It waits for runs, and does none; what is to be repaired it looks at itself."""
        data = self._data
        cache.accept_from(api)
        api.use(data.reports, "BatchGetItem", "GetItem", "PutItem", queries=["by_list"])
        api.use(data.payments, "BatchGetItem")
        wallets = ["by_debit_wallet", "by_credit_wallet"]
        api.use(data.ledger, "BatchGetItem", "GetItem", queries=wallets)
        api.use(data.accounts, "BatchGetItem", "GetItem")
        self._may_ask_wallets(api)
        api.use(data.clients, "GetItem")
        api.tell("RECONCILIATION_FUNCTION", manual_runs.name)
        api.allow(["lambda:InvokeFunction"], [manual_runs.arn])

    def _may_call_itself(self, id_: str, function: Function) -> None:
        """Go on where its time was over. A policy apart: the function waits for its role's own."""
        iam.Policy(
            self._scope,
            id_,
            roles=[function.role],
            statements=[
                iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.arn])
            ],
        )
