"""A run over a window beside the plain way: one look into the ledger for each payment.

Both read the same tables of the same emulator, which this starts and stops. Calls and units are
AWS's own, by its rules; seconds are an emulator's.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from math import ceil
from pathlib import Path
from random import Random
from statistics import median

from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters import clients
from evenkeel.adapters.dynamodb.books import DynamoDBBooks
from evenkeel.adapters.dynamodb.change_log import DynamoDBChangeLog
from evenkeel.adapters.dynamodb.journal import DynamoDBJournal
from evenkeel.adapters.dynamodb.mismatch_store import DynamoDBMismatchStore
from evenkeel.adapters.dynamodb.run_store import DynamoDBRunStore
from evenkeel.adapters.dynamodb.step_store import DynamoDBStepStore
from evenkeel.adapters.dynamodb.wallet_store import DynamoDBWalletStore
from evenkeel.clock import Deadline
from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.payments.model import Payment
from evenkeel.reconciliation.changes import Change
from evenkeel.reconciliation.engine import LANE_COUNT, Engine
from evenkeel.reconciliation.examiner import Examiner
from evenkeel.reconciliation.isolation import Isolation
from evenkeel.reconciliation.journal_pass import JournalPass
from evenkeel.reconciliation.registry import Registry
from evenkeel.reconciliation.run import Run, Trigger, Window
from evenkeel.reconciliation.wallet_examiner import WalletExaminer
from evenkeel.reconciliation.work import Work
from tests.bench.breaker_chart import Line
from tests.bench.reading_chart import Chart
from tests.bench.reading_meter import PREFIX, Call, ReadMeter
from tests.bench.reading_text import CALLS_PER_PAYMENT_MAX, Figures, Pair, is_held, text
from tests.emulator import Emulator, started
from tests.fakes.event_bus import RecordedAlerts
from tests.fakes.retry import instant_retry
from tests.integration.planted.tables import Tables, inserted, note
from tests.integration.planted.town import DEEDS, Town, noted_at
from tests.tables import TABLES
from tests.unit.reconciliation.office import Callers

PATH = Path("docs/benchmarks/reading.md")
CHART = PATH.with_suffix(".svg")
PAYMENT_COUNTS = (100, 300, 1_000, 3_000, 10_000)
RUN_COUNT = 3

WINDOW_S = 1800.0
OPENED_BEFORE = timedelta(minutes=67)
LATER = timedelta(seconds=5)

CLIENT = "cli_benchmark"
NAMES = {variable: f"{PREFIX}{variable.removesuffix('_TABLE').lower()}" for variable in TABLES}


@dataclass
class Scene:
    """Payments of a window in the tables, and on the pages of the log of changes."""

    town: Town
    window: Window
    client: DynamoDBClient
    _numbers: Iterator[int] = field(default_factory=count)

    @classmethod
    def lived(cls, payment_count: int, client: DynamoDBClient) -> Scene:
        """Have as many payments made, all of them right, from wallets that were there before."""
        town, rng = Town(CLIENT), Random(20)  # noqa: S311 - A workload, not a secret.
        households = [town.household() for _ in range(ceil(payment_count * 0.8))]
        clock = town.platform.clock
        clock.advance(OPENED_BEFORE)
        since = clock()
        deeds = rng.choices(list(DEEDS), weights=list(DEEDS.values()), k=payment_count)
        for number, deed in enumerate(deeds):
            at = since + timedelta(seconds=WINDOW_S * number / payment_count)
            clock.advance(max(at - clock(), timedelta()))
            # Four of five are made by somebody who has not paid before.
            is_first = number % 5 < 4
            who = households[number // 5 * 4 + number % 5] if is_first else rng.choice(households)
            deed(who, rng.randint(2, 900))
        until = max(clock(), since + timedelta(seconds=WINDOW_S)) + LATER
        clock.advance(until - clock() + LATER)
        return cls(town, Window(since, until), client)

    @property
    def payments(self) -> Sequence[Payment]:
        return list(self.town.payments)

    def write(self) -> None:
        town, log = self.town, DynamoDBChangeLog(self.client, NAMES["CHANGES_TABLE"])
        Tables(self.client, NAMES).fill([*town.payments, *town.records, *town.wallets])
        for changes in self._streams():
            note(log, changes)

    def _streams(self) -> Iterator[Iterable[tuple[datetime, Change]]]:
        """Yield what each table's stream brings: a payment as it comes and as it ends."""
        wallets = {wallet.id: inserted(wallet) for wallet in self.town.wallets}
        records = [each for each in self.town.records if noted_at(each) >= self.window.since]
        yield (
            (at, inserted(payment))
            for payment in self.town.payments
            for at in (payment.created_at, payment.updated_at)
        )
        yield ((noted_at(record), inserted(record)) for record in records)
        yield (
            (record.posted_at, wallets[leg.account_id])
            for record in records
            if isinstance(record, Transfer)
            for leg in (record.debit, record.credit)
            if leg.account_id in wallets
        )

    def reconcile(self) -> None:
        """Do a run over the window, as the schedule has it done."""
        run = self._run(self.window)
        assert run.total.mismatched == run.total.skipped == 0
        assert run.total.payments >= len(self.payments)

    def reconcile_nothing(self) -> None:
        """Do a run over a window as long, in which nothing was changed."""
        ago = timedelta(days=1)
        assert self._run(Window(self.window.since - ago, self.window.until - ago)).is_over

    def _run(self, window: Window) -> Run:
        clock = self.town.platform.clock
        wanted = Run(f"rec_{next(self._numbers)}", Trigger.SCHEDULE, window, clock())
        run = self._engine().run(wanted, "me", Deadline.after(900))
        assert run.is_over
        return run

    def look_up(self) -> None:
        """Ask the ledger for the transfer of each payment, as many side by side as a run does."""
        journal = DynamoDBJournal(self.client, NAMES["LEDGER_TABLE"])

        def agrees(payment: Payment) -> bool:
            return fits(payment, journal.record(CLIENT, payment.transfer_id_wanted))

        with ThreadPoolExecutor(LANE_COUNT) as threads:
            assert all(threads.map(agrees, self.payments))

    def _engine(self) -> Engine:
        retry, platform = instant_retry(), self.town.platform
        ledger, accounts = NAMES["LEDGER_TABLE"], NAMES["ACCOUNTS_TABLE"]
        books = DynamoDBBooks(
            self.client,
            payments_table=NAMES["PAYMENTS_TABLE"],
            ledger_table=ledger,
            accounts_table=accounts,
        )
        store = DynamoDBWalletStore(self.client, ledger_table=ledger, accounts_table=accounts)
        mismatches = DynamoDBMismatchStore(self.client, NAMES["REPORTS_TABLE"])
        log = DynamoDBChangeLog(self.client, NAMES["CHANGES_TABLE"])
        steps = DynamoDBStepStore(self.client, NAMES["CHECKPOINTS_TABLE"], clock=platform.clock)
        return Engine(
            DynamoDBRunStore(self.client, NAMES["REPORTS_TABLE"]),
            Work(log, books, mismatches),
            Isolation(Examiner(books, WalletExaminer(books, store, retry), platform.clock), retry),
            JournalPass(books, steps, self._wait),
            Registry(mismatches, RecordedAlerts(), retry, platform.clock),
            Callers(),
            retry,
            platform.clock,
            self._wait,
        )

    def _wait(self, duration_s: float) -> None:
        self.town.platform.wait(seconds=duration_s)


def fits(payment: Payment, record: Record | None) -> bool:
    """Tell whether a payment and its debit or hold agree, as far as these two go."""
    if isinstance(record, Transfer):
        return record.amount == payment.order.amount
    return payment.transfer_id is None


def measured(payment_count: int, emulator: Emulator) -> Pair:
    emulator.reset()
    admin = emulator.client("dynamodb")
    for variable, name in NAMES.items():
        admin.create_table(**TABLES[variable].definition(name))
    scene = Scene.lived(payment_count, clients.dynamodb_reader())
    scene.write()
    # The counted runs warm both ways up.
    ours, plain = _calls(scene, scene.reconcile), _calls(scene, scene.look_up)
    idle = _calls(scene, scene.reconcile_nothing)
    spent_s = [(_spent_s(scene.reconcile), _spent_s(scene.look_up)) for _ in range(RUN_COUNT)]
    ours_s, plain_s = (median(each) for each in zip(*spent_s, strict=True))
    return Pair(
        Figures(payment_count, ours_s, ours), Figures(payment_count, plain_s, plain), len(idle)
    )


def _calls(scene: Scene, way: Callable[[], None]) -> Sequence[Call]:
    with ReadMeter.attached(scene.client) as meter:
        way()
    return meter.calls


def _spent_s(way: Callable[[], None]) -> float:
    began_s = time.perf_counter()
    way()
    return time.perf_counter() - began_s


def main() -> int:
    with started("bench-reading") as emulator:
        os.environ.update(emulator.environment)
        pairs = [measured(payment_count, emulator) for payment_count in PAYMENT_COUNTS]
    report = text(pairs, RUN_COUNT)
    print(report)
    PATH.write_text(report)
    CHART.write_text(chart(pairs).svg())
    return 0 if is_held(pairs) else 1


def chart(pairs: Sequence[Pair]) -> Chart:
    return Chart(
        "Calls to the tables for each payment of a window",
        "calls per payment",
        [pair.ours.payment_count for pair in pairs],
        [
            Line("a run", "#1f5fbf", [pair.ours.calls_per_payment for pair in pairs]),
            Line("a look-up each", "#c0392b", [pair.plain.calls_per_payment for pair in pairs]),
            Line("the goal of a run", "#999", [CALLS_PER_PAYMENT_MAX] * len(pairs)),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
