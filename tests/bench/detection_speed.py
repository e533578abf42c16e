"""How fast one core scores, learns, and writes what it has learned; and how much that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import process_time

from evenkeel.learning import baseline_codec, forest_codec
from evenkeel.learning.scorer import Scorer
from tests.bench.detection_judges import Learned
from tests.bench.detection_users import Labelled

MEASURED = 10_000
REPEATS = 3


@dataclass(frozen=True)
class Speed:
    per_s: float
    baseline_bytes_max: int
    baseline_bytes_mean: float
    forest_bytes: int


def measure(learned: Learned, payments: Sequence[Labelled]) -> Speed:
    """Score payments as they come off a stream: state is read from bytes, and written as bytes."""
    kept = {each: baseline_codec.encoded(known) for each, known in learned.baselines.items()}
    sizes = [len(each) for each in kept.values()]
    best = 0.0
    for repeat in range(REPEATS):
        scorer = Scorer(learned.scorer.forest)
        fresh = [
            replace(each.occurrence, payment_id=f"{repeat}_{each.occurrence.payment_id}")
            for each in payments[-MEASURED:]
        ]
        began = process_time()
        for each in fresh:
            known = baseline_codec.decoded(kept.get(each.person, b""))
            observed = scorer.observe(each, known)
            scorer.count(observed)
            kept[each.person] = baseline_codec.encoded(observed.baseline)
        best = max(best, len(fresh) / (process_time() - began))
    return Speed(
        per_s=best,
        baseline_bytes_max=max(sizes),
        baseline_bytes_mean=sum(sizes) / len(sizes),
        forest_bytes=len(forest_codec.encoded(learned.scorer.forest)),
    )
