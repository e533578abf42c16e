"""Reports over fakes: whoever waits for a run lets its time go on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from evenkeel.clock import Deadline
from evenkeel.reconciliation.mismatch import Mismatch
from evenkeel.reconciliation.reports import Report, Reports, Wish
from evenkeel.reconciliation.run import Run, Tally, Trigger, Window
from tests.fakes.clock import ManualClock, ManualSeconds
from tests.fakes.report_store import InMemoryMismatchStore, InMemoryRunStore
from tests.fakes.retry import instant_retry
from tests.reports import CLIENT


@dataclass
class Desk:
    """Who asks for runs, and who does them.

    Attributes:
        found: What the next run finds.
        begins_after_s: When it begins; its record is not there before.
        takes_s: How long it takes from then on.
        listed_after_s: When, after its end, the list shows what it has found.
        faults: How the next calls of whoever does the runs fail.
    """

    clock: ManualClock = field(default_factory=ManualClock)
    found: Sequence[Mismatch] = ()
    begins_after_s: float = 0.5
    takes_s: float = 3.0
    listed_after_s: float = 0.0
    faults: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seconds = ManualSeconds()
        self.runs = InMemoryRunStore()
        self.mismatches = InMemoryMismatchStore()
        self.begun: list[tuple[str, str, Window]] = []
        self.reports = Reports(
            self.runs, self.mismatches, lambda: self, instant_retry(), self.clock, self._sleep
        )
        self._asked_at_s = 0.0

    def begin(self, run_id: str, client_id: str, window: Window) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.begun.append((run_id, client_id, window))
        self._asked_at_s = self.seconds()

    def resume(self, run_id: str) -> None:
        raise NotImplementedError

    def run(self, run_id: str = "rec_1", client_id: str = CLIENT, **window: object) -> Report:
        wish = Wish(run_id, client_id, **window)  # type: ignore[arg-type]  # Passed on as it is.
        return self.reports.run(wish, Deadline.after(18, self.seconds))

    def keep(self, run: Run, *found: Mismatch) -> Run:
        """Keep a run, and what it has found."""
        self.runs.runs[run.id] = run
        for each in found:
            self.mismatches.add(each)
            self.mismatches.file(run.id, "somewhere", each)
        return run

    def _sleep(self, duration_s: float) -> None:
        self.seconds.sleep(duration_s)
        self.clock.advance(timedelta(seconds=duration_s))
        if self.begun:
            self._go_on(self.seconds() - self._asked_at_s - self.begins_after_s)

    def _go_on(self, since_begin_s: float) -> None:
        run_id, client_id, window = self.begun[-1]
        if since_begin_s >= 0 and self.runs.get(run_id) is None:
            self.runs.add(
                Run(run_id, Trigger.MANUAL, window, started_at=self.clock(), client_id=client_id)
            )
        run = self.runs.get(run_id)
        if run is not None and not run.is_over and since_begin_s >= self.takes_s:
            tally = Tally(payments=5, matched=4, mismatched=len(self.found))
            counted = run.advanced(run.place, {client_id: tally}, "me", self.clock())
            self.keep(counted.completed(self.clock()), *self.found)
        self.mismatches.hides_all = since_begin_s < self.takes_s + self.listed_after_s
