"""Payments to learn from."""

from collections.abc import Iterable
from datetime import UTC, timedelta
from itertools import count

from hypothesis import strategies as st

from evenkeel.currencies import EXPONENTS
from evenkeel.learning.baseline import Baseline
from evenkeel.learning.occurrence import Occurrence
from evenkeel.learning.verdict import verdict
from evenkeel.money import AMOUNT_MINOR_MAX, Money
from evenkeel.person import Person
from tests.fakes.clock import NOON

ALICE = Person("cli_a", "alice")
NUMBERS = count()

moments = st.datetimes(timezones=st.just(UTC))
occurrences = st.builds(
    Occurrence,
    st.just(ALICE),
    payment_id=st.integers(0, 40).map(lambda number: f"pay_{number}"),
    merchant_id=st.integers(0, 60).map(lambda number: f"mer_{number}"),
    amount=st.builds(
        Money,
        st.one_of(st.integers(1, AMOUNT_MINOR_MAX), st.integers(500, 2_000)),
        st.one_of(st.sampled_from(["USD", "JPY"]), st.sampled_from(sorted(EXPONENTS))),
    ),
    at=st.one_of(
        moments,  # Clocks may be wrong by any time,
        st.integers(0, 10**6).map(lambda second: NOON + timedelta(seconds=second)),
    ),
)
histories = st.lists(occurrences, max_size=60)


def paid(
    minor: int = 2_000,
    *,
    days: float = 0.0,
    merchant: str = "mer_1",
    currency: str = "USD",
    payment_id: str | None = None,
    person: Person = ALICE,
) -> Occurrence:
    """Return a payment so long after a noon."""
    payment_id = payment_id or f"pay_new_{next(NUMBERS)}"
    at = NOON + timedelta(days=days)
    return Occurrence(person, payment_id, merchant, Money(minor, currency), at)


def learned(paid: Iterable[Occurrence], baseline: Baseline | None = None) -> Baseline:
    baseline = baseline or Baseline()
    for each in paid:
        baseline = baseline.learned(each, verdict(0.0))
    return baseline


def habit(day_count: int = 40, currency: str = "USD", minor: int = 2_000) -> list[Occurrence]:
    """Return a payment of about the same amount every noon, in two shops."""
    return [
        paid(
            minor + minor * (day % 5 - 2) // 20,
            days=day,
            merchant=f"mer_{day % 2}",
            currency=currency,
        )
        for day in range(day_count)
    ]
