"""A platform in memory with its reconciliation, and a way to write behind the product's back."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from evenkeel.clock import Deadline
from evenkeel.reconciliation.changes import Change
from evenkeel.reconciliation.engine import Engine
from evenkeel.reconciliation.examiner import Examiner
from evenkeel.reconciliation.isolation import Isolation
from evenkeel.reconciliation.journal_pass import JournalPass
from evenkeel.reconciliation.mismatch import MismatchType
from evenkeel.reconciliation.registry import Registry
from evenkeel.reconciliation.repairs import Repairs
from evenkeel.reconciliation.run import Run, Trigger, Window
from evenkeel.reconciliation.survey import Surveyor
from evenkeel.reconciliation.timetable import Pass, scheduled
from evenkeel.reconciliation.wallet_examiner import WalletExaminer
from evenkeel.reconciliation.work import Work
from tests.fakes.books import InMemoryBooks
from tests.fakes.change_log import InMemoryChangeLog
from tests.fakes.clock import ManualSeconds
from tests.fakes.event_bus import RecordedAlerts
from tests.fakes.guard import guarded
from tests.fakes.report_store import InMemoryMismatchStore, InMemoryRunStore, InMemoryStepStore
from tests.fakes.retry import instant_retry
from tests.unit.payments.platform import Platform


class Callers:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def begin(self, run_id: str, client_id: str, window: Window) -> None:
        raise NotImplementedError

    def resume(self, run_id: str) -> None:
        self.asked.append(run_id)


class Office:
    """Runs of it take no time, but for what they wait.

    Attributes:
        on_wait: Happens whenever a run has waited.
    """

    def __init__(self, platform: Platform) -> None:
        self.on_wait: Callable[[], None] = lambda: None
        self.platform = platform
        self.ledger = platform.journal.store
        self.books = InMemoryBooks(platform.store, self.ledger)
        self.log = InMemoryChangeLog()
        self.runs = InMemoryRunStore()
        self.mismatches = InMemoryMismatchStore()
        self.steps = InMemoryStepStore()
        self.sent = RecordedAlerts()
        self.callers = Callers()
        retry = instant_retry()
        registry = Registry(self.mismatches, self.sent, retry, platform.clock)
        self.wallets = WalletExaminer(self.books, self.ledger, retry)
        self.examiner = Examiner(self.books, self.wallets, platform.clock)
        self.repairs = Repairs(
            self.mismatches,
            Surveyor(self.books, self.examiner, self.ledger, retry),
            guarded(platform.gateway, circuit=platform.breaker),
            retry,
            platform.clock,
        )
        self.engine = Engine(
            self.runs,
            Work(self.log, self.books, self.mismatches),
            Isolation(self.examiner, retry),
            JournalPass(self.books, self.steps, self._wait),
            registry,
            self.callers,
            retry,
            platform.clock,
            self._wait,
            self.repairs.automatic,
        )

    def note(self, changes: Iterable[Change]) -> None:
        self.log.note(list(changes), self.platform.clock())

    def note_all(self) -> None:
        """Note everything there is, as the streams' readers would have noted it by and by."""
        self.note(self.books.everything)

    def window(self, **since: float) -> Window:
        """Return the window that began so long ago and goes on until now."""
        now = self.platform.clock()
        return Window(now - timedelta(**since), now + timedelta(seconds=1))

    def wanted(self, number: int = 1) -> Run:
        window, now = self.window(hours=1), self.platform.clock()
        return Run(f"rec_{number}", Trigger.SCHEDULE, window, started_at=now)

    def run(self, number: int = 1) -> Run:
        return self.engine.run(self.wanted(number), "me", Deadline.after(900, ManualSeconds()))

    def pass_(self, pass_: Pass) -> Run:
        """Do what the schedule would do now."""
        now = self.platform.clock()
        wanted = scheduled(pass_, now, now, self.runs.watermark())
        return self.engine.run(wanted, "me", Deadline.after(900, ManualSeconds()))

    def _wait(self, duration_s: float) -> None:
        self.platform.wait(seconds=duration_s)
        self.on_wait()

    def types(self) -> list[MismatchType]:
        return [each.finding.type for each in self.mismatches.mismatches.values()]
