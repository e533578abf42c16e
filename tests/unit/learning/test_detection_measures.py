"""What is said of a judge is what it did."""

import pytest

from evenkeel.person import Person
from tests.bench.detection_measures import Findings, Judged, threshold


def judged(kind: str, score: float, user_id: str = "u", *, is_flagged: bool = False) -> Judged:
    return Judged(kind, kind == "attack", Person("c", user_id), score, is_flagged)


FINDINGS = Findings(
    [
        judged("attack", 0.9, "a", is_flagged=True),
        judged("attack", 0.2, "a"),
        judged("attack", 0.1, "b"),
        judged("ordinary", 0.8, is_flagged=True),
        *[judged("ordinary", 0.1) for _ in range(3)],
    ]
)


def test_flags_are_counted_against_what_they_are_of() -> None:
    assert FINDINGS.recall("attack") == pytest.approx(1 / 3)
    assert FINDINGS.precision("attack") == pytest.approx(1 / 2)
    assert FINDINGS.victims_found("attack") == pytest.approx(1 / 2)
    assert FINDINGS.false_share == pytest.approx(1 / 4)


def test_without_a_flag_there_is_no_precision() -> None:
    assert Findings([judged("attack", 1.0), judged("ordinary", 0.0)]).precision("attack") is None


def test_the_area_counts_pairs_and_ties_by_half() -> None:
    assert FINDINGS.area("attack") == pytest.approx((4 + 3 + 1.5) / 12)


def test_the_curve_begins_with_the_highest_score_and_ends_with_everything_flagged() -> None:
    curve = list(FINDINGS.curve("attack"))

    assert [false for false, _ in curve] == [0.0, 0.25, 0.25, 1.0]
    assert [recall for _, recall in curve] == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1.0])


def test_a_threshold_is_exceeded_by_its_share() -> None:
    scores = [number / 100 for number in range(100)]

    assert sum(each > threshold(scores, 0.05) for each in scores) == 5
