"""The features that caused a score, with what was seen and what is usual."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp

from evenkeel.currencies import EXPONENTS
from evenkeel.learning import hours
from evenkeel.learning.baseline import Baseline
from evenkeel.learning.occurrence import Occurrence
from evenkeel.learning.verdict import Feature
from evenkeel.money import AMOUNT_MINOR_MAX, Money

RARE = "rare among all users"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a payment is unusual.

    Attributes:
        observed: None if it was seen when the payment came first, and is not known any more.
    """

    feature: Feature
    observed: str | None
    usual: str

    def __str__(self) -> str:
        observed = "" if self.observed is None else f" {self.observed},"
        return f"{self.feature}:{observed} {self.usual}"


def causes_of(
    features: Sequence[Feature], occurrence: Occurrence, baseline: Baseline
) -> Sequence[Cause]:
    """Say what was found in a payment, by the habits that were there before it."""
    return [
        Cause(each, OBSERVED[each](occurrence, baseline), _usual(each, occurrence, baseline))
        for each in features
    ]


def causes_again(
    features: Sequence[Feature], occurrence: Occurrence, baseline: Baseline
) -> Sequence[Cause]:
    """Say the same of a payment that has come before, by the habits with it in them."""
    return [
        Cause(
            each,
            None if each in IN_TIME else OBSERVED[each](occurrence, baseline),
            _usual(each, occurrence, baseline),
        )
        for each in features
    ]


def _amount(occurrence: Occurrence, _: Baseline) -> str:
    return str(occurrence.amount)


def _gap(occurrence: Occurrence, baseline: Baseline) -> str | None:
    gap_s = baseline.gap_s(occurrence)
    return None if gap_s is None else f"{gap_s:,.0f} s after the last one"


def _rush(occurrence: Occurrence, baseline: Baseline) -> str:
    return f"about {baseline.rush_with(occurrence):.0f} within the hour"


def _hour(occurrence: Occurrence, _: Baseline) -> str:
    return f"{occurrence.at.hour}:00 UTC"


def _merchant(occurrence: Occurrence, _: Baseline) -> str:
    return occurrence.merchant_id


OBSERVED: Mapping[Feature, Callable[[Occurrence, Baseline], str | None]] = {
    Feature.AMOUNT: _amount,
    Feature.SMALL_AMOUNT: _amount,
    Feature.HASTE: _gap,
    Feature.RUSH: _rush,
    Feature.HOUR: _hour,
    Feature.NEW_MERCHANT: _merchant,
}
# What depends on the payments before it.
IN_TIME = (Feature.HASTE, Feature.RUSH)


def _usual(feature: Feature, occurrence: Occurrence, baseline: Baseline) -> str:
    if baseline.is_cold:
        return RARE
    return USUAL[feature](occurrence, baseline)


def _usual_amount(occurrence: Occurrence, baseline: Baseline) -> str:
    currency = occurrence.amount.currency
    known = baseline.amounts.get(currency)
    if known is None:
        return RARE
    minor = round(exp(known.mean) * 10 ** EXPONENTS[currency])
    return f"usually about {Money(min(max(minor, 1), AMOUNT_MINOR_MAX), currency)}"


def _usual_gap(_: Occurrence, baseline: Baseline) -> str:
    return f"usually after about {exp(baseline.gaps.mean):,.0f} s"


def _usual_rush(_: Occurrence, baseline: Baseline) -> str:
    return f"usually about {baseline.usual_rush:.0f}"


def _usual_hour(_: Occurrence, baseline: Baseline) -> str:
    return f"usually about {hours.usual(baseline.hours)}:00"


def _usual_merchant(_: Occurrence, baseline: Baseline) -> str:
    return f"usually new in {baseline.novelty:.0%} of the payments"


USUAL: Mapping[Feature, Callable[[Occurrence, Baseline], str]] = {
    Feature.AMOUNT: _usual_amount,
    Feature.SMALL_AMOUNT: _usual_amount,
    Feature.HASTE: _usual_gap,
    Feature.RUSH: _usual_rush,
    Feature.HOUR: _usual_hour,
    Feature.NEW_MERCHANT: _usual_merchant,
}
