"""Windows in this process, as the port describes them and with none of the scripts' thrift."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import ceil, floor

from evenkeel.errors import WindowsUnavailable
from evenkeel.screening.quota import Bucket, Lane, Quota
from evenkeel.screening.windows import (
    ENTRY_COUNT_MAX,
    OUTCOME_COUNT_MAX,
    Counts,
    Entry,
    Outcome,
    Person,
    Screened,
    Sight,
    Spans,
)

MOMENT = timedelta(microseconds=1)


class InMemoryWindows:
    """Counts, and fails as it is told.

    Attributes:
        is_away: Whether every question goes unanswered.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.is_away = False
        self._full_at: dict[tuple[str, Lane], datetime] = {}
        self._entries: dict[Person, list[tuple[datetime, Entry]]] = {}
        self._outcomes: dict[Person, dict[str, Outcome]] = {}

    def take(self, client_id: str, lane: Lane, bucket: Bucket) -> Quota:
        self._answer()
        now, interval = self.clock(), 1 / bucket.per_s
        depth_s = bucket.burst_count * interval
        full_in_s = (self._full_at.get((client_id, lane), now) - now).total_seconds()
        full_in_s = min(max(full_in_s, 0.0), depth_s)
        wait_s = full_in_s + interval - depth_s
        if wait_s > MOMENT.total_seconds() / 2:
            self._full_at[client_id, lane] = now + timedelta(seconds=full_in_s)
            return Quota(bucket.burst_count, 0, full_in_s, ceil(wait_s * 1e6) / 1e6)
        full_in_s += interval
        self._full_at[client_id, lane] = now + timedelta(seconds=full_in_s)
        remaining = floor((depth_s - full_in_s) / interval + 0.001)
        return Quota(bucket.burst_count, remaining, full_in_s)

    def screen(self, entry: Entry, bucket: Bucket, spans: Spans) -> Screened:
        quota = self.take(entry.person.client_id, Lane.WRITES, bucket)
        if not quota.is_granted:
            return Screened(quota, None)
        kept = self._entries.setdefault(entry.person, [])
        known = [at for at, each in kept if each.payment_id == entry.payment_id]
        now = self.clock()
        at = known[0] if known else max([now, *(then + MOMENT for then, _ in kept[-1:])])
        if not known:
            longest = timedelta(seconds=max(spans.velocity_s, spans.duplicate_s))
            kept[:] = [(then, each) for then, each in kept if at - then <= longest]
            kept[:] = [*kept, (at, entry)][-ENTRY_COUNT_MAX:]
        before = [(at - then, each) for then, each in kept if then <= at]
        return Screened(quota, self._counts(entry.person, before, entry, spans))

    def look(self, person: Person, spans: Spans) -> Sight:
        self._answer()
        now = self.clock()
        kept = [(now - at, each) for at, each in reversed(self._entries.get(person, []))]
        longest = timedelta(seconds=max(spans.velocity_s, spans.duplicate_s))
        amounts = [each.amount for age, each in kept if age <= longest]
        within = timedelta(seconds=spans.duplicate_s)
        same = Counter(each.amount for age, each in kept if age <= within)
        velocity = timedelta(seconds=spans.velocity_s)
        return Sight(
            Counts(
                sum(age <= velocity for age, _ in kept),
                max(same.values(), default=0),
                self._failure_count(person),
            ),
            amounts,
        )

    def note(self, outcomes: Sequence[Outcome]) -> None:
        self._answer()
        for outcome in outcomes:
            self._outcomes.setdefault(outcome.person, {})[outcome.payment_id] = outcome

    def _counts(
        self, person: Person, before: Sequence[tuple[timedelta, Entry]], entry: Entry, spans: Spans
    ) -> Counts:
        velocity = timedelta(seconds=spans.velocity_s)
        duplicate = timedelta(seconds=spans.duplicate_s)
        return Counts(
            sum(age <= velocity for age, _ in before),
            sum(age <= duplicate and each.amount == entry.amount for age, each in before),
            self._failure_count(person),
        )

    def _failure_count(self, person: Person) -> int:
        newest_first = sorted(
            self._outcomes.get(person, {}).values(),
            key=lambda outcome: (outcome.at, not outcome.is_failure),
            reverse=True,
        )
        count = 0
        for outcome in newest_first[:OUTCOME_COUNT_MAX]:
            if not outcome.is_failure:
                break
            count += 1
        return count

    def _answer(self) -> None:
        if self.is_away:
            raise WindowsUnavailable("away")
