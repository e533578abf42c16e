"""A verdict is the same after it was kept."""

from hypothesis import given
from hypothesis import strategies as st

from evenkeel.learning.verdict import CAUSE_COUNT_MAX, NUMBERS, Feature, from_bits, verdict

features = st.lists(st.sampled_from(Feature), unique=True)


@given(st.floats(0, 1), features)
def test_it_fits_in_24_bits_and_is_read_back(value: float, causes: list[Feature]) -> None:
    found = verdict(value, causes)

    assert 0 <= found.bits < 2**24
    assert from_bits(found.bits) == found
    assert abs(found.value - value) < 1e-4
    assert list(found.features) == causes[:CAUSE_COUNT_MAX]


@given(st.integers(0, 2**24 - 1))
def test_any_bits_can_be_read(bits: int) -> None:
    assert 0 <= from_bits(bits).value <= 1


def test_each_feature_has_a_number_of_three_bits() -> None:
    assert set(NUMBERS) == set(Feature)
    assert all(0 < number < 8 for number in NUMBERS.values())
