"""Each rule is met from its threshold on, and not one payment, unit or second before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.currencies import EXPONENTS
from evenkeel.events.model import Severity
from evenkeel.money import AMOUNT_MINOR_MAX, Money
from evenkeel.screening.anomaly import AnomalyStatus, Rule
from evenkeel.screening.rules import (
    DuplicateAmount,
    FailedStreak,
    LargeAmount,
    Mode,
    Rules,
    Velocity,
)
from evenkeel.screening.windows import Counts

QUIET = Counts(payment_count=1, same_amount_count=1, failure_count=0)
SMALL = Money(1_000, "USD")


def reasons(
    counts: Counts = QUIET, amount: Money = SMALL, rules: Rules | None = None
) -> list[Rule]:
    return list((rules or Rules()).judged([amount], counts).reasons)


@pytest.mark.parametrize(("count", "is_met"), [(4, False), (5, True), (6, True)])
def test_the_fifth_payment_of_a_user_exceeds_its_velocity(count: int, *, is_met: bool) -> None:
    met = reasons(Counts(payment_count=count, same_amount_count=1, failure_count=0))

    assert met == ([Rule.VELOCITY_EXCEEDED] if is_met else [])


@pytest.mark.parametrize(("count", "is_met"), [(2, False), (3, True), (4, True)])
def test_the_third_payment_of_one_amount_is_a_duplicate(count: int, *, is_met: bool) -> None:
    met = reasons(Counts(payment_count=1, same_amount_count=count, failure_count=0))

    assert met == ([Rule.DUPLICATE_AMOUNT] if is_met else [])


@pytest.mark.parametrize(("count", "is_met"), [(3, False), (4, True)])
def test_more_than_three_failures_in_a_row_are_a_streak(count: int, *, is_met: bool) -> None:
    met = reasons(Counts(payment_count=1, same_amount_count=1, failure_count=count))

    assert met == ([Rule.FAILED_STREAK] if is_met else [])


@pytest.mark.parametrize(
    ("amount", "is_met"),
    [
        (Money(500_000, "USD"), False),
        (Money(500_001, "USD"), True),
        (Money(5_000, "JPY"), False),
        (Money(5_001, "JPY"), True),
        (Money(5_000_000, "KWD"), False),
        (Money(5_000_001, "KWD"), True),
    ],
)
def test_an_amount_is_large_in_major_units(amount: Money, *, is_met: bool) -> None:
    assert reasons(amount=amount) == ([Rule.LARGE_AMOUNT] if is_met else [])


def test_a_currency_may_have_a_threshold_of_its_own() -> None:
    rules = Rules(large_amount=LargeAmount(over_minor={"JPY": 700_000}))

    assert reasons(amount=Money(700_000, "JPY"), rules=rules) == []
    assert reasons(amount=Money(700_001, "JPY"), rules=rules) == [Rule.LARGE_AMOUNT]
    assert reasons(amount=Money(500_001, "USD"), rules=rules) == [Rule.LARGE_AMOUNT]


def test_all_reasons_are_listed_and_the_highest_severity_wins() -> None:
    everything = Rules().judged([Money(600_000, "USD")], Counts(5, 3, 4))

    assert everything.status is AnomalyStatus.FLAGGED
    assert everything.reasons == (
        Rule.VELOCITY_EXCEEDED,
        Rule.LARGE_AMOUNT,
        Rule.FAILED_STREAK,
        Rule.DUPLICATE_AMOUNT,
    )
    assert everything.severity is Severity.HIGH
    assert Rules().judged([Money(600_000, "USD")], QUIET).severity is Severity.MEDIUM


def test_what_is_quiet_is_clear() -> None:
    anomaly = Rules().judged([SMALL], QUIET)

    assert anomaly.status is AnomalyStatus.CLEAR
    assert anomaly.severity is None
    assert not anomaly.is_flagged


def test_without_windows_only_the_amount_can_speak() -> None:
    assert Rules().judged([SMALL], None).status is AnomalyStatus.UNAVAILABLE
    large = Rules().judged([Money(500_001, "USD")], None)

    assert large.status is AnomalyStatus.FLAGGED
    assert large.reasons == (Rule.LARGE_AMOUNT,)


def test_a_rule_on_trial_is_recorded_and_flags_nothing() -> None:
    rules = Rules(velocity=Velocity(mode=Mode.SHADOW))

    anomaly = rules.judged([SMALL], Counts(9, 1, 0))

    assert anomaly.status is AnomalyStatus.CLEAR
    assert anomaly.reasons == ()
    assert anomaly.shadows == (Rule.VELOCITY_EXCEEDED,)
    assert anomaly.severity is None


def test_a_rule_that_is_off_says_nothing() -> None:
    rules = Rules(
        Velocity(mode=Mode.OFF),
        LargeAmount(mode=Mode.OFF),
        FailedStreak(mode=Mode.OFF),
        DuplicateAmount(mode=Mode.OFF),
    )

    anomaly = rules.judged([Money(AMOUNT_MINOR_MAX, "USD")], Counts(50, 50, 20))

    assert (anomaly.status, anomaly.reasons, anomaly.shadows) == (AnomalyStatus.CLEAR, (), ())


@given(
    st.sampled_from(sorted(EXPONENTS)),
    st.integers(1, AMOUNT_MINOR_MAX),
    st.integers(1, 50),
    st.integers(0, 50),
    st.integers(0, 20),
)
def test_more_of_anything_never_clears_a_payment(
    currency: str, amount_minor: int, payments: int, same: int, failures: int
) -> None:
    rules, amount = Rules(), Money(amount_minor, currency)

    less = set(rules.judged([amount], Counts(payments, same, failures)).reasons)
    more = set(rules.judged([amount], Counts(payments + 1, same + 1, failures + 1)).reasons)

    assert less <= more


@pytest.mark.parametrize(
    "impossible",
    [
        lambda: Velocity(count=1),
        lambda: Velocity(count=51),
        lambda: Velocity(within_s=0),
        lambda: Velocity(within_s=3601),
        lambda: DuplicateAmount(count=1),
        lambda: DuplicateAmount(within_s=3601),
        lambda: FailedStreak(over_count=0),
        lambda: FailedStreak(over_count=20),
        lambda: LargeAmount(over_major=0),
        lambda: LargeAmount(over_minor={"XXQ": 5}),
        lambda: LargeAmount(over_minor={"USD": 0}),
        lambda: Velocity(count=True),
        lambda: Velocity(count=5.0),  # type: ignore[arg-type]  # What a document may say.
    ],
)
def test_a_threshold_with_which_no_rule_works_is_refused(impossible: object) -> None:
    assert callable(impossible)
    with pytest.raises(ValueError, match="is"):
        impossible()
