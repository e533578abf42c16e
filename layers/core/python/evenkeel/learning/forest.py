"""Half-space trees: how common a payment's features are among everybody's.

S. C. Tan, K. M. Ting and T. F. Liu, "Fast Anomaly Detection for Streaming Data", 2011. Each tree
cuts the space of features in halves, again and again; what falls where few have fallen is rare.

The cuts follow from a seed, so all environments have the same ones, and what they have counted
can be added up.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

TREE_COUNT = 25
DEPTH = 6
NODE_COUNT = 2 ** (DEPTH + 1) - 1
SEED = 20110716

# So many payments are counted before what was counted so far is what others are compared with.
WINDOW_COUNT = 1_000
# A half in which so few have fallen is not looked into any further.
MASS_MIN = WINDOW_COUNT // 100


@dataclass(frozen=True, slots=True)
class Cut:
    dimension: int
    at: float


@cache
def _cuts(dimension_count: int) -> Sequence[Sequence[Cut]]:
    """Return each tree's cuts, numbered as in a heap: the halves of node n are 2n+1 and 2n+2."""
    random = Random(SEED)  # noqa: S311 - the same for everybody, and no secret.
    return [_tree(random, dimension_count) for _ in range(TREE_COUNT)]


def _tree(random: Random, dimension_count: int) -> Sequence[Cut]:
    centers = [random.random() for _ in range(dimension_count)]
    reaches = [2 * max(center, 1 - center) for center in centers]
    least = [center - reach for center, reach in zip(centers, reaches, strict=True)]
    most = [center + reach for center, reach in zip(centers, reaches, strict=True)]
    cuts: dict[int, Cut] = {}
    waiting = [(0, least, most)]
    for node, low, high in waiting:
        if 2 * node + 2 >= NODE_COUNT:
            continue
        dimension = random.randrange(dimension_count)
        middle = (low[dimension] + high[dimension]) / 2
        cuts[node] = Cut(dimension, middle)
        waiting.append((2 * node + 1, low, _with(high, dimension, middle)))
        waiting.append((2 * node + 2, _with(low, dimension, middle), high))
    return [cuts[node] for node in range(len(cuts))]


def _with(bounds: Sequence[float], dimension: int, bound: float) -> list[float]:
    changed = list(bounds)
    changed[dimension] = bound
    return changed


def _no_masses() -> array[int]:
    return array("I", bytes(4 * TREE_COUNT * NODE_COUNT))


@dataclass(slots=True)
class Forest:
    """Counts where payments fall.

    Attributes:
        reference: What others are compared with.
        latest: What was counted since.
    """

    reference: array[int] = field(default_factory=_no_masses)
    latest: array[int] = field(default_factory=_no_masses)

    @property
    def reference_count(self) -> int:
        return self.reference[0]

    @property
    def latest_count(self) -> int:
        return self.latest[0]

    def rarity(self, vector: Sequence[float]) -> float:
        """Return from 0, where everybody is, to 1, where nobody is; 0 while nothing is known."""
        total = self.reference_count
        if total < MASS_MIN * 10:
            return 0.0
        score = sum(self._common(tree, vector) for tree in range(TREE_COUNT)) / TREE_COUNT
        return max(0.0, 1.0 - score / total)

    def learn(self, vector: Sequence[float]) -> None:
        for tree in range(TREE_COUNT):
            for node in _way(tree, vector):
                self.latest[tree * NODE_COUNT + node] += 1

    def add(self, masses: array[int]) -> None:
        """Add what others have counted; with a full window, compare with that from now on."""
        self.latest = array("I", map(int.__add__, self.latest, masses))
        if self.latest_count >= WINDOW_COUNT:
            self.reference, self.latest = self.latest, _no_masses()

    def _common(self, tree: int, vector: Sequence[float]) -> float:
        """Return how much of everybody is as deep down as this is, were all halves as full."""
        first = tree * NODE_COUNT
        mass, depth = 0, 0
        for depth, node in enumerate(_way(tree, vector)):  # noqa: B007 - where the way ends matters.
            mass = self.reference[first + node]
            if mass <= MASS_MIN:
                break
        return float(min(mass * 2**depth, self.reference_count))


def _way(tree: int, vector: Sequence[float]) -> Iterator[int]:
    """Yield the nodes from the root down."""
    cuts = _cuts(len(vector))[tree]
    node = 0
    while node < NODE_COUNT:
        yield node
        if node >= len(cuts):
            return
        cut = cuts[node]
        node = 2 * node + (1 if vector[cut.dimension] < cut.at else 2)
