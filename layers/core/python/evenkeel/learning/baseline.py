"""What a user's payments are like: how much, when, how often, and to whom.

Pure and small. It is learned from each payment after that was scored, once: a payment
that comes again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import log

from evenkeel.currencies import EXPONENTS
from evenkeel.learning.moving import Moving
from evenkeel.learning.occurrence import Occurrence, digest

CURRENCY_COUNT_MAX = 3
MERCHANT_COUNT_MAX = 12
SEEN_COUNT_MAX = 8
HOURS = 24

# Deviations below which nothing is remarkable, in the logarithm of amounts and of gaps.
AMOUNT_FLOOR = 0.35
GAP_FLOOR = 0.8
# Two payments in the same second are as close as any two.
GAP_S_MIN = 1.0

HOUR_FADES = 0.97
NOVELTY_WEIGHT = 0.08
NOVELTY_AT_FIRST = 0.6  # To a new user every merchant is new.


@dataclass(frozen=True, slots=True)
class Baseline:
    """A user's habits.

    Attributes:
        amounts: Of the logarithm of the amount in major units, by currency, the latest used last.
        gaps: Of the logarithm of the seconds between two payments.
        hours: How much of what was paid was paid in each hour of the day, in UTC; it fades.
        novelty: How often the merchant is one that was not seen of late.
        merchants: Digests of the merchants seen of late, the newest last.
        seen: Digests of the payments learned last.
    """

    count: int = 0
    amounts: Mapping[str, Moving] = field(default_factory=dict)
    gaps: Moving = field(default_factory=Moving)
    hours: Sequence[float] = (0.0,) * HOURS
    novelty: float = NOVELTY_AT_FIRST
    merchants: Sequence[bytes] = ()
    seen: Sequence[bytes] = ()
    last_at: datetime | None = None

    def has_learned(self, occurrence: Occurrence) -> bool:
        return digest(occurrence.payment_id) in self.seen

    def knows(self, merchant_id: str) -> bool:
        return digest(merchant_id) in self.merchants

    def learned(self, occurrence: Occurrence) -> Baseline:
        """Return the habits with one more payment in them."""
        if self.has_learned(occurrence):
            return self
        is_new = not self.knows(occurrence.merchant_id)
        return replace(
            self,
            count=min(self.count + 1, 65_535),
            amounts=self._amounts(occurrence),
            gaps=self._gaps(occurrence),
            hours=self._hours(occurrence),
            novelty=self.novelty + NOVELTY_WEIGHT * (is_new - self.novelty),
            merchants=_newest(self.merchants, digest(occurrence.merchant_id), MERCHANT_COUNT_MAX),
            seen=_newest(self.seen, digest(occurrence.payment_id), SEEN_COUNT_MAX),
            last_at=max(occurrence.at, self.last_at or occurrence.at),
        )

    def gap_log(self, occurrence: Occurrence) -> float | None:
        """Return the logarithm of the time since the last payment; None for the first."""
        if self.last_at is None:
            return None
        gap_s = (occurrence.at - self.last_at).total_seconds()
        return log(max(gap_s, GAP_S_MIN))

    def hour_share(self, hour: int) -> float:
        """Return how usual an hour is, from 0 to 1, its neighbours' part included."""
        most = max(self._smooth(each) for each in range(HOURS))
        return self._smooth(hour) / most if most else 1.0

    def _smooth(self, hour: int) -> float:
        near = (self.hours[(hour + step) % HOURS] for step in (-2, -1, 0, 1, 2))
        return sum(weight * each for weight, each in zip((1, 2, 3, 2, 1), near, strict=True))

    def _amounts(self, occurrence: Occurrence) -> Mapping[str, Moving]:
        currency = occurrence.amount.currency
        others = {name: each for name, each in self.amounts.items() if name != currency}
        known = self.amounts.get(currency, Moving())
        told = known.told(amount_log(occurrence), AMOUNT_FLOOR)
        kept = list(others.items())[-(CURRENCY_COUNT_MAX - 1) :]
        return dict([*kept, (currency, told)])

    def _gaps(self, occurrence: Occurrence) -> Moving:
        gap_log = self.gap_log(occurrence)
        return self.gaps if gap_log is None else self.gaps.told(gap_log, GAP_FLOOR)

    def _hours(self, occurrence: Occurrence) -> Sequence[float]:
        hour = occurrence.at.hour
        return tuple(
            each * HOUR_FADES + (1.0 if number == hour else 0.0)
            for number, each in enumerate(self.hours)
        )


def amount_log(occurrence: Occurrence) -> float:
    amount = occurrence.amount
    return log(amount.amount_minor / 10 ** EXPONENTS[amount.currency])


def _newest(known: Sequence[bytes], latest: bytes, count_max: int) -> Sequence[bytes]:
    return (*(each for each in known if each != latest), latest)[-count_max:]
