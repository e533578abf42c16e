"""How unusual a payment is, all in all, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

from evenkeel.learning.causes import Cause
from evenkeel.learning.features import FEATURE_OF_PLACE, Features
from evenkeel.learning.forest import Forest
from evenkeel.learning.verdict import Feature, Verdict, verdict

# One unusual thing is life; two at once are worth a look. Set on generated histories.
WEIGHTS: Mapping[Feature, float] = {
    Feature.AMOUNT: 2.5,
    Feature.SMALL_AMOUNT: 3.0,
    Feature.HASTE: 2.0,
    Feature.RUSH: 2.0,
    Feature.HOUR: 2.5,
    Feature.NEW_MERCHANT: 1.0,
}
RARITY_WEIGHT = 12.0
BIAS = 7.0
# Of a user whose habits nobody knows, only what is very rare among all users is unusual.
COLD_WEIGHT, COLD_BIAS = 25.0, 7.5

FLAGGED_FROM = 0.5
# Less than this is no reason.
CAUSE_MIN = 0.3

# Where most payments of everybody are.
ORDINARY_PLACE = (0.45, 0.2, 0.0, 0.5, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Score:
    """A verdict, in words.

    Attributes:
        value: From 0, as always, to 1, like nothing before.
        causes: If it is flagged, the features that brought it there, the strongest first.
    """

    value: float
    causes: Sequence[Cause] = ()

    @property
    def is_flagged(self) -> bool:
        return self.value >= FLAGGED_FROM


def judged(features: Features, forest: Forest) -> Verdict:
    """Judge a payment before anything is learned from it."""
    rarity = forest.rarity(features.place)
    value = _value(features, rarity)
    if value < FLAGGED_FROM:
        return verdict(value)
    return verdict(value, _own(features) or _common(features, forest, rarity))


def _value(features: Features, rarity: float) -> float:
    if not features.values:
        return _grown(COLD_WEIGHT * rarity - COLD_BIAS)
    own = sum(WEIGHTS[feature] * value for feature, value in features.values.items())
    return _grown(own + RARITY_WEIGHT * rarity - BIAS)


def _grown(total: float) -> float:
    return 1 / (1 + exp(-total))


def _own(features: Features) -> Sequence[Feature]:
    """Return what is unusual for the user, by what it adds to the score."""
    causes = [each for each, value in features.values.items() if value >= CAUSE_MIN]
    return sorted(causes, key=lambda each: -WEIGHTS[each] * features.values[each])


def _common(features: Features, forest: Forest, rarity: float) -> Sequence[Feature]:
    """Return what is rare: it would be much less so, if this one thing were ordinary."""
    relief: dict[Feature, float] = {}
    for number, upwards in enumerate(FEATURE_OF_PLACE):
        place = list(features.place)
        is_small = upwards is Feature.AMOUNT and place[number] < ORDINARY_PLACE[number]
        feature = Feature.SMALL_AMOUNT if is_small else upwards
        place[number] = ORDINARY_PLACE[number]
        relief[feature] = max(relief.get(feature, 0.0), rarity - forest.rarity(place))
    strongest = sorted(relief, key=lambda each: -relief[each])
    return [each for each in strongest if relief[each] >= relief[strongest[0]] / 2]
