"""A payment is scored before it is learned from, once, and never without a reason."""

from __future__ import annotations

from array import array
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.learning.baseline import Baseline
from evenkeel.learning.baseline_codec import decoded, encoded
from evenkeel.learning.forest import Forest, no_masses
from evenkeel.learning.occurrence import Occurrence
from evenkeel.learning.score import Score
from evenkeel.learning.scorer import Scorer
from evenkeel.learning.verdict import Feature
from tests.occurrences import habit, histories, learned, occurrences, paid
from tests.places import known

USUAL = learned(habit())


FOREST = known()


def scored(occurrence: Occurrence, baseline: Baseline = USUAL, forest: Forest = FOREST) -> Score:
    return Scorer(forest).observe(occurrence, baseline).score


def counted(scorer: Scorer, occurrence: Occurrence, baseline: Baseline) -> Baseline:
    """Return the baseline with the payment in it, which everybody's has in it too."""
    observed = scorer.observe(occurrence, baseline)
    scorer.count(observed)
    return observed.baseline


def features(score: Score) -> list[Feature]:
    return [cause.feature for cause in score.causes]


@given(histories)
def test_whatever_comes_has_a_score_and_what_is_flagged_has_causes(
    history: list[Occurrence],
) -> None:
    scorer, baseline = Scorer(FOREST), Baseline()
    for each in history:
        observed = scorer.observe(each, baseline)
        baseline = observed.baseline

        assert 0 <= observed.score.value <= 1
        assert bool(observed.score.causes) == observed.score.is_flagged
        assert all(str(cause) for cause in observed.score.causes)


@given(histories, occurrences)
def test_a_payment_that_comes_again_has_the_same_score_and_is_learned_once(
    history: list[Occurrence], occurrence: Occurrence
) -> None:
    scorer, baseline = Scorer(FOREST), learned(history)
    first = scorer.observe(occurrence, baseline)
    scorer.count(first)
    once = array("I", scorer.counted)

    again = scorer.observe(occurrence, decoded(encoded(first.baseline)))
    scorer.count(again)

    assert again.score.value == first.score.value
    assert features(again.score) == features(first.score)
    assert encoded(again.baseline) == encoded(first.baseline)
    assert scorer.counted == once


def test_it_is_scored_by_the_habits_before_it() -> None:
    strange = paid(90_000, days=40.6, merchant="elsewhere")

    assert scored(strange).is_flagged
    assert scored(strange) == scored(strange)


def test_what_is_as_always_is_not_flagged() -> None:
    assert scored(paid(2_050, days=40)).value < 0.01


def test_a_user_of_several_currencies_is_not_flagged_for_that() -> None:
    currencies = ("USD", "JPY", "EUR", "CHF", "GBP")
    baseline, flagged = USUAL, 0
    for number in range(60):
        currency = currencies[number % len(currencies)]
        minor = 300_000 if currency == "JPY" else 2_000
        observed = Scorer(FOREST).observe(
            paid(minor, days=41 + number, currency=currency), baseline
        )
        baseline = observed.baseline
        flagged += observed.score.is_flagged

    assert flagged == 0


def test_one_unusual_thing_is_not_flagged() -> None:
    assert not scored(paid(2_000, days=40, merchant="elsewhere")).is_flagged
    assert not scored(paid(5_000, days=40, merchant="elsewhere")).is_flagged
    assert not scored(paid(2_000, days=40.5)).is_flagged
    assert not scored(paid(2_000, days=39.01)).is_flagged


def test_the_causes_name_what_was_seen_and_what_is_usual() -> None:
    score = scored(paid(90_000, days=39.5, merchant="elsewhere"))

    assert [str(cause) for cause in score.causes] == [
        "hour: 0:00 UTC, usually about 12:00",
        "amount: 900.00 USD, usually about 20.05 USD",
        "new merchant: elsewhere, usually new in 3% of the payments",
    ]


def test_causes_that_depend_on_what_came_before_are_named_without_numbers_later() -> None:
    scorer = Scorer(FOREST)
    baseline = learned((paid(days=40 + n / 10_000, merchant=f"x_{n}") for n in range(9)), USUAL)
    rush = paid(100, days=40.001, merchant="x_10")
    first = scorer.observe(rush, baseline)

    again = scorer.observe(rush, first.baseline)

    assert Feature.RUSH in features(first.score)
    said = {cause.feature: cause.observed for cause in again.score.causes}
    assert said[Feature.RUSH] is None
    assert "rush: usually about 1" in map(str, again.score.causes)


def test_of_a_new_user_nothing_is_said_while_nobody_knows_others() -> None:
    assert scored(paid(10**12), Baseline(), Forest()).value < 0.01


def test_of_a_new_user_only_what_is_very_rare_among_all_is_flagged() -> None:
    cold = learned([paid(days=0), paid(days=1)])
    assert cold.is_cold
    rush = learned((paid(100, days=1 + n / 10_000) for n in range(12)), cold)

    assert not scored(paid(days=2, merchant="elsewhere"), cold).is_flagged
    assert not scored(paid(9_000, days=2, merchant="elsewhere"), cold).is_flagged
    assert features(scored(paid(100, days=1.002), rush))[0] is Feature.RUSH


def test_a_rush_makes_no_habit() -> None:
    rush = learned(paid(100, days=n / 10_000, merchant=f"x_{n}") for n in range(25))

    assert rush.is_cold


def test_what_is_flagged_teaches_less() -> None:
    strange = paid(90_000, days=40.6, merchant="elsewhere")

    doubted = Scorer(FOREST).observe(strange, USUAL).baseline

    believed = learned([strange], USUAL)
    assert doubted.amounts["USD"].mean < believed.amounts["USD"].mean
    assert doubted.merchant(strange) is None
    assert believed.merchant(strange) is not None


def test_a_rush_weighs_little_in_the_model_of_all() -> None:
    calm, hurried = Scorer(), Scorer()  # Nobody knows what is rare, so nothing is.
    baseline = Baseline()
    for number in range(200):
        counted(calm, paid(days=number), Baseline())
        baseline = counted(hurried, paid(days=number / 100_000), baseline)

    assert calm.counted[0] > 190
    assert hurried.counted[0] < 20


def test_environments_that_share_a_reference_count_together_what_one_would() -> None:
    payments = habit()
    alone, first, second = Scorer(FOREST), Scorer(FOREST), Scorer(FOREST)
    baseline, shared = Baseline(), Baseline()
    for number, each in enumerate(payments):
        baseline = counted(alone, each, baseline)
        shared = counted(first if number % 3 else second, each, shared)

    together = Forest()
    together.add(first.hand_over())
    together.add(second.hand_over())

    assert together.latest == alone.hand_over()
    assert shared == baseline
    assert first.counted == no_masses()


@given(occurrences, st.integers(-(10**6), 10**6))
def test_no_clock_is_too_wrong(occurrence: Occurrence, skew_s: int) -> None:
    skewed = replace(paid(), at=paid().at + timedelta(seconds=skew_s))
    baseline = learned([occurrence, skewed], USUAL)

    assert 0 <= scored(paid(days=41), baseline).value <= 1


def test_only_utc_is_an_hour() -> None:
    with pytest.raises(AssertionError):
        replace(paid(), at=paid().at.replace(tzinfo=None))
