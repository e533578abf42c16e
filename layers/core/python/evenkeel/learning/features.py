"""What is unusual about a payment, feature by feature, from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, log10

from evenkeel.learning import hours
from evenkeel.learning.baseline import GAP_FLOOR, Baseline
from evenkeel.learning.occurrence import Occurrence
from evenkeel.learning.verdict import Feature

# From how many deviations on it is rather unusual than not.
AMOUNT_FROM, SMALL_FROM, HASTE_FROM = 3.0, 3.0, 2.5
# And from how many times the payments that an hour usually has.
RUSH_FROM = 4.0
# An hour with a quarter of what the best one has is as usual as any.
HOUR_SHARE = 0.25

# Where the places that all users have in common end.
MAGNITUDE_MAX = 7.0  # Powers of ten of minor units.
WEEK_S = 7 * 86_400
RUSH_MAX = 10.0
SURPLUS_MAX = 6.0  # Deviations.


@dataclass(frozen=True, slots=True)
class Features:
    """How a payment differs, from its user's others and from everybody's.

    Attributes:
        values: How far it is from its user's habits; nothing where there is no habit yet.
        place: Where it stands among everybody's: see `PLACES`. It says nothing of who it is.
    """

    values: Mapping[Feature, float]
    place: Sequence[float]


# The amount's magnitude, the pace, the rush; then what is seen against the user's own habits:
# the amount, the hour, the merchant. Who has no habits yet stands where nothing is unusual.
PLACES = 6
USUAL_AMOUNT, USUAL_HOUR, KNOWN_MERCHANT = 0.5, 0.0, 0.0
# Of each place, the one feature that it tells of.
FEATURE_OF_PLACE = (
    Feature.AMOUNT,
    Feature.HASTE,
    Feature.RUSH,
    Feature.AMOUNT,
    Feature.HOUR,
    Feature.NEW_MERCHANT,
)


def features_of(occurrence: Occurrence, baseline: Baseline) -> Features:
    gap_s = baseline.gap_s(occurrence)
    rush = baseline.rush_with(occurrence)
    common = (
        _within(log10(occurrence.amount.amount_minor) / MAGNITUDE_MAX),
        0.0 if gap_s is None else _within(1.0 - log(gap_s) / log(WEEK_S)),
        _within((rush - 1.0) / (RUSH_MAX - 1.0)),
    )
    if baseline.is_cold:
        return Features({}, (*common, USUAL_AMOUNT, USUAL_HOUR, KNOWN_MERCHANT))
    surplus = baseline.surplus(occurrence)
    haste = 0.0 if gap_s is None else -baseline.gaps.distance(log(gap_s), GAP_FLOOR)
    is_known = baseline.merchant(occurrence) is not None
    values = {
        Feature.AMOUNT: _grown(surplus, AMOUNT_FROM),
        Feature.SMALL_AMOUNT: _grown(-surplus, SMALL_FROM),
        Feature.HASTE: _grown(haste, HASTE_FROM),
        Feature.RUSH: _grown(rush / baseline.usual_rush, RUSH_FROM),
        Feature.HOUR: 1.0 - _within(hours.share(baseline.hours, occurrence.at.hour) / HOUR_SHARE),
        Feature.NEW_MERCHANT: 0.0 if is_known else _within(1.0 - 2 * baseline.novelty),
    }
    own = (
        _within(USUAL_AMOUNT + surplus / (2 * SURPLUS_MAX)),
        values[Feature.HOUR],
        values[Feature.NEW_MERCHANT],
    )
    return Features(values, (*common, *own))


def _grown(much: float, middle: float) -> float:
    """Return 0 for what is within the usual, and nearly 1 for what is twice the middle."""
    return 0.0 if much <= 1 else 1 / (1 + exp(min(2 * (middle - much), 50.0)))


def _within(value: float) -> float:
    return min(max(value, 0.0), 1.0)
