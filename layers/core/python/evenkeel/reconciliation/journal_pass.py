"""The pass over the whole journal: what it adds up to, beside the accounts folded from it.

Money goes on moving meanwhile, so the accounts are read before it and after it. It is done in
steps, each of which leaves what it has found under the name of the run; whoever goes on with
the run does the next step. More accounts than the memory holds are passed over share by share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from evenkeel.ledger.accounts import is_wallet
from evenkeel.reconciliation.account_sums import (
    ACCOUNT_COUNT_MAX,
    PAGE_ACCOUNT_COUNT,
    AccountKey,
    AccountSums,
    Reading,
    Share,
    Sums,
)
from evenkeel.reconciliation.mismatch import Finding, Mismatch
from evenkeel.reconciliation.ports import JOURNAL_PART_COUNT, Books, StepStore
from evenkeel.reconciliation.run import Place, Run, Stage

# How long the fold has to take in what was in the journal at the end of the pass.
FOLD_WAIT_S = 5.0
FOLD_WAIT_COUNT_MAX = 12

Readings = Mapping[AccountKey, Reading]


class Step(NamedTuple):
    """What a step has found, and where the run is after it.

    Attributes:
        share: Of which accounts that is all, at the last step of a share.
    """

    place: Place
    findings: Sequence[Finding] = ()
    share: Share | None = None

    def has_cleared(self, mismatch: Mismatch) -> bool:
        """Tell whether an account that had drifted was looked at, and has not now."""
        subject = mismatch.finding.subject
        if self.share is None or subject.account_id is None or is_wallet(subject.account_id):
            return False
        is_seen = self.share.holds((subject.client_id, subject.account_id))
        return is_seen and mismatch.id not in {finding.id for finding in self.findings}


@dataclass(frozen=True, slots=True)
class JournalPass:
    books: Books
    steps: StepStore
    sleep: Callable[[float], None]

    def step(self, run: Run) -> Step:
        """Do the next step of a run: the readings, one part of the journal, or the comparison.

        Raises:
            StoreBusy, StoreUnconfirmed: It was not done, or may not be; it can be done again.
        """
        place = run.place_in(Stage.SUMS)
        begin = int(place.after or "0")
        if place.part == 0:
            self._read_before(run, begin)
        elif place.part <= JOURNAL_PART_COUNT:
            self._sum_up(run, begin, place.part)
        else:
            return self._compare(run, begin)
        return Step(Place(Stage.SUMS, place.part + 1, str(begin)))

    def _read_before(self, run: Run, begin: int) -> None:
        share, readings = Share(begin), dict[AccountKey, Reading]()
        for key, reading in self.books.accounts():
            if share.holds(key):
                readings[key] = reading
            while len(readings) > ACCOUNT_COUNT_MAX:
                share = share.lower_half()
                readings = {key: each for key, each in readings.items() if share.holds(key)}
        self.steps.save(_name(run, begin, 0), _pages(share, readings))

    def _sum_up(self, run: Run, begin: int, part: int) -> None:
        share, _ = self._before(run, begin)
        sums = AccountSums(share)
        for transfers in self.books.journal(part - 1):
            sums.add(transfers)
        self.steps.save(_name(run, begin, part), list(sums.pages()))

    def _compare(self, run: Run, begin: int) -> Step:
        share, before = self._before(run, begin)
        sums = AccountSums(share)
        for part in range(1, JOURNAL_PART_COUNT + 1):
            sums.merge(AccountSums.of(self.steps.load(_name(run, begin, part))))
        findings = self._drifted(sums, before)
        rest = sums.share.rest()
        place = Place(Stage.SUMS, 0, str(rest.begin)) if rest else Place(Stage.TELLING)
        return Step(place, [*findings, *sums.unbalanced()], sums.share)

    def _drifted(self, sums: AccountSums, before: Readings) -> Sequence[Finding]:
        """Compare, and wait for the fold as long as it may be what is missing."""
        for _ in range(FOLD_WAIT_COUNT_MAX):
            findings = list(sums.drifted(before, self._after(sums.share)))
            if not findings:
                break
            self.sleep(FOLD_WAIT_S)
        return findings

    def _after(self, share: Share) -> Readings:
        return {key: reading for key, reading in self.books.accounts() if share.holds(key)}

    def _before(self, run: Run, begin: int) -> tuple[Share, Readings]:
        pages = self.steps.load(_name(run, begin, 0))
        readings = {
            (client_id, account_id): Reading(version, Sums(*counters))
            for page in pages
            for client_id, account_id, version, *counters in page["accounts"]
        }
        return Share(pages[0]["begin"], pages[0]["end"]), readings


def _pages(share: Share, readings: Readings) -> Sequence[dict[str, Any]]:
    rows = [
        [*key, reading.version, *reading.sums.counters().values()]
        for key, reading in sorted(readings.items(), key=lambda each: each[0])
    ]
    return [
        {
            "begin": share.begin,
            "end": share.end,
            "accounts": rows[start : start + PAGE_ACCOUNT_COUNT],
        }
        for start in range(0, len(rows) or 1, PAGE_ACCOUNT_COUNT)
    ]


def _name(run: Run, begin: int, part: int) -> str:
    return f"{run.id}/{begin}/{part}"
