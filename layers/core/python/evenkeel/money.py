"""Money: an integer count of minor units, tagged with its currency."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.currencies import EXPONENTS

AMOUNT_MINOR_MAX = 10**15  # A DynamoDB number and a JSON integer hold it exactly.


@dataclass(frozen=True, slots=True)
class Money:
    amount_minor: int
    currency: str  # ISO 4217 code.

    def __post_init__(self) -> None:
        assert type(self.amount_minor) is int, "a bool or a float is no amount"
        assert 0 < self.amount_minor <= AMOUNT_MINOR_MAX, (
            "an amount is positive; sides have no sign"
        )
        assert self.currency in EXPONENTS

    def __str__(self) -> str:
        exponent = EXPONENTS[self.currency]
        major, minor = divmod(self.amount_minor, 10**exponent)
        decimals = f".{minor:0{exponent}}" if exponent else ""
        return f"{major:,}{decimals} {self.currency}"
