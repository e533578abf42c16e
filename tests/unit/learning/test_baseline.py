"""Habits are learned from each payment once, and nobody makes new ones in a hurry."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given

from evenkeel.learning.baseline import (
    CURRENCY_COUNT_MAX,
    MERCHANT_COUNT_MAX,
    PROBATION_COUNT_MAX,
    SEEN_COUNT_MAX,
    Baseline,
)
from evenkeel.learning.occurrence import Occurrence
from evenkeel.learning.verdict import verdict
from tests.fakes.clock import NOON
from tests.occurrences import habit, histories, learned, occurrences, paid

USUAL = learned(habit())


def unlikely(baseline: Baseline, occurrence: Occurrence) -> Baseline:
    return baseline.learned(occurrence, verdict(0.9), trust=0.1)


@given(histories, occurrences)
def test_a_payment_that_comes_again_changes_nothing(
    history: list[Occurrence], occurrence: Occurrence
) -> None:
    once = learned([*history, occurrence])

    assert learned([occurrence], once) is once


def test_the_last_payments_are_known_again_in_any_order() -> None:
    history = habit()

    again = learned(reversed(history[-SEEN_COUNT_MAX:]), learned(history))

    assert again == learned(history)


@given(histories)
def test_what_is_kept_has_its_limits(history: list[Occurrence]) -> None:
    baseline = learned(history)

    assert len(baseline.amounts) <= CURRENCY_COUNT_MAX
    assert len(baseline.merchants) <= MERCHANT_COUNT_MAX
    assert len(baseline.seen) <= SEEN_COUNT_MAX


def test_an_amount_is_held_against_its_own_currency_alone() -> None:
    both = learned([*habit(currency="USD"), *habit(currency="JPY", minor=300_000)])

    assert abs(both.surplus(paid(2_000, days=50, currency="USD"))) < 1
    assert abs(both.surplus(paid(300_000, days=50, currency="JPY"))) < 1
    assert both.surplus(paid(300_000, days=50, currency="USD")) > 3
    assert both.surplus(paid(300_000, days=50, currency="EUR")) == 0


def test_a_rent_is_much_only_elsewhere() -> None:
    rent = paid(30_000, days=20.2, merchant="landlord")
    baseline = learned([*habit(21), rent, *habit(50)[21:]])

    assert abs(baseline.surplus(paid(30_000, days=50.2, merchant="landlord"))) < 1
    assert abs(baseline.surplus(paid(2_000, days=50.2, merchant="landlord"))) < 1
    assert baseline.surplus(paid(30_000, days=50.2, merchant="mer_1")) > 3
    assert baseline.surplus(paid(200_000, days=50.2, merchant="landlord")) > 3


def test_a_landlord_is_remembered_through_a_month_of_curiosity() -> None:
    rent = paid(30_000, days=20.2, merchant="landlord")
    curious = [paid(days=21 + day, merchant=f"stranger_{day}") for day in range(40)]

    baseline = learned([*habit(21), rent, *curious])

    assert baseline.merchant(paid(merchant="landlord")) is not None
    assert baseline.merchant(paid(merchant="stranger_0")) is None


def test_what_is_dear_elsewhere_leaves_room_for_what_is_not() -> None:
    # Not trusted much, so that what is usual stays what it was.
    baseline = USUAL
    for day in range(60):
        dear = paid(40_000, days=41 + day, merchant=f"dear_{day}")
        baseline = baseline.learned(dear, verdict(0.4), trust=0.5)
    baseline = learned((paid(days=110 + n, merchant=f"usual_{n}") for n in range(8)), baseline)

    known = [paid(merchant=f"usual_{number}") for number in range(8)]
    assert all(baseline.merchant(each) is not None for each in known)


def test_the_merchants_of_an_attack_do_not_become_known_while_it_goes_on() -> None:
    baseline = USUAL
    for number in range(30):
        baseline = unlikely(baseline, paid(100, days=40 + number / 1_000, merchant=f"x_{number}"))

    assert all(baseline.merchant(paid(merchant=f"x_{number}")) is None for number in range(30))
    assert baseline.merchant(paid(merchant="mer_0")) is not None
    probation = [each for each in baseline.merchants.values() if each.is_on_probation]
    assert len(probation) == PROBATION_COUNT_MAX


def test_a_merchant_is_known_once_its_user_has_gone_on_as_usual() -> None:
    doubted = unlikely(USUAL, paid(40_000, days=40, merchant="landlord"))
    soon = learned([paid(days=40.1)], doubted)
    later = learned([paid(days=41)], doubted)

    assert doubted.merchant(paid(merchant="landlord")) is None
    assert soon.merchant(paid(merchant="landlord")) is None
    assert later.merchant(paid(merchant="landlord")) is not None


def test_an_attack_hardly_moves_the_habits() -> None:
    attacked = learned(
        (paid(100, days=40 + n / 10_000, merchant=f"x_{n}") for n in range(20)), USUAL
    )

    assert attacked.surplus(paid(100, days=41)) < -3
    assert attacked.usual_rush < 2 * USUAL.usual_rush
    assert attacked.count - USUAL.count < 5


def test_a_lasting_change_becomes_a_habit_even_if_nothing_is_believed_at_first() -> None:
    baseline = USUAL
    for day in range(150):
        baseline = unlikely(baseline, paid(8_000, days=41 + day))

    assert abs(baseline.surplus(paid(8_000, days=200, merchant="elsewhere"))) < 2


def test_one_amount_however_large_pulls_the_mean_only_so_far() -> None:
    huge = learned([paid(10**15, days=41, merchant="elsewhere")], USUAL)

    assert huge.amounts["USD"].mean - USUAL.amounts["USD"].mean < 0.1
    assert huge.surplus(paid(10**6, days=42)) > 3


def test_a_rush_is_counted_and_fades() -> None:
    rush = learned((paid(days=40 + n / 10_000) for n in range(10)), USUAL)

    assert rush.rush_with(paid(days=40.001)) > 9
    assert rush.rush_with(paid(days=41)) < 1.01
    assert USUAL.rush_with(paid(days=40)) < 1.01


def test_who_pays_every_minute_is_in_no_rush() -> None:
    baseline = learned(paid(days=n / 1_440) for n in range(600))

    assert baseline.rush_with(paid(days=600 / 1_440)) / baseline.usual_rush < 2


def test_one_that_is_late_has_no_gap_and_moves_no_clock_back() -> None:
    late = paid(days=38.9)

    assert USUAL.gap_s(late) is None
    baseline = learned([paid(days=38.99)], USUAL)
    assert baseline.last_at == USUAL.last_at
    assert baseline.gaps == USUAL.gaps


def test_a_clock_that_was_wrong_once_is_forgotten_with_the_next_payment() -> None:
    wrong = learned([replace(paid(), at=NOON + timedelta(days=36_500))], USUAL)

    right = learned([paid(days=41)], wrong)

    assert right.last_at == NOON + timedelta(days=41)
    assert right.gap_s(paid(days=42)) == pytest.approx(86_400)


def test_tenants_do_not_meet() -> None:
    assert {paid().person, replace(paid().person, client_id="cli_b")} == {
        paid().person,
        replace(paid().person, client_id="cli_b"),
    }
    assert paid().person != replace(paid().person, client_id="cli_b")


def test_the_newest_of_all_currencies_are_kept() -> None:
    baseline = learned(paid(days=n, currency=each) for n, each in enumerate(["USD", "EUR", "JPY"]))
    baseline = learned([paid(days=3), paid(days=4, currency="CHF")], baseline)

    assert list(baseline.amounts) == ["JPY", "USD", "CHF"]


def test_experience_grows_by_at_most_one_payment() -> None:
    counts = [learned(habit(day)).count for day in range(12)]

    assert all(0 < later - earlier < 1 + 1e-9 for earlier, later in pairwise(counts))
