"""Reports: what a run has found of one client, and the runs that the client may look at.

A scheduled run is everybody's, and shows each client its own part alone; a run that a
client has asked for is nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from evenkeel.clock import Clock, Deadline
from evenkeel.errors import FieldError, ObjectNotFound, ValidationFailed
from evenkeel.ids import is_id
from evenkeel.reconciliation.mismatch import Mismatch
from evenkeel.reconciliation.ports import MismatchStore, ReportPage, RunCaller, RunStore
from evenkeel.reconciliation.run import RUN_PREFIX, Run, Tally, Trigger, Window
from evenkeel.reconciliation.timetable import BEGINNING, DAY
from evenkeel.resilience.retry import Retry

# A run asks for the pages of every quarter of an hour of its window, though there be none.
WINDOW_FOR_MAX = timedelta(days=366)

POLL_EVERY_S = 0.25

# In a report; there may be more in its list.
SHOWN_COUNT_MAX = 100
# So often is the list asked again that does not show yet what the run has counted: two seconds.
LOOK_COUNT_MAX = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """A run that a client wants, over what was changed in [since, until)."""

    run_id: str
    client_id: str
    since: datetime | None = None
    until: datetime | None = None

    def run(self, now: datetime) -> Run:
        """Return the run as it begins.

        Raises:
            ValidationFailed: There is nothing between its beginning and its end, or too much.
        """
        until = now if self.until is None else min(self.until, now)
        if until < BEGINNING + DAY:
            raise ValidationFailed(FieldError("to", f"before {BEGINNING.year}"))
        since = until - DAY if self.since is None else self.since
        if since >= until:
            raise ValidationFailed(FieldError("from", "not before to, or not before now"))
        if until - since > WINDOW_FOR_MAX:
            message = f"more than {WINDOW_FOR_MAX.days} days before to"
            raise ValidationFailed(FieldError("from", message))
        return Run(
            self.run_id,
            Trigger.MANUAL,
            Window(since, until),
            started_at=now,
            client_id=self.client_id,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What a run has found of a client.

    Attributes:
        mismatches: The gravest, as they are now.
    """

    run: Run
    client_id: str
    mismatches: Sequence[Mismatch]

    @property
    def tally(self) -> Tally:
        return self.run.tally(self.client_id)

    @property
    def is_whole(self) -> bool:
        return len(self.mismatches) >= min(self.tally.mismatched, SHOWN_COUNT_MAX)


@dataclass(frozen=True, slots=True)
class RunPage:
    """Some of the runs.

    Attributes:
        beyond: How the last of them is listed, if there are more.
    """

    runs: Sequence[Run]
    beyond: str | None


@dataclass(frozen=True, slots=True)
class Reports:
    runs: RunStore
    mismatches: MismatchStore
    caller: Callable[[], RunCaller]  # Needed to run only, and dear to build.
    retry: Retry
    clock: Clock
    sleep: Callable[[float], None]

    def run(self, wish: Wish, deadline: Deadline) -> Report:
        """Have a run done, and return its report: as far as it has come, at the deadline.

        Raises:
            ValidationFailed: No run can go over what is wished for.
            StoreBusy: It may not be done, or its report cannot be read now.
            StoreUnconfirmed: It may be done all the same.
        """
        run = wish.run(self.clock())
        self.retry.call(lambda: self.caller().begin(run.id, wish.client_id, run.window))
        while not run.is_over and deadline.remaining_s > 0:
            self.sleep(POLL_EVERY_S)
            run = self.retry.call(lambda: self.runs.get(wish.run_id)) or run
        return self._listed(run, wish.client_id)

    def get(self, client_id: str, run_id: str) -> Report:
        """Return the report of a run.

        Raises:
            ObjectNotFound: There is no run of this id that the client may look at.
            StoreBusy: It cannot be read now.
        """
        return self._report(self._visible(client_id, run_id), client_id)

    def newest(self, client_id: str, limit: int, before: str | None) -> RunPage:
        """Return the runs of the schedule and the client's own ones, newest first.

        They are older than the one that is `Run.listed_as` so.

        Raises:
            StoreBusy: They cannot be read now.
        """
        # One more, which says whether there are more.
        found = [
            run
            for owner in (None, client_id)
            for run in self.retry.call(partial(self.runs.latest, owner, limit + 1, before))
        ]
        runs = sorted(found, key=lambda run: run.listed_as, reverse=True)[:limit]
        return RunPage(runs, runs[-1].listed_as if len(found) > limit else None)

    def mismatches_of(
        self, client_id: str, run_id: str, limit: int, beyond: str | None
    ) -> ReportPage:
        """Return a page of what a run has found of the client, as it is now, gravest first.

        Raises:
            ObjectNotFound: As for `get`.
            StoreBusy: It cannot be read now.
        """
        self._visible(client_id, run_id)
        return self._page(client_id, run_id, limit, beyond)

    def _visible(self, client_id: str, run_id: str) -> Run:
        if not is_id(RUN_PREFIX, run_id):
            raise ObjectNotFound
        run = self.retry.call(lambda: self.runs.get(run_id))
        if run is None or run.client_id not in (None, client_id):
            raise ObjectNotFound
        return run

    def _listed(self, run: Run, client_id: str) -> Report:
        """Return the report of a run of just now, whose list may lag behind what it counts."""
        report = self._report(run, client_id)
        for _ in range(LOOK_COUNT_MAX):
            if report.is_whole:
                break
            self.sleep(POLL_EVERY_S)
            report = self._report(run, client_id)
        return report

    def _report(self, run: Run, client_id: str) -> Report:
        page = self._page(client_id, run.id, SHOWN_COUNT_MAX, None)
        return Report(run, client_id, page.mismatches)

    def _page(self, client_id: str, run_id: str, limit: int, beyond: str | None) -> ReportPage:
        return self.retry.call(lambda: self.mismatches.of_report(run_id, client_id, limit, beyond))
