"""What was found in a payment when it came first, in as few bits as it is kept in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

SCALE = 2**15 - 1
CAUSE_COUNT_MAX = 3


class Feature(StrEnum):
    """What can be unusual about a payment; at most seven, three bits each."""

    AMOUNT = "amount"
    SMALL_AMOUNT = "small amount"
    HASTE = "haste"
    RUSH = "rush"
    HOUR = "hour"
    NEW_MERCHANT = "new merchant"


NUMBERS = {feature: number for number, feature in enumerate(Feature, start=1)}
FEATURES = {number: feature for feature, number in NUMBERS.items()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A score with its causes.

    Attributes:
        steps: The score, in whole steps of one by `SCALE`.
        features: What caused it, the strongest first; none if it is not flagged.
    """

    steps: int
    features: Sequence[Feature] = ()

    @property
    def value(self) -> float:
        return self.steps / SCALE

    @property
    def bits(self) -> int:
        """24 of them."""
        bits = self.steps
        for number in range(CAUSE_COUNT_MAX):
            feature = self.features[number] if number < len(self.features) else None
            bits = bits << 3 | (0 if feature is None else NUMBERS[feature])
        return bits


def verdict(value: float, features: Sequence[Feature] = ()) -> Verdict:
    return Verdict(round(value * SCALE), tuple(features[:CAUSE_COUNT_MAX]))


def from_bits(bits: int) -> Verdict:
    numbers = (bits >> 3 * place & 7 for place in reversed(range(CAUSE_COUNT_MAX)))
    features = tuple(FEATURES[number] for number in numbers if number in FEATURES)
    return Verdict(bits >> 3 * CAUSE_COUNT_MAX, features)
