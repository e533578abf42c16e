"""What a judge has found: precision, recall and the area under the curve, attack by attack."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from evenkeel.person import Person


@dataclass(frozen=True, slots=True)
class Judged:
    """A payment with what was thought of it."""

    kind: str
    is_attack: bool
    person: Person
    score: float
    is_flagged: bool


@dataclass(frozen=True)
class Findings:
    """All that one judge has said in the days that are tested."""

    judged: Sequence[Judged]

    def of(self, kind: str) -> Sequence[Judged]:
        return [each for each in self.judged if each.kind == kind]

    def recall(self, kind: str) -> float:
        return _share(self.of(kind))

    def precision(self, kind: str) -> float | None:
        """Return how many of the flags are right, were this the only attack; None without any."""
        right = sum(each.is_flagged for each in self.of(kind))
        flags = right + sum(each.is_flagged for each in self.honest)
        return right / flags if flags else None

    def victims_found(self, kind: str) -> float:
        """Return the share of those who have at least one payment of the attack flagged."""
        victims = {each.person for each in self.of(kind)}
        found = {each.person for each in self.of(kind) if each.is_flagged}
        return len(found) / len(victims)

    def area(self, kind: str) -> float:
        """Return how often a payment of the attack has a higher score than an honest one."""
        scores = [each.score for each in self.of(kind)]
        wins = sum(
            (bisect_left(self._honest_scores, each) + bisect_right(self._honest_scores, each)) / 2
            for each in scores
        )
        return wins / len(scores) / len(self._honest_scores)

    def curve(self, kind: str) -> Iterator[tuple[float, float]]:
        """Yield the share of the honest that is flagged and the recall, for each threshold."""
        honest, scores = self._honest_scores, sorted(each.score for each in self.of(kind))
        for threshold in sorted({*honest, *scores}, reverse=True):
            false = 1 - bisect_left(honest, threshold) / len(honest)
            yield false, 1 - bisect_left(scores, threshold) / len(scores)

    @property
    def false_share(self) -> float:
        return _share(self.honest)

    @cached_property
    def honest(self) -> Sequence[Judged]:
        return [each for each in self.judged if not each.is_attack]

    @cached_property
    def _honest_scores(self) -> Sequence[float]:
        return sorted(each.score for each in self.honest)


def _share(judged: Sequence[Judged]) -> float:
    return sum(each.is_flagged for each in judged) / len(judged)


def threshold(scores: Sequence[float], false_share: float) -> float:
    """Return what so many of the honest scores exceed."""
    return sorted(scores)[-1 - round(len(scores) * false_share)]
