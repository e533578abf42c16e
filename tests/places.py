"""Where payments stand among everybody's: most are alike in most, and differ now and then."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import cache
from random import Random

from evenkeel.learning.forest import WINDOW_COUNT, Forest, count, no_masses

COMMON = (0.45, 0.2, 0.0, 0.5, 0.0, 0.0)
SURPRISE_SHARE = 0.03


def usual(number: int) -> list[list[float]]:
    random = Random(3)  # noqa: S311 - an example.
    return [[_near(each, random) for each in COMMON] for _ in range(number)]


def _near(common: float, random: Random) -> float:
    if random.random() < SURPRISE_SHARE:
        return random.random()
    return min(max(random.gauss(common, 0.1), 0), 1)


def counted(seen: Iterable[Sequence[float]]) -> array[int]:
    masses = no_masses()
    for place in seen:
        count(masses, place)
    return masses


@cache
def _reference(number: int) -> array[int]:
    return counted(usual(number))


def known(number: int = WINDOW_COUNT) -> Forest:
    return Forest(reference=_reference(number))
