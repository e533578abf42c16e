"""What is unusual about a payment, feature by feature, from 0 to 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp

from evenkeel.currencies import EXPONENTS
from evenkeel.learning.baseline import (
    AMOUNT_FLOOR,
    GAP_FLOOR,
    Baseline,
    amount_log,
)
from evenkeel.learning.moving import Moving
from evenkeel.learning.occurrence import Occurrence
from evenkeel.money import Money

# Fewer payments than this are no habit.
HABIT_COUNT = 8
# Less than this is no reason.
CAUSE_MIN = 0.3


@dataclass(frozen=True, slots=True)
class Features:
    """How far a payment is from its user's habits; 0 where there is no habit yet.

    Attributes:
        amount: Much more than usual.
        small: Much less than usual.
        haste: Much sooner after the last one than usual.
        hour: At an hour at which the user does not pay.
        novelty: To a merchant that is new, for somebody who mostly pays known ones.
    """

    amount: float
    small: float
    haste: float
    hour: float
    novelty: float

    def vector(self) -> Sequence[float]:
        return self.amount, self.small, self.haste, self.hour, self.novelty


NONE = Features(0.0, 0.0, 0.0, 0.0, 0.0)


def features_of(occurrence: Occurrence, baseline: Baseline) -> Features:
    if baseline.count < HABIT_COUNT:
        return NONE
    known = baseline.amounts.get(occurrence.amount.currency, Moving())
    off = known.distance(amount_log(occurrence), AMOUNT_FLOOR) if known.count > 2 else 0.0  # noqa: PLR2004 - two are no habit.
    gap_log = baseline.gap_log(occurrence)
    sooner = -baseline.gaps.distance(gap_log, GAP_FLOOR) if gap_log is not None else 0.0
    is_new = not baseline.knows(occurrence.merchant_id)
    return Features(
        amount=_grown(off, middle=3.0),
        small=_grown(-off, middle=3.0),
        haste=_grown(sooner, middle=2.5),
        hour=1.0 - min(1.0, baseline.hour_share(occurrence.at.hour) * 4),
        novelty=max(0.0, 1.0 - 2 * baseline.novelty) if is_new else 0.0,
    )


def causes_of(features: Features, occurrence: Occurrence, baseline: Baseline) -> Sequence[str]:
    """Return in words what is unusual, the most unusual first."""
    said: Sequence[tuple[float, Callable[[Occurrence, Baseline], str]]] = (
        (features.amount, _amount),
        (features.small, _amount),
        (features.haste, _haste),
        (features.hour, _hour),
        (features.novelty, _novelty),
    )
    strongest = sorted(said, key=lambda each: each[0], reverse=True)
    return [say(occurrence, baseline) for value, say in strongest if value >= CAUSE_MIN]


def _grown(deviations: float, middle: float) -> float:
    """Return 0 for what is within the usual, and nearly 1 for what is twice *middle* off."""
    return 0.0 if deviations <= 1 else 1 / (1 + exp(-2 * (deviations - middle)))


def _amount(occurrence: Occurrence, baseline: Baseline) -> str:
    currency = occurrence.amount.currency
    usual = exp(baseline.amounts[currency].mean) * 10 ** EXPONENTS[currency]
    return (
        f"an amount of {occurrence.amount}, usually about {Money(max(1, round(usual)), currency)}"
    )


def _haste(occurrence: Occurrence, baseline: Baseline) -> str:
    assert baseline.last_at is not None
    gap_s = max(0.0, (occurrence.at - baseline.last_at).total_seconds())
    return f"{gap_s:,.0f} s after the last one, usually after about {exp(baseline.gaps.mean):,.0f}"


def _hour(occurrence: Occurrence, baseline: Baseline) -> str:
    return f"at {occurrence.at.hour}:00 UTC, when this user hardly ever pays"


def _novelty(occurrence: Occurrence, baseline: Baseline) -> str:
    return f"to {occurrence.merchant_id}, which is new to this user"
