import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.currencies import EXPONENTS
from evenkeel.money import AMOUNT_MINOR_MAX, Money

AMOUNTS = st.integers(1, AMOUNT_MINOR_MAX)


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (1, "JPY", "1 JPY"),
        (1_234_567, "JPY", "1,234,567 JPY"),
        (5, "USD", "0.05 USD"),
        (100, "USD", "1.00 USD"),
        (123_456_789, "USD", "1,234,567.89 USD"),
        (7, "KWD", "0.007 KWD"),
        (1_250, "KWD", "1.250 KWD"),
        (10_001, "CLF", "1.0001 CLF"),
    ],
)
def test_it_is_written_with_the_decimals_of_its_currency(
    amount_minor: int, currency: str, text: str
) -> None:
    assert str(Money(amount_minor, currency)) == text


@given(AMOUNTS, st.sampled_from(sorted(EXPONENTS)))
def test_no_digit_is_lost_in_writing(amount_minor: int, currency: str) -> None:
    digits, code = str(Money(amount_minor, currency)).split()

    assert int(digits.replace(",", "").replace(".", "")) == amount_minor
    assert code == currency


@pytest.mark.parametrize("amount_minor", [1, AMOUNT_MINOR_MAX])
def test_both_limits_are_amounts(amount_minor: int) -> None:
    assert Money(amount_minor, "EUR").amount_minor == amount_minor


def test_the_largest_amount_is_what_the_api_promises() -> None:
    assert AMOUNT_MINOR_MAX == 1_000_000_000_000_000


@pytest.mark.parametrize("amount_minor", [0, -1, AMOUNT_MINOR_MAX + 1, True, 5.0, "5", None])
def test_nothing_else_is_an_amount(amount_minor: int) -> None:
    with pytest.raises(AssertionError):
        Money(amount_minor, "EUR")


@pytest.mark.parametrize("currency", ["XAU", "eur", "EURO", ""])
def test_an_amount_of_no_currency_is_none(currency: str) -> None:
    with pytest.raises(AssertionError):
        Money(1, currency)


def test_the_same_number_in_two_currencies_is_not_the_same_money() -> None:
    assert Money(5, "EUR") != Money(5, "USD")
