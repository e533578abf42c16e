"""Runs: begun once, gone on with by whoever comes, and over when all has been looked at and told.

Between any two steps the process may die. The run's record says how far it has come, and it
is written after what it says has been done: so a piece may be done twice, which finds the same
mismatches under the same ids, and is counted once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from evenkeel.clock import Clock, Deadline
from evenkeel.errors import VersionConflict
from evenkeel.reconciliation.isolation import Isolation
from evenkeel.reconciliation.journal_pass import JournalPass
from evenkeel.reconciliation.mismatch import Mismatch, MismatchStatus
from evenkeel.reconciliation.ports import RunCaller, RunStore
from evenkeel.reconciliation.registry import Registry
from evenkeel.reconciliation.run import Run, Stage, Tallies, Trigger, added
from evenkeel.reconciliation.timetable import SETTLED_AFTER
from evenkeel.reconciliation.work import Piece, Work
from evenkeel.resilience.retry import Retry

# The mismatches that a process has met, as it has left them.
Seen = dict[str, Mismatch]

# Puts right what needs no person, and yields each mismatch as it is then.
Mend = Callable[[Sequence[Mismatch], str], Iterable[Mismatch]]

# Pieces that are looked at side by side: the time goes into waiting for tables.
LANE_COUNT = 4

# Who has less than this left hands the run on: as long as the slowest round of pieces, and more.
RESERVE_S = 60.0


def left_alone(mismatches: Sequence[Mismatch], by: str) -> Iterable[Mismatch]:
    """Put nothing right."""
    return ()


class _TakenOver(Exception):
    """Somebody else goes on with the run."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Does runs.

    Attributes:
        mend: Only in what the schedule has asked for: who asks for a run asks for a look.
    """

    runs: RunStore
    work: Work
    isolation: Isolation
    journal: JournalPass
    registry: Registry
    caller: RunCaller
    retry: Retry
    clock: Clock
    sleep: Callable[[float], None]
    mend: Mend = left_alone

    def run(self, wanted: Run, by: str, deadline: Deadline) -> Run:
        """Do a run, or what is left of it, and return it as far as it has come.

        Whoever asks for the same run meanwhile gets it as it is.

        Raises:
            BusBusy, BusUnconfirmed, StoreBusy, StoreUnconfirmed: It cannot go on now. It can
                be asked for again.
        """
        stored = self.retry.call(lambda: self.runs.add(wanted))
        # What was changed before its end is noted by then.
        settled_at = wanted.window.until + SETTLED_AFTER
        self.sleep(max((settled_at - self.clock()).total_seconds(), 0.0))
        return self._advanced(stored, by, deadline)

    def resume(self, run_id: str, by: str, deadline: Deadline) -> Run | None:
        """Go on with a run that was not done in time; there may be none of that id.

        Raises:
            BusBusy, BusUnconfirmed, StoreBusy, StoreUnconfirmed: As for `run`.
        """
        stored = self.retry.call(lambda: self.runs.get(run_id))
        return None if stored is None else self._advanced(stored, by, deadline)

    def resume_unfinished(self, by: str, deadline: Deadline) -> Sequence[Run]:
        """Go on with the runs that somebody has died over, or has left to others.

        Raises:
            BusBusy, BusUnconfirmed, StoreBusy, StoreUnconfirmed: As for `run`.
        """
        unfinished = self.retry.call(lambda: list(self.runs.unfinished()))
        return [
            self._advanced(each, by, deadline)
            for each in unfinished
            if deadline.remaining_s >= RESERVE_S and not each.is_leased(self.clock())
        ]

    def _advanced(self, run: Run, by: str, deadline: Deadline) -> Run:
        now = self.clock()
        if run.is_over or run.is_leased(now):
            return run
        try:
            if run.has_lapsed(now):
                return self._save(run.given_up(now))
            run = self._save(run.taken(by, now))
            seen: Seen = {}
            for pieces in _rounds(self.work.pieces(run)):
                run = self._done(run, pieces, by, seen)
                if deadline.remaining_s < RESERVE_S:
                    return self._handed_on(run)
            while run.has_sums_left:
                run = self._summed_up(run, by, seen)
                if deadline.remaining_s < RESERVE_S:
                    return self._handed_on(run)
            return self._completed(run, seen)
        except _TakenOver:
            # Our lease was over, and somebody else has gone on with it.
            return self.retry.call(lambda: self.runs.get(run.id)) or run

    def _done(self, run: Run, pieces: Sequence[Piece], by: str, seen: Seen) -> Run:
        began_at = self.clock()
        with ThreadPoolExecutor(LANE_COUNT) as threads:
            examined = list(threads.map(self.isolation.examine, pieces))
        place = run.place
        tallies: Tallies = {}
        found: Seen = {}
        for piece, examination in zip(pieces, examined, strict=True):
            place = piece.place
            recorded = self.registry.record(run.id, place, examination.findings, began_at)
            tallies = added(tallies, recorded.tallies)
            found |= {each.id: each for each in recorded.mismatches}
            seen.update({each.id: each for each in recorded.mismatches if each.news})
            if place.stage is Stage.OBJECTS:
                tallies = added(tallies, examination.tallies)
            for mismatch in filter(examination.has_cleared, piece.suspects):
                seen[mismatch.id] = self.registry.end(mismatch, MismatchStatus.RESOLVED)
        if run.trigger is Trigger.SCHEDULE:
            # Not before: the pieces of a round were looked at when nothing was mended yet.
            seen.update({each.id: each for each in self.mend(list(found.values()), by)})
        return self._save(run.advanced(place, tallies, by, self.clock()))

    def _summed_up(self, run: Run, by: str, seen: Seen) -> Run:
        began_at = self.clock()
        step = self.journal.step(run)
        recorded = self.registry.record(run.id, step.place, step.findings, began_at)
        seen.update({each.id: each for each in recorded.mismatches if each.news})
        # Only a comparison can clear anything.
        for mismatch in self.registry.open_ones() if step.share is not None else ():
            if step.has_cleared(mismatch):
                seen[mismatch.id] = self.registry.end(mismatch, MismatchStatus.RESOLVED)
        return self._save(run.advanced(step.place, recorded.tallies, by, self.clock()))

    def _handed_on(self, run: Run) -> Run:
        run = self._save(run.put_down())
        self.retry.call(lambda: self.caller.resume(run.id))
        return run

    def _completed(self, run: Run, seen: Seen) -> Run:
        self.registry.tell(run.client_id, seen.values())
        run = self._save(run.completed(self.clock()))
        if run.moves_watermark:
            self.retry.call(lambda: self._move_watermark(run))
        return run

    def _move_watermark(self, run: Run) -> None:
        """Move it, unless the run has begun behind it: what is between was not looked at."""
        watermark = self.runs.watermark()
        if watermark is None or run.window.since <= watermark:
            self.runs.move_watermark(run.window.until)

    def _save(self, run: Run) -> Run:
        try:
            self.retry.call(lambda: self.runs.save(run))
        except VersionConflict:
            # It may be our own write that was first: its answer was lost.
            if self.retry.call(lambda: self.runs.get(run.id)) != run:
                raise _TakenOver from None
        return run


def _rounds(pieces: Iterator[Piece]) -> Iterator[Sequence[Piece]]:
    while round_ := list(islice(pieces, LANE_COUNT)):
        yield round_
