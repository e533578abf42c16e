"""A user's habits fit in 256 bytes, and are the same afterwards."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.currencies import EXPONENTS
from evenkeel.learning.baseline import Baseline
from evenkeel.learning.baseline_codec import BYTE_COUNT_MAX, VERSION, decoded, encoded
from evenkeel.learning.occurrence import Occurrence
from evenkeel.learning.verdict import verdict
from tests.occurrences import habit, histories, learned, occurrences, paid

KEPT = encoded(learned(habit()))


@given(histories)
def test_it_fits_whatever_was_paid(history: list[Occurrence]) -> None:
    assert len(encoded(learned(history))) <= BYTE_COUNT_MAX == 256


def test_the_fullest_one_fits() -> None:
    currencies = sorted(EXPONENTS)
    full = learned(
        paid(days=n, merchant=f"mer_{n}", currency=currencies[n % len(currencies)])
        for n in range(200)
    )

    assert len(encoded(full)) == 253


@given(histories)
def test_what_is_read_back_is_what_was_written(history: list[Occurrence]) -> None:
    baseline = learned(history)

    again = decoded(encoded(baseline))

    assert encoded(again) == encoded(baseline)
    assert (again.seen, again.hours, again.last_at) == (
        baseline.seen,
        baseline.hours,
        baseline.last_at,
    )
    assert again.count == pytest.approx(baseline.count)
    assert (again.novelty, again.rush) == pytest.approx((baseline.novelty, baseline.rush))
    assert list(again.amounts) == list(baseline.amounts)
    assert list(again.merchants) == list(baseline.merchants)
    for key, merchant in baseline.merchants.items():
        assert again.merchants[key].level == pytest.approx(merchant.level, abs=0.11)
        assert again.merchants[key].is_on_probation == merchant.is_on_probation


@given(histories, occurrences)
def test_to_learn_is_the_same_before_and_after_it_was_kept(
    history: list[Occurrence], occurrence: Occurrence
) -> None:
    kept = decoded(encoded(learned(history)))

    assert learned([occurrence], kept).seen == learned([*history, occurrence]).seen
    assert learned([occurrence], kept).hours == learned([*history, occurrence]).hours


def test_a_habit_that_is_kept_after_every_payment_fades_all_the_same() -> None:
    baseline = learned(habit(60))
    for number in range(300):
        moved = paid(days=61.5 + number)  # From now on at midnight.
        baseline = decoded(encoded(learned([moved], baseline)))

    assert baseline.hours[12] < baseline.hours[0] / 10


def test_a_merchant_is_still_on_probation_after_it_was_kept() -> None:
    doubted = learned(habit()).learned(paid(days=40, merchant="new"), verdict(0.9), trust=0.1)

    again = decoded(encoded(doubted))

    assert again.merchant(paid(merchant="new")) is None
    assert again.merchant(paid(merchant="mer_1")) is not None


@pytest.mark.parametrize("data", [b"", b"\x01", bytes([VERSION + 1]) + KEPT[1:], b"\x00" * 256])
def test_another_release_is_begun_anew(data: bytes) -> None:
    assert decoded(data) == Baseline()


@given(st.integers(0, len(KEPT) - 1))
def test_a_part_is_begun_anew(length: int) -> None:
    assert decoded(KEPT[:length]) == Baseline()
    assert decoded(KEPT + bytes(length + 1)) == Baseline()


@given(st.integers(1, len(KEPT) - 1), st.binary(min_size=1, max_size=8), occurrences)
def test_whatever_else_is_there_can_be_learned_from(
    start: int, noise: bytes, occurrence: Occurrence
) -> None:
    broken = (KEPT[:start] + noise + KEPT[start + len(noise) :])[: len(KEPT)]

    baseline = learned([occurrence], decoded(broken))

    assert len(encoded(baseline)) <= BYTE_COUNT_MAX
    assert baseline.usual_rush >= 1


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -1.0])
def test_what_is_no_number_is_begun_anew(wrong: float) -> None:
    assert decoded(KEPT[:1] + struct.pack(">f", wrong) + KEPT[5:]) == Baseline()
