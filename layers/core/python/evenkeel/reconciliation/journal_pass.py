"""The pass over the whole journal: what it adds up to, beside the accounts folded from it.

Money goes on moving meanwhile, so the accounts are read before it and after it. It is done in
steps of some seconds, each of which goes on from what the one before it has left under the
name of the run; whoever goes on with the run does the next step. More accounts than the memory
holds are passed over share by share.

The fold follows the journal, and may be late. So an account that lacks something is read again
and again. It is accused when it has stood still for a minute, or lacks what cannot be late. A
fold that is behind, but alive, goes on raising versions: of accounts that have not stood still
for a minute after two, nothing is said. What remains:

- A fold that does nothing at all for a minute makes that each account which has moved is
  accused. Its own alarm rings too, and the next night clears them.
- An account that takes something in every minute is accused only of what cannot be late: of
  more than was posted to it. If it lacks something, it shows in a night in which it rests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from evenkeel.clock import Deadline
from evenkeel.ledger.accounts import is_wallet
from evenkeel.reconciliation.account_sums import (
    ACCOUNT_COUNT_MAX,
    AccountKey,
    AccountSums,
    Reading,
    Share,
    may_be_late,
)
from evenkeel.reconciliation.mismatch import Finding, Mismatch
from evenkeel.reconciliation.pass_state import (
    Page,
    Phase,
    Progress,
    Readings,
    Suspect,
    Suspects,
    readings_in,
    readings_left,
    share_in,
    sums_in,
    sums_left,
    suspects_in,
    suspects_left,
)
from evenkeel.reconciliation.ports import JOURNAL_PART_COUNT, Books, StepStore
from evenkeel.reconciliation.run import Place, Run, Stage

# Then a step leaves the rest to the next one: well within what a run keeps in reserve.
STEP_S_MAX = 20.0

# Between two readings of an account that does not fit.
FOLD_WAIT_S = 5.0
STILL_COUNT = 12  # So many readings without a fold between them: it has had its time.
FOLD_WAIT_COUNT_MAX = 24

# Records that name no account of ours, the first ones. More of them are the same trouble, and
# all of these are kept on one page, beside the sums.
STRANGE_COUNT_MAX = 100


class Step(NamedTuple):
    """What a step has found, and where the run is after it.

    Attributes:
        share: Of which accounts that is all, at the last step of a share.
        undecided: The findings of which nobody can say yet whether they are any.
    """

    place: Place
    findings: Sequence[Finding] = ()
    share: Share | None = None
    undecided: Sequence[Finding] = ()

    def has_cleared(self, mismatch: Mismatch) -> bool:
        """Tell whether an account that had drifted was looked at, and has not now."""
        subject = mismatch.finding.subject
        if self.share is None or subject.account_id is None or is_wallet(subject.account_id):
            return False
        is_seen = self.share.holds((subject.client_id, subject.account_id))
        found = {finding.id for finding in (*self.findings, *self.undecided)}
        return is_seen and mismatch.id not in found


class _Spot(NamedTuple):
    """A step: the run's, of the share that begins there, the how manieth."""

    run_id: str
    begin: int
    number: int

    @property
    def name(self) -> str:
        return f"{self.run_id}/{self.begin}/{self.number}"

    @property
    def next(self) -> Step:
        return Step(Place(Stage.SUMS, self.number + 1, str(self.begin)))


@dataclass(frozen=True, slots=True)
class JournalPass:
    books: Books
    steps: StepStore
    sleep: Callable[[float], None]
    elapsed_s: Callable[[], float] = time.monotonic

    def step(self, run: Run) -> Step:
        """Do the next step of a run: read some accounts, or some of the journal, or compare.

        Raises:
            StoreBusy, StoreUnconfirmed: It was not done, or may not be; it can be done again.
        """
        place = run.place_in(Stage.SUMS)
        spot = _Spot(run.id, int(place.after or "0"), place.part)
        if spot.number == 0:
            begun = Readings(Share(spot.begin), {})
            return self._left(spot, self._accounts(spot, Progress(), begun))
        pages = self._pages(spot, spot.number - 1)
        progress = Progress.left_in(pages)
        if progress.phase is Phase.COMPARISON:
            return self._compare(spot, progress, suspects_in(pages) if progress.attempt else {})
        is_begun = not progress.is_first_after(spot.number - 1)
        if progress.phase is Phase.JOURNAL:
            sums, strange = sums_in(pages) if is_begun else (AccountSums(share_in(pages)), [])
            return self._left(spot, self._journal(spot, progress, sums, strange))
        readings = readings_in(pages) if is_begun else Readings(share_in(pages), {})
        return self._left(spot, self._accounts(spot, progress, readings))

    def _accounts(self, spot: _Spot, progress: Progress, readings: Readings) -> Sequence[Page]:
        time_left = Deadline.after(STEP_S_MAX, self.elapsed_s)
        for beyond, page in self.books.accounts(progress.after):
            progress = progress._replace(after=beyond)
            found = {key: each for key, each in page if readings.share.holds(key)}
            readings.accounts.update(found)
            while len(readings.accounts) > ACCOUNT_COUNT_MAX:
                readings = readings.within(readings.share.lower_half())
            if time_left.remaining_s <= 0:
                break
        is_end = progress.after is None
        return readings_left(readings, progress.ended_by(spot.number) if is_end else progress)

    def _journal(
        self, spot: _Spot, progress: Progress, sums: AccountSums, strange: list[Finding]
    ) -> Sequence[Page]:
        time_left = Deadline.after(STEP_S_MAX, self.elapsed_s)
        while progress.part < JOURNAL_PART_COUNT:
            for beyond, transfers in self.books.journal(progress.part, progress.after):
                strange = [*strange, *sums.add(transfers)][:STRANGE_COUNT_MAX]
                progress = progress._replace(after=beyond)
                if time_left.remaining_s <= 0:
                    break
            if progress.after is not None:
                break
            progress = progress._replace(part=progress.part + 1)
            if time_left.remaining_s <= 0:
                break
        is_end = progress.part == JOURNAL_PART_COUNT
        return sums_left(sums, strange, progress.ended_by(spot.number) if is_end else progress)

    def _compare(self, spot: _Spot, progress: Progress, suspects: Suspects) -> Step:
        """Compare, and wait for the fold as long as it may be what is missing."""
        attempt = progress.attempt
        if attempt:
            self.sleep(FOLD_WAIT_S)
        in_before, in_sums, in_after = (self._pages(spot, number) for number in progress.ends)
        before, after = readings_in(in_before), readings_in(in_after)
        sums, strange = sums_in(in_sums)
        sums.merge(AccountSums(after.share))
        again = self.books.accounts_of(suspects)
        accounts = after.accounts | {key: again.get(key, Reading()) for key in suspects}

        drifted = list(sums.drifted(before.accounts, accounts))
        late = {_key(each): each for each in drifted if may_be_late(each)}
        suspects = {
            key: _seen(suspects.get(key), accounts.get(key, Reading()), attempt)
            for key in suspects.keys() | late.keys()
        }
        moving = {key for key in late if attempt - suspects[key].since < STILL_COUNT}
        if moving and attempt < FOLD_WAIT_COUNT_MAX:
            next_ = progress._replace(attempt=attempt + 1)
            return self._left(spot, suspects_left(sums.share, suspects, next_))

        undecided = [late[key] for key in sorted(moving)]
        findings = [each for each in drifted if _key(each) not in moving]
        rest = sums.share.rest()
        place = Place(Stage.SUMS, 0, str(rest.begin)) if rest else Place(Stage.TELLING)
        return Step(place, [*findings, *strange, *sums.unbalanced()], sums.share, undecided)

    def _left(self, spot: _Spot, pages: Sequence[Page]) -> Step:
        self.steps.save(spot.name, pages)
        return spot.next

    def _pages(self, spot: _Spot, number: int) -> Sequence[Page]:
        return self.steps.load(spot._replace(number=number).name)


def _key(finding: Finding) -> AccountKey:
    return finding.subject.client_id, finding.subject.account_id or ""


def _seen(suspect: Suspect | None, reading: Reading, attempt: int) -> Suspect:
    is_still = suspect is not None and suspect.version == reading.version
    return suspect if suspect is not None and is_still else Suspect(reading.version, attempt)
