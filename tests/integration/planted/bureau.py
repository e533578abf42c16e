"""The reconciliation as the product builds it, over tables of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.books import DynamoDBBooks
from evenkeel.adapters.dynamodb.change_log import DynamoDBChangeLog
from evenkeel.adapters.dynamodb.mismatch_store import DynamoDBMismatchStore
from evenkeel.adapters.dynamodb.run_store import DynamoDBRunStore
from evenkeel.adapters.dynamodb.step_store import DynamoDBStepStore
from evenkeel.adapters.dynamodb.wallet_store import DynamoDBWalletStore
from evenkeel.clock import Clock, Deadline
from evenkeel.reconciliation.changes import ChangeLog
from evenkeel.reconciliation.engine import Engine
from evenkeel.reconciliation.examiner import Examiner
from evenkeel.reconciliation.isolation import Isolation
from evenkeel.reconciliation.journal_pass import JournalPass
from evenkeel.reconciliation.mismatch import Mismatch
from evenkeel.reconciliation.registry import Registry
from evenkeel.reconciliation.run import Run, Scope, Trigger, Window
from evenkeel.reconciliation.wallet_examiner import WalletExaminer
from evenkeel.reconciliation.work import Work
from tests.fakes.clock import ManualSeconds
from tests.fakes.event_bus import RecordedAlerts
from tests.fakes.retry import instant_retry
from tests.unit.reconciliation.office import Callers

WINDOW_FOR = timedelta(hours=3)


@dataclass
class Bureau:
    """Runs, and what people hear of them.

    Attributes:
        alerts: What people were told.
    """

    dynamodb: DynamoDBClient
    names: Mapping[str, str]
    client_id: str
    clock: Clock
    wait: Callable[[float], None]
    alerts: RecordedAlerts = field(default_factory=RecordedAlerts)

    @property
    def log(self) -> ChangeLog:
        return DynamoDBChangeLog(self.dynamodb, self.names["CHANGES_TABLE"])

    def run(
        self, id_: str, scope: Scope = Scope.CHANGES, window_for: timedelta = WINDOW_FOR
    ) -> Run:
        now = self.clock()
        window = Window(now - window_for, now)
        wanted = Run(id_, Trigger.SCHEDULE, window, now, scope=scope, client_id=self.client_id)
        return self._engine().run(wanted, "me", Deadline.after(900, ManualSeconds()))

    def mismatches(self) -> list[Mismatch]:
        """Return all that were ever found, each as it is now."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.names["REPORTS_TABLE"])
        ids = {
            item["mismatch_id"]["S"]
            for page in pages
            for item in page["Items"]
            if "mismatch_id" in item
        }
        store = self._mismatches()
        found = [store.get(self.client_id, id_) for id_ in sorted(ids)]
        return [each for each in found if each is not None]

    def _mismatches(self) -> DynamoDBMismatchStore:
        return DynamoDBMismatchStore(self.dynamodb, self.names["REPORTS_TABLE"])

    def _engine(self) -> Engine:
        retry = instant_retry()
        ledger, accounts = self.names["LEDGER_TABLE"], self.names["ACCOUNTS_TABLE"]
        books = DynamoDBBooks(
            self.dynamodb,
            payments_table=self.names["PAYMENTS_TABLE"],
            ledger_table=ledger,
            accounts_table=accounts,
        )
        store = DynamoDBWalletStore(self.dynamodb, ledger_table=ledger, accounts_table=accounts)
        steps = DynamoDBStepStore(self.dynamodb, self.names["CHECKPOINTS_TABLE"], clock=self.clock)
        mismatches = self._mismatches()
        return Engine(
            DynamoDBRunStore(self.dynamodb, self.names["REPORTS_TABLE"]),
            Work(self.log, books, mismatches),
            Isolation(Examiner(books, WalletExaminer(books, store, retry), self.clock), retry),
            JournalPass(books, steps, self.wait),
            Registry(mismatches, self.alerts, retry, self.clock),
            Callers(),
            retry,
            self.clock,
            self.wait,
        )


@dataclass
class Reads:
    """What a client has read.

    Attributes:
        calls: How many of each kind.
        object_count: How many objects were asked for by their keys.
    """

    calls: Counter[str] = field(default_factory=Counter)
    object_count: int = 0

    @property
    def call_count(self) -> int:
        return self.calls.total()

    @classmethod
    @contextmanager
    def counted(cls, client: Any) -> Iterator[Reads]:
        reads, events = cls(), client.meta.events
        events.register("before-parameter-build.dynamodb.*", reads._count)
        try:
            yield reads
        finally:
            events.unregister("before-parameter-build.dynamodb.*", reads._count)

    def _count(self, params: Mapping[str, Any], model: Any, **_: object) -> None:
        if model.name not in {"BatchGetItem", "GetItem", "Query", "Scan"}:
            return
        self.calls[model.name] += 1
        for asked in params.get("RequestItems", {}).values():
            self.object_count += len(asked["Keys"])
        self.object_count += model.name == "GetItem"
