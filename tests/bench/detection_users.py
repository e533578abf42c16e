"""People as they pay, generated: each with habits, and each at times without.

Nothing here is anybody's data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from evenkeel.currencies import EXPONENTS
from evenkeel.learning.occurrence import Occurrence
from evenkeel.money import Money
from evenkeel.person import Person

WARM_DAYS, TEST_DAYS = 60, 30
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
TEST_BEGINS = FIRST_DAY + timedelta(days=WARM_DAYS)

ORDINARY = "ordinary"
# What is worth a dollar, about.
RATES = {"USD": 1.0, "EUR": 0.9, "JPY": 150.0}

LARGE_SHARE = 0.004  # A television, a flight.
ODD_HOUR_SHARE = 0.02
SECOND_CURRENCY_SHARE = 0.1


@dataclass(frozen=True)
class Labelled:
    """A payment, and what it is part of."""

    occurrence: Occurrence
    kind: str = ORDINARY
    is_attack: bool = False


@dataclass(frozen=True)
class User:
    id: str
    median_usd: float
    spread: float
    hour: float
    per_day: float
    merchants: Sequence[str]
    curiosity: float
    currencies: Sequence[str]
    joined_at: datetime = FIRST_DAY

    def is_here(self, day: datetime) -> bool:
        return day >= self.joined_at


@dataclass
class World:
    """A population, from a seed."""

    seed: int
    user_count: int = 400
    users: list[User] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - a generator of examples.
        self.users = [self._user(f"user-{number}") for number in range(self.user_count)]

    def _user(self, user_id: str, joined_at: datetime = FIRST_DAY) -> User:
        random = self.random
        abroad = random.random() < SECOND_CURRENCY_SHARE
        return User(
            id=user_id,
            median_usd=random.lognormvariate(3.0, 0.8),
            spread=random.uniform(0.3, 0.7),
            hour=random.gauss(15, 3),
            per_day=random.uniform(0.7, 4),
            merchants=[f"shop-{random.randrange(2_000)}" for _ in range(random.randint(3, 12))],
            curiosity=random.uniform(0.02, 0.2),
            currencies=["USD", random.choice(["EUR", "JPY"])] if abroad else ["USD"],
            joined_at=joined_at,
        )

    def newcomer(self, number: int) -> User:
        return self._user(f"newcomer-{number}", joined_at=self.moment())

    def paid(
        self,
        user: User,
        at: datetime,
        usd: float,
        merchant: str,
        *,
        kind: str = ORDINARY,
        is_attack: bool = False,
        currency: str = "USD",
    ) -> Labelled:
        minor = round(usd * RATES[currency] * 10 ** EXPONENTS[currency])
        amount = Money(max(1, minor), currency)
        payment_id = f"pay_{self.seed}_{next(self._numbers)}"
        person = Person("cli_generated", user.id)
        return Labelled(Occurrence(person, payment_id, merchant, amount, at), kind, is_attack)

    def day_of(self, user: User, day: datetime) -> Iterator[Labelled]:
        if not user.is_here(day):
            return
        for _ in range(poisson(self.random, user.per_day)):
            yield self.usual(user, day)

    def usual(
        self, user: User, day: datetime, *, dearer: float = 1.0, kind: str = ORDINARY
    ) -> Labelled:
        """Return a payment as the user makes them."""
        random = self.random
        is_odd = random.random() < ODD_HOUR_SHARE
        hour = random.uniform(0, 24) if is_odd else random.gauss(user.hour, 2.5) % 24
        usd = user.median_usd * random.lognormvariate(0, user.spread) * dearer
        if random.random() < LARGE_SHARE:
            usd *= random.uniform(3, 10)
        is_abroad = len(user.currencies) > 1 and random.random() < 0.2
        return self.paid(
            user,
            day + timedelta(hours=hour),
            usd,
            self.merchant(user),
            kind=kind,
            currency=user.currencies[1 if is_abroad else 0],
        )

    def merchant(self, user: User, curiosity: float | None = None) -> str:
        if self.random.random() < (user.curiosity if curiosity is None else curiosity):
            return self.stranger()
        favourite = min(int(self.random.expovariate(0.5)), len(user.merchants) - 1)
        return user.merchants[favourite]

    def stranger(self) -> str:
        return f"shop-{self.random.randrange(2_000, 100_000)}"

    def moment(self) -> datetime:
        """Return some time in the days that are tested, but for the last two."""
        return TEST_BEGINS + timedelta(days=self.random.uniform(1, TEST_DAYS - 2))

    def some(self, share: float) -> Sequence[User]:
        return self.random.sample(self.users, max(1, round(len(self.users) * share)))


def poisson(random: Random, mean: float) -> int:
    number, at = 0, random.expovariate(mean)
    while at < 1:
        number, at = number + 1, at + random.expovariate(mean)
    return number
