"""How unusual a payment is, all in all, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from evenkeel.learning.baseline import Baseline
from evenkeel.learning.features import Features, causes_of, features_of
from evenkeel.learning.forest import Forest
from evenkeel.learning.occurrence import Occurrence

# One unusual thing is life; two at once are worth a look. Set on generated histories.
AMOUNT, SMALL, HASTE, HOUR, NOVELTY, RARITY = 4.5, 2.5, 3.5, 1.5, 2.0, 1.5
BIAS = 5.5

FLAGGED_FROM = 0.5


@dataclass(frozen=True, slots=True)
class Score:
    """A verdict with its reasons.

    Attributes:
        value: From 0, as always, to 1, like nothing before.
        causes: If it is flagged, the features that brought it there, in words, the strongest first.
    """

    value: float
    causes: Sequence[str] = ()

    @property
    def is_flagged(self) -> bool:
        return bool(self.causes)


def score(occurrence: Occurrence, baseline: Baseline, forest: Forest) -> Score:
    """Score a payment before anything is learned from it."""
    features = features_of(occurrence, baseline)
    value = weighed(features, forest.rarity(features.vector()))
    if value < FLAGGED_FROM:
        return Score(value)
    return Score(value, causes_of(features, occurrence, baseline))


def weighed(features: Features, rarity: float) -> float:
    total = (
        AMOUNT * features.amount
        + SMALL * features.small
        + HASTE * features.haste
        + HOUR * features.hour
        + NOVELTY * features.novelty
        + RARITY * rarity
    )
    return 1 / (1 + exp(BIAS - total))
