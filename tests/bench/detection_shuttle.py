"""The forest alone on a public data set that river's package brings: the UCI shuttle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evenkeel.learning.features import PLACES
from evenkeel.learning.forest import Forest, count, no_masses
from evenkeel.person import Person
from tests.bench.detection_measures import Findings, Judged

NOBODY = Person("shuttle", "shuttle")
FIELDS = [f"f{number}" for number in range(1, PLACES + 1)]  # Our forest has so many places.
LEARNED_FIRST = 5_000
WINDOW_COUNT = 5_000


@dataclass
class Scale:
    """From 0 to 1, by the least and the most so far."""

    least: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)

    def scaled(self, row: Mapping[str, float]) -> list[float]:
        return [self._scaled(name, row[name]) for name in FIELDS]

    def _scaled(self, name: str, value: float) -> float:
        least = self.least[name] = min(value, self.least.get(name, value))
        most = self.most[name] = max(value, self.most.get(name, value))
        return (value - least) / (most - least) if most > least else 0.5


def areas() -> Mapping[str, float]:
    """Return the area under the curve of both forests, on the same fields and the same scale."""
    from river import anomaly, datasets  # noqa: PLC0415 - of the bench alone.

    river: Any = anomaly.HalfSpaceTrees(n_trees=25, seed=1)
    scale, forest, masses = Scale(), Forest(), no_masses()
    ours: list[Judged] = []
    theirs: list[Judged] = []
    for number, (row, is_rare) in enumerate(datasets.Shuttle()):
        place = scale.scaled(row)
        named = dict(zip(FIELDS, place, strict=True))
        if number >= LEARNED_FIRST:
            ours.append(_judged(forest.rarity(place), bool(is_rare)))
            theirs.append(_judged(river.score_one(named), bool(is_rare)))
        river.learn_one(named)
        count(masses, place)
        if masses[0] == WINDOW_COUNT:
            forest.add(masses)
            forest.turn()
            masses = no_masses()
    return {"ours": Findings(ours).area("rare"), "river": Findings(theirs).area("rare")}


def _judged(score: float, is_rare: bool) -> Judged:  # noqa: FBT001 - a label, not a choice.
    return Judged("rare" if is_rare else "usual", is_rare, NOBODY, score, is_flagged=False)
