"""What a user's payments are like: how much, when, how often, and to whom.

Pure and small. It is learned from each payment after that was scored, once: a payment
that comes again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import exp, log
from typing import TypeVar

from evenkeel.currencies import EXPONENTS
from evenkeel.learning import hours
from evenkeel.learning.moving import Moving
from evenkeel.learning.occurrence import Occurrence, digest
from evenkeel.learning.verdict import Verdict

Key = TypeVar("Key")
Value = TypeVar("Value")

CURRENCY_COUNT_MAX = 3
MERCHANT_COUNT_MAX = 24
SEEN_COUNT_MAX = 12
COUNT_MAX = 65_535.0

# A new merchant is taken for one of the 24 known ones once in 2,700 times; a payment for one of
# the last 12 of its user hardly ever.
MERCHANT_BYTE_COUNT = 2
PAYMENT_BYTE_COUNT = 4

# Fewer payments than this are no habit.
HABIT_COUNT = 5.0

# Deviations below which nothing is remarkable, in the logarithm of amounts and of gaps.
AMOUNT_FLOOR = 0.35
GAP_FLOOR = 0.8
# Two payments in the same second are as close as any two.
GAP_S_MIN = 1.0
# A last payment so far ahead of the next one had a wrong time.
SKEW_MAX = timedelta(hours=1)

# What came an hour ago is part of a rush by a third.
RUSH_S = 3_600.0
RUSH_MAX = 1_000.0

NOVELTY_WEIGHT = 0.08
NOVELTY_AT_FIRST = 0.6  # To a new user every merchant is new.
LEVEL_WEIGHT = 0.3
LEVEL_MAX = 12.0
# One where much more or much less than usual is usual is remembered for longer, up to a number.
SPECIAL_LEVEL_MIN = 1.0
SPECIAL_COUNT_MAX = MERCHANT_COUNT_MAX // 2
# A merchant is on probation if its first payment is less likely honest than this. It is known
# once the user has made a pause and gone on as usual: nobody seems to have minded.
TRUST_MIN = 0.5
PROBATION_COUNT_MAX = 4
PROBATION_S = 6 * 3_600.0


@dataclass(frozen=True, slots=True)
class Merchant:
    """Somebody whom a user has paid.

    Attributes:
        level: By how much more than usual is usual there, in the logarithm.
    """

    level: float
    is_on_probation: bool = False


@dataclass(frozen=True, slots=True)
class Baseline:
    """A user's habits.

    Attributes:
        count: How many payments it was learned from; part of one where it was not trusted.
        amounts: Of the logarithm of the amount in major units, by currency, the latest used last.
        gaps: Of the logarithm of the seconds between two payments.
        hours: How much was paid in each hour of the day, in UTC.
        novelty: How often the merchant is one that was not seen of late.
        rush: How many payments there were of late, those of long ago counting for little.
        merchants: Those seen of late, the newest last.
        seen: What was found in the payments learned last, the newest last.
    """

    count: float = 0.0
    amounts: Mapping[str, Moving] = field(default_factory=dict)
    gaps: Moving = field(default_factory=Moving)
    hours: bytes = hours.NEVER
    novelty: float = NOVELTY_AT_FIRST
    rush: float = 0.0
    merchants: Mapping[int, Merchant] = field(default_factory=dict)
    seen: Mapping[int, Verdict] = field(default_factory=dict)
    last_at: datetime | None = None

    @property
    def is_cold(self) -> bool:
        return self.count < HABIT_COUNT

    def found_before(self, occurrence: Occurrence) -> Verdict | None:
        """Return what was found in a payment that was learned already."""
        return self.seen.get(digest(occurrence.payment_id, PAYMENT_BYTE_COUNT))

    def merchant(self, occurrence: Occurrence) -> Merchant | None:
        """Return what is known of whom is paid; None if that is somebody new."""
        known = self.merchants.get(digest(occurrence.merchant_id, MERCHANT_BYTE_COUNT))
        return None if known is None or known.is_on_probation else known

    def surplus(self, occurrence: Occurrence) -> float:
        """Return by how much an amount is more than usual, in deviations; less is below 0.

        What is usual at this merchant is as good as what is usual elsewhere.
        """
        known = self.amounts.get(occurrence.amount.currency, Moving())
        if not known.is_habit:
            return 0.0
        value, merchant = amount_log(occurrence), self.merchant(occurrence)
        level = 0.0 if merchant is None else merchant.level
        usual = (known.distance(value, AMOUNT_FLOOR), known.distance(value - level, AMOUNT_FLOOR))
        return min(usual, key=abs)

    def gap_s(self, occurrence: Occurrence) -> float | None:
        """Return the time since the last payment; None for the first, and for one that is late."""
        if self.last_at is None or occurrence.at < self.last_at:
            return None
        return max((occurrence.at - self.last_at).total_seconds(), GAP_S_MIN)

    def rush_with(self, occurrence: Occurrence) -> float:
        gap_s = self.gap_s(occurrence)
        left = self.rush if gap_s is None else self.rush * exp(-gap_s / RUSH_S)
        return min(left + 1.0, RUSH_MAX)

    @property
    def usual_rush(self) -> float:
        """How many payments there are at most times; of a new user one, however it begins."""
        if self.is_cold:
            return 1.0
        return 1.0 + RUSH_S / exp(max(self.gaps.mean, 0.0))

    def learned(self, occurrence: Occurrence, found: Verdict, trust: float = 1.0) -> Baseline:
        """Return the habits with one more payment in them.

        Args:
            occurrence: It changes nothing if it was learned already.
            found: What is answered if it comes again.
            trust: How much of a habit it may be, from 0 to 1. An attack must not become one
                while it goes on.
        """
        if self.found_before(occurrence) is not None:
            return self
        # What is done a hundred times within an hour is not a hundred times a habit.
        weight = trust / max(1.0, self.rush_with(occurrence) / self.usual_rush)
        is_new = self.merchant(occurrence) is None
        payment = digest(occurrence.payment_id, PAYMENT_BYTE_COUNT)
        return replace(
            self,
            count=min(self.count + weight, COUNT_MAX),
            amounts=self._amounts(occurrence, weight),
            gaps=self._gaps(occurrence, weight),
            hours=hours.told(self.hours, occurrence.at.hour, weight),
            novelty=self.novelty + weight * NOVELTY_WEIGHT * (is_new - self.novelty),
            rush=self.rush_with(occurrence),
            merchants=self._merchants(occurrence, trust),
            seen=_newest(self.seen, payment, found, SEEN_COUNT_MAX),
            last_at=self._last_at(occurrence),
        )

    def _last_at(self, occurrence: Occurrence) -> datetime:
        if self.last_at is None or self.last_at - occurrence.at > SKEW_MAX:
            return occurrence.at
        return max(occurrence.at, self.last_at)

    def _amounts(self, occurrence: Occurrence, weight: float) -> Mapping[str, Moving]:
        currency = occurrence.amount.currency
        known = self.amounts.get(currency, Moving())
        told = known.told(amount_log(occurrence), AMOUNT_FLOOR, weight)
        return _newest(self.amounts, currency, told, CURRENCY_COUNT_MAX)

    def _gaps(self, occurrence: Occurrence, weight: float) -> Moving:
        gap_s = self.gap_s(occurrence)
        return self.gaps if gap_s is None else self.gaps.told(log(gap_s), GAP_FLOOR, weight)

    def _merchants(self, occurrence: Occurrence, trust: float) -> Mapping[int, Merchant]:
        key = digest(occurrence.merchant_id, MERCHANT_BYTE_COUNT)
        usual = self.amounts.get(occurrence.amount.currency)
        level = 0.0 if usual is None else amount_log(occurrence) - usual.mean
        known = self.merchant(occurrence)
        if known is not None:
            level = known.level + LEVEL_WEIGHT * trust * (level - known.level)
        level = min(max(level, -LEVEL_MAX), LEVEL_MAX)
        merchant = Merchant(level, is_on_probation=known is None and trust < TRUST_MIN)
        others = {each: told for each, told in self._proven(occurrence, trust) if each != key}
        if merchant.is_on_probation:
            waiting = [each for each, told in others.items() if told.is_on_probation]
            if len(waiting) == PROBATION_COUNT_MAX:
                del others[waiting[0]]
        special = [each for each, told in others.items() if abs(told.level) >= SPECIAL_LEVEL_MIN]
        if len(others) == MERCHANT_COUNT_MAX and len(special) <= SPECIAL_COUNT_MAX:
            del others[next(each for each in others if each not in special)]
        elif len(others) == MERCHANT_COUNT_MAX:
            del others[special[0]]
        return {**others, key: merchant}

    def _proven(self, occurrence: Occurrence, trust: float) -> Iterable[tuple[int, Merchant]]:
        gap_s = self.gap_s(occurrence)
        if gap_s is None or gap_s < PROBATION_S or trust < TRUST_MIN:
            return self.merchants.items()
        return [(each, Merchant(told.level)) for each, told in self.merchants.items()]


def amount_log(occurrence: Occurrence) -> float:
    amount = occurrence.amount
    return log(amount.amount_minor / 10 ** EXPONENTS[amount.currency])


def _newest(
    known: Mapping[Key, Value], key: Key, value: Value, count_max: int
) -> Mapping[Key, Value]:
    changed = dict(known)
    changed.pop(key, None)  # What is put in anew stands last.
    changed[key] = value
    while len(changed) > count_max:
        del changed[next(iter(changed))]
    return changed
