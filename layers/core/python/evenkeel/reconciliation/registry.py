"""The book of mismatches: each is opened once, told once, and ended when it is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from evenkeel.clock import Clock
from evenkeel.events.ports import Alerts
from evenkeel.reconciliation import alerting
from evenkeel.reconciliation.mismatch import Finding, Mismatch, MismatchStatus, News
from evenkeel.reconciliation.ports import MismatchStore
from evenkeel.reconciliation.run import Place, Stage, Tallies, Tally
from evenkeel.resilience.retry import Retry

# Above so many of one kind of news nobody reads them one by one.
SINGLE_ALERT_COUNT_MAX = 10


@dataclass(frozen=True, slots=True)
class Recorded:
    """The mismatches of a piece of work, and how many are in the run's report for its sake."""

    mismatches: Sequence[Mismatch]
    tallies: Tallies


@dataclass(frozen=True, slots=True)
class Registry:
    """Records what is found, what has ended, and what people have heard of it.

    Attributes:
        alerts: Sends what was not sent before; a mismatch is marked only after that.
    """

    store: MismatchStore
    alerts: Alerts
    retry: Retry
    clock: Clock

    def record(
        self, run_id: str, place: Place, findings: Sequence[Finding], looked_at: datetime
    ) -> Recorded:
        """Open a mismatch for what is found for the first time, or again, and file it.

        What is only looked at again, because it is open, is in the reports already. What has
        ended since the look began is not opened by it.

        Raises:
            StoreBusy, StoreUnconfirmed: Some may not be recorded; all may be recorded again.
        """
        mismatches, tallies = list[Mismatch](), Counter[str]()
        for finding in findings:
            mismatch = self.retry.call(partial(self._seen, finding, run_id, looked_at))
            if not mismatch.is_open:
                continue
            mismatches.append(mismatch)
            if place.stage is not Stage.OPEN or mismatch.run_id == run_id:
                filed = partial(self.store.file, run_id, place.name, mismatch)
                tallies[mismatch.client_id] += self.retry.call(filed)
        counted = {client: Tally(mismatched=count) for client, count in tallies.items()}
        return Recorded(mismatches, counted)

    def end(self, mismatch: Mismatch, status: MismatchStatus) -> Mismatch:
        """Record that a mismatch is gone, unless somebody else has recorded that, and return it.

        Raises:
            StoreBusy, StoreUnconfirmed: It may not be recorded.
        """
        return self.retry.call(partial(self._ended, mismatch, status))

    def open_ones(self) -> Sequence[Mismatch]:
        """Return the mismatches that are open, as far as they are listed.

        Raises:
            StoreBusy: Nobody knows.
        """
        return [each for each in self.store.unsettled(None) if each.is_open]

    def tell(self, client_id: str | None, just_seen: Iterable[Mismatch]) -> None:
        """Tell people what they have not heard: each mismatch by itself, or all of them together.

        What was seen just now need not be in any list yet.

        Raises:
            BusBusy, BusUnconfirmed, StoreBusy, StoreUnconfirmed: Somebody may not have heard
                of something. It can be told again.
        """
        unsettled = {each.id: each for each in self.store.unsettled(client_id)}
        for each in just_seen:
            listed = unsettled.get(each.id)
            if listed is None or listed.version < each.version:
                unsettled[each.id] = each
        for news in News:
            unheard = list(self._unheard(news, unsettled.values()))
            is_few = len(unheard) <= SINGLE_ALERT_COUNT_MAX
            for told in [[each] for each in unheard] if is_few else [unheard]:
                if told:
                    self.alerts.send(alerting.alert_of(told))
                for mismatch in told:
                    self.retry.call(partial(self._heard, mismatch, news))

    def _unheard(self, news: News, mismatches: Iterable[Mismatch]) -> Iterator[Mismatch]:
        """Yield those of which that is news, as they are by now."""
        for mismatch in mismatches:
            if mismatch.news is news:
                current = self._current(mismatch)
                if current.news is news:
                    yield current

    def _seen(self, finding: Finding, run_id: str, looked_at: datetime) -> Mismatch:
        now = self.clock()
        stored = self.store.get(finding.subject.client_id, finding.id)
        if stored is None:
            first = Mismatch(finding, run_id, first_seen_at=now, last_seen_at=now)
            stored = self.store.add(first)
        if stored.is_current(finding, now) or stored.has_ended_since(looked_at):
            return stored
        seen = stored.seen(finding, run_id, now)
        self.store.save(seen)
        return seen

    def _ended(self, mismatch: Mismatch, status: MismatchStatus) -> Mismatch:
        current = self._current(mismatch)
        if not current.is_open:
            return current
        ended = current.ended(status, self.clock())
        self.store.save(ended)
        return ended

    def _heard(self, mismatch: Mismatch, news: News) -> None:
        """Mark what people have been told, whatever has become of the mismatch meanwhile."""
        current = self._current(mismatch)
        if current.occurrence == mismatch.occurrence and current.told is mismatch.told:
            self.store.save(current.heard(news))

    def _current(self, mismatch: Mismatch) -> Mismatch:
        current = self.retry.call(lambda: self.store.get(mismatch.client_id, mismatch.id))
        assert current is not None, "mismatches are never removed"
        return current
