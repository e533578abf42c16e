"""Half-space trees: how common a payment's place is among everybody's.

S. C. Tan, K. M. Ting and T. F. Liu, "Fast Anomaly Detection for Streaming Data", 2011. Each tree
cuts the space of features in halves, again and again; what falls where few have fallen is rare.

The cuts follow from a seed, so all environments have the same ones, and what they have counted
can be added up, in any order.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import add
from random import Random

from evenkeel.learning.features import PLACES

TREE_COUNT = 25
DEPTH = 6
NODE_COUNT = 2 ** (DEPTH + 1) - 1
INNER_COUNT = 2**DEPTH - 1
SIZE = TREE_COUNT * NODE_COUNT
SEED = 20110716

# So many payments are counted before what was counted is what others are compared with.
WINDOW_COUNT = 5_000
# Of fewer nothing is said.
KNOWN_COUNT_MIN = 500
# A half in which there is so little of all is not looked into any further.
MASS_SHARE_MIN = 0.01


@dataclass(frozen=True, slots=True)
class Tree:
    """Cuts, numbered as in a heap: the halves of node n are 2n + 1 and 2n + 2.

    Attributes:
        first: The first of its masses.
        places: What is cut at each node.
        cuts: And where.
    """

    first: int
    places: Sequence[int]
    cuts: Sequence[float]


def no_masses() -> array[int]:
    return array("I", bytes(4 * SIZE))


@dataclass(slots=True)
class Forest:
    """Counts where payments fall.

    Attributes:
        reference: What others are compared with.
        latest: What was counted since.
    """

    reference: array[int] = field(default_factory=no_masses)
    latest: array[int] = field(default_factory=no_masses)

    def rarity(self, place: Sequence[float]) -> float:
        """Return from 0, where everybody is, to 1, where nobody is; 0 while nothing is known."""
        total = self.reference[0]
        if total < KNOWN_COUNT_MIN:
            return 0.0
        enough, masses = total * MASS_SHARE_MIN, self.reference
        common = 0.0
        for tree in trees():
            first, places, cuts = tree.first, tree.places, tree.cuts
            node, fullness = 0, 1
            mass = masses[first]
            while mass > enough and node < INNER_COUNT:
                node = 2 * node + (1 if place[places[node]] < cuts[node] else 2)
                mass = masses[first + node]
                fullness *= 2
            # As many there are as deep down as this is, were all halves as full.
            common += min(mass * fullness, total)
        return 1.0 - common / (total * TREE_COUNT)

    def add(self, masses: array[int]) -> None:
        """Add what somebody has counted."""
        self.latest = array("I", map(add, self.latest, masses))

    def turn(self) -> None:
        """With a full window, compare with that from now on."""
        if self.latest[0] >= WINDOW_COUNT:
            self.reference, self.latest = self.latest, no_masses()


def count(masses: array[int], place: Sequence[float]) -> None:
    """Count a payment wherever it comes by."""
    for tree in trees():
        first, places, cuts = tree.first, tree.places, tree.cuts
        node = 0
        while node < INNER_COUNT:
            masses[first + node] += 1
            node = 2 * node + (1 if place[places[node]] < cuts[node] else 2)
        masses[first + node] += 1


@cache
def trees() -> Sequence[Tree]:
    """Return the same ones everywhere."""
    random = Random(SEED)  # noqa: S311 - the same for everybody, and no secret.
    return [_tree(random, number * NODE_COUNT) for number in range(TREE_COUNT)]


def _tree(random: Random, first: int) -> Tree:
    """Halve a space that reaches beyond all features, each side by another bit."""
    centers = [random.random() for _ in range(PLACES)]
    reaches = [2 * max(center, 1 - center) for center in centers]
    least = [center - reach for center, reach in zip(centers, reaches, strict=True)]
    most = [center + reach for center, reach in zip(centers, reaches, strict=True)]
    places, cuts = [0] * INNER_COUNT, [0.0] * INNER_COUNT
    spaces = [(least, most)]
    for node in range(INNER_COUNT):
        low, high = spaces[node]
        place = int(random.random() * PLACES)  # Of all draws the one that no release changes.
        middle = (low[place] + high[place]) / 2
        places[node], cuts[node] = place, middle
        spaces.append((low, _with(high, place, middle)))
        spaces.append((_with(low, place, middle), high))
    return Tree(first, places, cuts)


def _with(bounds: Sequence[float], place: int, bound: float) -> list[float]:
    changed = list(bounds)
    changed[place] = bound
    return changed
