"""Our table against the published one, of which `iso4217` is a copy."""

import pytest
from iso4217 import Currency

from evenkeel.currencies import EXPONENTS


def test_every_currency_with_minor_units_is_known_by_its_decimals() -> None:
    published = {each.code: each.exponent for each in Currency if each.exponent is not None}

    assert published == EXPONENTS


@pytest.mark.parametrize("code", ["XAU", "XTS", "XXX"])
def test_what_has_no_minor_units_is_none_of_ours(code: str) -> None:
    assert Currency(code).exponent is None
    assert code not in EXPONENTS
