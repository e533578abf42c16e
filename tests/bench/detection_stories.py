"""What happens to people who pay: attacks, and honest peaks that only look like some."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

from tests.bench.detection_users import (
    FIRST_DAY,
    TEST_BEGINS,
    TEST_DAYS,
    WARM_DAYS,
    Labelled,
    User,
    World,
)

VICTIM_SHARE = 0.1
SALARY_DAYS = (24, 54, 84)
HOLIDAY_DAYS = range(10, 15)

BUST_OUT_SHOP = "shop-bust-out"
NEWCOMER_COUNT = 30
MULE_COUNT = 15


def card_testing(world: World) -> Iterator[Labelled]:
    """Try stolen cards with small amounts, one after the other."""
    for user in world.some(VICTIM_SHARE):
        yield from _tested(world, user, "card testing", every_s=(3, 20))


def patient_card_testing(world: World) -> Iterator[Labelled]:
    """Do the same as somebody who knows that there are windows."""
    for user in world.some(VICTIM_SHARE):
        yield from _tested(world, user, "patient card testing", every_s=(90, 600))


def new_account_testing(world: World) -> Iterator[Labelled]:
    """Do the same with accounts made for it, of which nobody knows any habits."""
    for number in range(MULE_COUNT):
        user = world.newcomer(number + NEWCOMER_COUNT)
        yield from _tested(world, user, "testing by new accounts", every_s=(3, 60))


def _tested(
    world: World, user: User, kind: str, every_s: tuple[float, float]
) -> Iterator[Labelled]:
    at = world.moment()
    for _ in range(world.random.randint(12, 25)):
        at += timedelta(seconds=world.random.uniform(*every_s))
        usd = world.random.uniform(0.5, 5)
        yield world.paid(user, at, usd, world.stranger(), kind=kind, is_attack=True)


def takeover(world: World) -> Iterator[Labelled]:
    """Spend what is in somebody else's account, most often while they sleep."""
    for user in world.some(VICTIM_SHARE):
        hour = (user.hour + 12 + world.random.gauss(0, 3)) % 24
        at = world.moment().replace(hour=int(hour))
        for _ in range(world.random.randint(3, 6)):
            at += timedelta(minutes=world.random.uniform(1, 20))
            usd = user.median_usd * world.random.uniform(4, 15)
            merchant = world.stranger()
            yield world.paid(user, at, usd, merchant, kind="account takeover", is_attack=True)


def bust_out(world: World) -> Iterator[Labelled]:
    """Charge all that a shop can that was honest so far, within an evening, and be gone."""
    evening = world.moment().replace(hour=18)
    for number, user in enumerate(world.some(VICTIM_SHARE)):
        if number % 2:  # A customer of many months; the others' cards were bought.
            for day in range(3, WARM_DAYS, 9):
                bought = world.usual(user, FIRST_DAY + timedelta(days=day)).occurrence
                usd = user.median_usd * world.random.lognormvariate(0, user.spread)
                yield world.paid(user, bought.at, usd, BUST_OUT_SHOP)
        at = evening + timedelta(hours=world.random.uniform(0, 5))
        for _ in range(world.random.randint(1, 3)):
            at += timedelta(minutes=world.random.uniform(1, 20))
            usd = user.median_usd * world.random.uniform(4, 10)
            yield world.paid(user, at, usd, BUST_OUT_SHOP, kind="merchant bust-out", is_attack=True)


def salary_day(world: World) -> Iterator[Labelled]:
    """Pay the rent, and what was waited for: honest."""
    for day in SALARY_DAYS:
        for user in world.users:
            at = FIRST_DAY + timedelta(days=day, hours=world.random.gauss(user.hour, 2) % 24)
            rent = user.median_usd * 8
            yield world.paid(user, at, rent, f"landlord-{user.id}", kind="salary day")
            for _ in range(world.random.randint(1, 3)):
                at += timedelta(hours=world.random.uniform(0.2, 3))
                usd = user.median_usd * world.random.uniform(1, 2)
                yield world.paid(user, at, usd, world.merchant(user), kind="salary day")


def holiday_peak(world: World) -> Iterator[Labelled]:
    """Buy presents for everybody, in shops where one never is: honest."""
    for user in world.users:
        for day in HOLIDAY_DAYS:
            for _ in range(round(user.per_day * 1.5)):
                usual = world.usual(user, TEST_BEGINS + timedelta(days=day)).occurrence
                usd = user.median_usd * world.random.lognormvariate(0.4, user.spread)
                merchant = world.merchant(user, curiosity=0.4)
                yield world.paid(user, usual.at, usd, merchant, kind="holiday peak")


def newcomers(world: World) -> Iterator[Labelled]:
    """Begin to pay: honest, and nobody knows any habits."""
    for number in range(NEWCOMER_COUNT):
        user = world.newcomer(number)
        for day in range(TEST_DAYS):
            for each in world.day_of(user, TEST_BEGINS + timedelta(days=day)):
                yield Labelled(each.occurrence, "newcomers")


Story = Callable[[World], Iterator[Labelled]]

ATTACKS: Mapping[str, Story] = {
    "card testing": card_testing,
    "patient card testing": patient_card_testing,
    "testing by new accounts": new_account_testing,
    "account takeover": takeover,
    "merchant bust-out": bust_out,
}
PEAKS: Mapping[str, Story] = {
    "salary day": salary_day,
    "holiday peak": holiday_peak,
    "newcomers": newcomers,
}


def history(
    seed: int, user_count: int = 400, stories: Sequence[str] = (*ATTACKS, *PEAKS)
) -> Sequence[Labelled]:
    """Return three months of everybody, with some stories in them, in the order of time."""
    world = World(seed, user_count)
    days = [FIRST_DAY + timedelta(days=number) for number in range(WARM_DAYS + TEST_DAYS)]
    told = [each for day in days for user in world.users for each in world.day_of(user, day)]
    for name in stories:
        told += {**ATTACKS, **PEAKS}[name](world)
    return sorted(told, key=lambda each: each.occurrence.at)
