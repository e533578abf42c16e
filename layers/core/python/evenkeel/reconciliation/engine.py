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
from evenkeel.errors import EvenkeelError, VersionConflict
from evenkeel.reconciliation.changes import Change
from evenkeel.reconciliation.examination import Examination, combined, unexaminable
from evenkeel.reconciliation.examiner import Examiner
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


@dataclass(frozen=True, slots=True)
class Engine:
    """Does runs.

    Attributes:
        mend: Only in what the schedule has asked for: who asks for a run asks for a look.
    """

    runs: RunStore
    work: Work
    examiner: Examiner
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

    def _advanced(self, run: Run, by: str, deadline: Deadline) -> Run:
        now = self.clock()
        if run.is_over or run.is_leased(now):
            return run
        try:
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
        except VersionConflict:
            # Our lease was over, and somebody else has gone on with it.
            return self.runs.get(run.id) or run

    def _done(self, run: Run, pieces: Sequence[Piece], by: str, seen: Seen) -> Run:
        with ThreadPoolExecutor(LANE_COUNT) as threads:
            examined = list(threads.map(self._examined, pieces))
        place = run.place
        tallies: Tallies = {}
        found: Seen = {}
        for piece, examination in zip(pieces, examined, strict=True):
            place = piece.place
            recorded = self.registry.record(run.id, place, examination.findings)
            tallies = added(tallies, recorded.tallies)
            found |= {each.id: each for each in recorded.mismatches}
            seen.update({each.id: each for each in recorded.mismatches if each.news})
            if place.stage is Stage.OBJECTS:
                tallies = added(tallies, examination.tallies)
            for mismatch in self._gone(piece, examination):
                seen[mismatch.id] = mismatch
        if run.trigger is Trigger.SCHEDULE:
            # Not before: the pieces of a round were looked at when nothing was mended yet.
            seen.update({each.id: each for each in self.mend(list(found.values()), by)})
        return self._save(run.advanced(place, tallies, by, self.clock()))

    def _summed_up(self, run: Run, by: str, seen: Seen) -> Run:
        step = self.journal.step(run)
        recorded = self.registry.record(run.id, step.place, step.findings)
        seen.update({each.id: each for each in recorded.mismatches if each.news})
        for mismatch in self.registry.open_ones():
            if step.has_cleared(mismatch):
                seen[mismatch.id] = self.registry.end(mismatch, MismatchStatus.RESOLVED)
        return self._save(run.advanced(step.place, recorded.tallies, by, self.clock()))

    def _examined(self, piece: Piece) -> Examination:
        try:
            return self.retry.call(lambda: self.examiner.examine(piece.changes))
        except EvenkeelError:
            raise
        except Exception:
            # Whatever it is: one object that nobody can look at must not hide all others.
            return combined(self._examined_alone(each) for each in piece.by_object())

    def _examined_alone(self, changes: Sequence[Change]) -> Examination:
        try:
            return self.retry.call(lambda: self.examiner.examine(changes))
        except EvenkeelError:
            raise
        except Exception as error:
            return Examination([unexaminable(changes[0], error)], {})

    def _gone(self, piece: Piece, examination: Examination) -> Iterator[Mismatch]:
        """End those of the suspects that are not found any more."""
        found = {finding.id for finding in examination.findings}
        for mismatch in piece.suspects:
            if mismatch.id not in found:
                yield self.registry.end(mismatch, MismatchStatus.RESOLVED)

    def _handed_on(self, run: Run) -> Run:
        run = self._save(run.put_down())
        self.retry.call(lambda: self.caller.resume(run.id))
        return run

    def _completed(self, run: Run, seen: Seen) -> Run:
        self.registry.tell(run.client_id, seen.values())
        run = self._save(run.completed(self.clock()))
        if run.moves_watermark:
            self.retry.call(lambda: self.runs.move_watermark(run.window.until))
        return run

    def _save(self, run: Run) -> Run:
        try:
            self.retry.call(lambda: self.runs.save(run))
        except VersionConflict:
            # It may be our own write that was first: its answer was lost.
            if self.retry.call(lambda: self.runs.get(run.id)) != run:
                raise
        return run


def _rounds(pieces: Iterator[Piece]) -> Iterator[Sequence[Piece]]:
    while round_ := list(islice(pieces, LANE_COUNT)):
        yield round_
