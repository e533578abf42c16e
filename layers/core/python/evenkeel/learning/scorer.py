"""Scores payments as they come, and learns from them: in this order, and each once."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from evenkeel.learning.baseline import Baseline
from evenkeel.learning.causes import causes_again, causes_of
from evenkeel.learning.features import features_of
from evenkeel.learning.forest import Forest, count, no_masses
from evenkeel.learning.occurrence import Occurrence, digest
from evenkeel.learning.score import Score, judged

# The least that is learned of anything: who has really changed is not a stranger for ever.
TRUST_MIN = 0.1
DRAW_BYTE_COUNT = 4
LOT_COUNT = 2.0 ** (8 * DRAW_BYTE_COUNT)


@dataclass(frozen=True, slots=True)
class Observed:
    """What became of a payment.

    Attributes:
        baseline: With it in; the same one if it was in already.
        place: Where to count it among everybody's; None if it does not count there.
    """

    score: Score
    baseline: Baseline
    place: Sequence[float] | None = None


@dataclass(slots=True)
class Scorer:
    """One environment's.

    Attributes:
        forest: Everybody's payments, as they were when somebody last asked.
        counted: What was counted here since then, and nobody else knows.
    """

    forest: Forest = field(default_factory=Forest)
    counted: array[int] = field(default_factory=no_masses)

    def observe(self, occurrence: Occurrence, baseline: Baseline) -> Observed:
        """Score a payment, then learn from it: the less, the more unusual it is."""
        before = baseline.found_before(occurrence)
        if before is not None:
            causes = causes_again(before.features, occurrence, baseline)
            return Observed(Score(before.value, causes), baseline)
        features = features_of(occurrence, baseline)
        found = judged(features, self.forest)
        trust = max(1.0 - found.value, TRUST_MIN)
        # Who pays a hundred times within an hour is not a hundred users.
        is_drawn = _is_drawn(occurrence, trust / baseline.rush_with(occurrence))
        causes = causes_of(found.features, occurrence, baseline)
        return Observed(
            Score(found.value, causes),
            baseline.learned(occurrence, found, trust),
            features.place if is_drawn else None,
        )

    def count(self, observed: Observed) -> None:
        """Count a payment among everybody's, once its baseline is kept."""
        if observed.place is not None:
            count(self.counted, observed.place)

    @property
    def has_counted(self) -> bool:
        return self.counted[0] > 0

    def hand_over(self) -> array[int]:
        """Return what was counted here, and begin to count anew."""
        counted, self.counted = self.counted, no_masses()
        return counted


def _is_drawn(occurrence: Occurrence, share: float) -> bool:
    """Draw a share of the payments, the same one everywhere."""
    lot = digest(occurrence.payment_id, DRAW_BYTE_COUNT)
    return lot < share * LOT_COUNT
