"""Many households and all that they do in a few hours, each thing at its time.

What they do is right, since the product's own code does it: nothing here is to be found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from random import Random

from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from evenkeel.wallets.model import Wallet
from tests.integration.planted.household import OPENING_MINOR, Household
from tests.unit.payments.platform import Platform
from tests.unit.payments.sweeps import answer_lost, killed_after, killed_before, request_lost

CLEAN_COUNT = 3000
IN_FLIGHT_COUNT_EACH = 10
SINGLE_SHARE = 0.9  # Of the payments, each of a wallet that has done nothing yet that day.
MOVE_SHARE = 0.05  # After so many of them, money moves without a payment.
DAY_S = 2.5 * 3600
HASTE_S = 60.0  # What is in flight is begun in so long, and is seen before it is late.

MANUAL = Capture.MANUAL
Deed = Callable[[Household, int], object]


class Town:
    """Households of one client.

    Attributes:
        began_at: When the day begins; the wallets were opened long before.
    """

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self.platform = Platform()
        self.wallet_ids: list[str] = []  # In the order in which they were opened.
        self.began_at = self.platform.clock()
        self._rng = Random(20)  # noqa: S311 - A workload, not a secret.

    def household(self) -> Household:
        opened = Household.opened(self.platform, self.client_id)
        self.wallet_ids.append(opened.wallet_id)
        return opened

    def live(self) -> None:
        """Have all clean payments made, over the time of a day."""
        households = [self.household() for _ in range(CLEAN_COUNT)]
        self.platform.wait(hours=4)
        self.began_at = self.platform.clock()
        for number, each in enumerate(households):
            self.platform.wait(seconds=DAY_S / CLEAN_COUNT)
            is_new = self._rng.random() < SINGLE_SHARE
            who = each if is_new else households[self._rng.randrange(number + 1)]
            deed = self._rng.choices(list(DEEDS), weights=list(DEEDS.values()))[0]
            deed(who, self._rng.randint(2, 900))
            if self._rng.random() < MOVE_SHARE:
                self._move_money(who, self._rng.choice(households))

    def begin(self) -> None:
        """Have all begun that is in flight when somebody looks."""
        households = [self.household() for _ in range(len(OPEN) * IN_FLIGHT_COUNT_EACH)]
        pause_s = HASTE_S / (len(OPEN) * IN_FLIGHT_COUNT_EACH)
        for number in range(IN_FLIGHT_COUNT_EACH):
            for deed in OPEN:
                self.platform.wait(seconds=pause_s)
                deed(households.pop(), 100 + number)

    @property
    def payments(self) -> Iterator[Payment]:
        """Yield what this client has; the platform has a wallet of its own."""
        yield from self.platform.store.payments.values()

    @property
    def records(self) -> Iterator[Record]:
        for (client_id, _), record in self.platform.journal.store.records.items():
            if client_id == self.client_id:
                yield record

    @property
    def wallets(self) -> Iterator[Wallet]:
        for (client_id, _), wallet in self.platform.journal.store.wallets.items():
            if client_id == self.client_id:
                yield wallet

    def _move_money(self, giver: Household, taker: Household) -> None:
        if giver is not taker:
            giver.give(taker, self._rng.randint(1, 50))
        giver.credit(self._rng.randint(1, 50))
        taker.spend(self._rng.randint(1, 50))


def noted_at(object_: Payment | Record | Wallet) -> datetime:
    """Return when an object was changed last."""
    if isinstance(object_, Payment):
        return object_.updated_at
    if isinstance(object_, Wallet):
        return object_.last_posted_at or object_.created_at
    return object_.posted_at if isinstance(object_, Transfer) else object_.declined_at


def _cancelled(who: Household, amount_minor: int) -> None:
    who.void(who.create(amount_minor))


def _processed(who: Household, amount_minor: int) -> None:
    """Pay in two steps, from a wallet that is named in the second one."""
    payment = who.create(amount_minor)
    who.platform.wait(seconds=1)
    desk, request = who.desk, who.attempt
    desk.payments.process(who.client_id, payment.id, who.wallet_id, request)


def _refunded_twice(who: Household, amount_minor: int) -> None:
    payment = who.refund(who.paid(amount_minor, MANUAL), 1)
    who.refund(payment, amount_minor // 2)


def _declined_hold(who: Household, _: int) -> None:
    who.pay(2 * OPENING_MINOR, MANUAL)


# What becomes of a payment, and how often.
DEEDS: dict[Deed, int] = {
    lambda who, minor: who.pay(minor): 50,
    _processed: 10,
    lambda who, minor: who.paid(minor, MANUAL): 8,
    lambda who, minor: who.capture(who.pay(minor, MANUAL), minor - 1): 6,
    lambda who, minor: who.pay(minor, MANUAL): 4,
    lambda who, minor: who.void(who.pay(minor, MANUAL)): 4,
    lambda who, minor: who.refund(who.pay(minor), None): 4,
    lambda who, minor: who.refund(who.pay(minor), minor - 1): 4,
    _refunded_twice: 2,
    lambda who, _: who.pay(2 * OPENING_MINOR): 4,
    _declined_hold: 2,
    _cancelled: 2,
}


def _queued(who: Household, amount_minor: int) -> None:
    """Let it wait for wallets that do not answer."""
    payment = who.create(amount_minor)
    store, now = who.platform.store.payments, who.platform.clock()
    store[payment.client_id, payment.id] = payment.queued(now)


# What is open when somebody looks: before and after money has moved, leased and left.
OPEN: tuple[Deed, ...] = (
    lambda who, minor: who.create(minor),
    lambda who, minor: who.create(minor, MANUAL),
    _queued,
    lambda who, minor: who.pay(minor, Capture.AUTOMATIC, killed_before),
    lambda who, minor: who.pay(minor, Capture.AUTOMATIC, killed_after),
    lambda who, minor: who.pay(minor, MANUAL, killed_after),
    lambda who, minor: who.pay(minor, Capture.AUTOMATIC, answer_lost),
    lambda who, minor: who.pay(minor, Capture.AUTOMATIC, request_lost),
    lambda who, minor: who.capture(who.pay(minor, MANUAL), minor - 1, killed_before),
    lambda who, minor: who.capture(who.pay(minor, MANUAL), minor - 1, killed_after),
    lambda who, minor: who.void(who.pay(minor, MANUAL), answer_lost),
    lambda who, minor: who.void(who.pay(minor, MANUAL), killed_before),
    lambda who, minor: who.refund(who.pay(minor), 7, killed_before),
    lambda who, minor: who.refund(who.paid(minor, MANUAL), 7, killed_after),
    lambda who, minor: who.refund(who.pay(minor), 7, answer_lost),
)
