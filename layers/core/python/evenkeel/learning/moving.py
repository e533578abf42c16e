"""A mean and a variance that move with what they are told, and forget slowly."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

# What one value can move at most, in deviations: an attack must not become a habit at once.
PULL_MAX = 3.0
# While little is known, the next value is the mean of all so far; after that it weighs this much.
WEIGHT_MIN = 0.06

HABIT_COUNT = 3


@dataclass(frozen=True, slots=True)
class Moving:
    """Welford's mean and variance at first, and exponentially weighted ones from then on."""

    count: int = 0
    mean: float = 0.0
    variance: float = 0.0

    @property
    def is_habit(self) -> bool:
        """Whether it can say what is far: two values cannot."""
        return self.count >= HABIT_COUNT

    def distance(self, value: float, floor: float) -> float:
        """Return how far a value is off, in deviations of at least *floor*; 0 if none is known."""
        if self.count == 0:
            return 0.0
        return (value - self.mean) / max(sqrt(self.variance), floor)

    def told(self, value: float, floor: float, trust: float = 1.0) -> Moving:
        """Return what is known after another value, which may pull only so much.

        Args:
            value: The next one.
            floor: The least that counts as a deviation.
            trust: From 0, for what is no habit of anybody's, to 1.
        """
        if self.count == 0:
            return Moving(1, value, 0.0)
        if self.is_habit:
            reach = PULL_MAX * max(sqrt(self.variance), floor)
            value = min(max(value, self.mean - reach), self.mean + reach)
        count = self.count + 1
        weight = trust * max(1 / count, WEIGHT_MIN)
        off = value - self.mean
        mean = self.mean + weight * off
        variance = (1 - weight) * (self.variance + weight * off * off)
        return Moving(min(count, 65_535), mean, variance)
