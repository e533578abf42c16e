"""Windows in this process, as the port describes them and with none of the scripts' thrift."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil, floor

from evenkeel.errors import WindowsUnavailable
from evenkeel.person import Person
from evenkeel.screening.quota import Bucket, Lane, Quota
from evenkeel.screening.windows import (
    ENTRY_COUNT_MAX,
    OUTCOME_COUNT_MAX,
    Counts,
    Entry,
    Outcome,
    Screened,
    Sight,
    Spans,
)

MOMENT = timedelta(microseconds=1)
MOMENTS_PER_S = 1_000_000


class InMemoryWindows:
    """Counts, and fails as it is told.

    Attributes:
        is_away: Whether every question goes unanswered.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.is_away = False
        self._missing: dict[tuple[str, Lane], tuple[Fraction, datetime]] = {}
        self._entries: dict[Person, list[tuple[datetime, Entry, Counts]]] = {}
        self._outcomes: dict[Person, set[Outcome]] = {}

    def take(self, client_id: str, lane: Lane, bucket: Bucket) -> Quota:
        self._answer()
        now, per_s, burst = self.clock(), Fraction(str(bucket.per_s)), bucket.burst_count
        kept, at = self._missing.get((client_id, lane), (Fraction(0), now))
        regained = Fraction((now - at) // MOMENT, MOMENTS_PER_S) * per_s
        missing = max(min(kept, Fraction(burst)) - regained, Fraction(0))
        if missing + 1 > burst:
            return Quota(burst, 0, _s(missing / per_s), _s((missing + 1 - burst) / per_s))
        self._missing[client_id, lane] = (missing + 1, now)
        return Quota(burst, floor(burst - missing - 1), _s((missing + 1) / per_s))

    def screen(self, entry: Entry, bucket: Bucket, spans: Spans) -> Screened:
        quota = self.take(entry.person.client_id, Lane.WRITES, bucket)
        if not quota.is_granted:
            return Screened(quota, None)
        kept = self._entries.setdefault(entry.person, [])
        for _, each, counts in kept:
            if each.payment_id == entry.payment_id:
                return Screened(quota, counts)
        at = max([self.clock(), *(then + MOMENT for then, _, _ in kept[-1:])])
        before = [(at - then, each) for then, each, _ in kept]
        counts = self._counts(entry.person, [*before, (timedelta(0), entry)], entry, spans)
        longest = timedelta(seconds=max(spans.velocity_s, spans.duplicate_s))
        kept.append((at, entry, counts))
        kept[:] = [each for each in kept if at - each[0] <= longest][-ENTRY_COUNT_MAX:]
        return Screened(quota, counts)

    def look(self, person: Person, spans: Spans) -> Sight:
        self._answer()
        now = self.clock()
        kept = [(now - at, each) for at, each, _ in reversed(self._entries.get(person, []))]
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
            self._outcomes.setdefault(outcome.person, set()).add(outcome)

    def _counts(
        self, person: Person, before: Sequence[tuple[timedelta, Entry]], entry: Entry, spans: Spans
    ) -> Counts:
        velocity = timedelta(seconds=spans.velocity_s)
        duplicate = timedelta(seconds=spans.duplicate_s)
        payments = sum(age <= velocity for age, _ in before)
        same = sum(age <= duplicate and each.amount == entry.amount for age, each in before)
        return Counts(
            min(payments, ENTRY_COUNT_MAX), min(same, ENTRY_COUNT_MAX), self._failure_count(person)
        )

    def _failure_count(self, person: Person) -> int:
        newest_first = sorted(
            self._outcomes.get(person, ()),
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


def _s(seconds: Fraction) -> float:
    return ceil(seconds * MOMENTS_PER_S) / MOMENTS_PER_S
