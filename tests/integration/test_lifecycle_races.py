"""Real threads that capture, void, refund, sweep and freeze at once, against the emulator.

Whoever comes first: the ledger holds one end of each hold, a refund is posted once, and
when all is settled every payment says what the ledger says.
"""

import itertools
import random
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.account_items import WalletItem
from evenkeel.adapters.dynamodb.journal import DynamoDBJournal
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.adapters.dynamodb.payment_item import PaymentItem
from evenkeel.adapters.inline.wallet_gateway import InlineWalletGateway
from evenkeel.clock import utc_now
from evenkeel.errors import Declined, DeclineReason, EvenkeelError, InvalidState, RequestInProgress
from evenkeel.payments.answers import Answer, Attempt
from evenkeel.payments.desk import PaymentDesk
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import HOLD_FOR, HOLD_GRACE, Payment
from evenkeel.payments.order import Capture
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.refunding import RefundOrder, RefundStatus
from evenkeel.payments.states import PaymentStatus
from evenkeel.payments.sweeper import Sweep, Sweeper
from evenkeel.resilience.retry import Retry
from evenkeel.wallets.model import WalletAction
from evenkeel.wallets.service import Moved, Wallets
from tests import audit, requests
from tests.emulator import Emulator
from tests.fakes.desk import payment_desk
from tests.fakes.guard import attempt, guarded
from tests.fakes.wallet_gateway import Fault, FlakyGateway
from tests.integration.path.process import Unforgiving
from tests.integration.stores import payment_store, wallet_store
from tests.payments import order
from tests.tables import TABLES
from tests.unit.payments.sweeps import answer_lost

OPENING_MINOR = 100_000
HELD_MINOR = 400
ROUND_COUNT = 20  # Of each race, so that each side wins now and then.

Act = Callable[[], object]


@dataclass
class Clock:
    """The real time, and more of it when a test says so."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def advance(self, by: timedelta) -> None:
        self.ahead += by


class Town:
    """A wallet, and many who act on its payments, each with a desk of their own."""

    def __init__(
        self, emulator: Emulator, dynamodb: DynamoDBClient, retry: Retry, names: dict[str, str]
    ) -> None:
        self.clock = Clock()
        self.client_id = f"cli_{secrets.token_hex(6)}"
        self._reader, self._names, self._retry = emulator.client("dynamodb"), names, retry
        self.store = payment_store(dynamodb)
        self._journal = DynamoDBJournal(dynamodb, names["LEDGER_TABLE"])
        self.wallets = Wallets(wallet_store(dynamodb), retry, self.clock)
        self._numbers = itertools.count(1)
        self.wallet_id = self.wallet("alice", OPENING_MINOR)

    def wallet(self, user_id: str, opening_minor: int) -> str:
        wallet, _ = self.wallets.open(self.client_id, user_id, "EUR", opening_minor=opening_minor)
        return wallet.id

    def desk(self, *faults: Fault) -> PaymentDesk:
        gateway = FlakyGateway(InlineWalletGateway(self.wallets), *faults)
        return payment_desk(self.store, guarded(gateway), self.clock, retry=self._retry)

    def attempt(self) -> Attempt:
        return attempt(f"request_{next(self._numbers)}")

    def pay(
        self, capture: Capture = Capture.MANUAL, *, user_id: str = "alice", wallet_id: str = ""
    ) -> PaymentKey:
        """Have HELD_MINOR held, or taken."""
        wanted = order(
            secrets.token_hex(6),
            self.client_id,
            amount_minor=HELD_MINOR,
            wallet_id=wallet_id or self.wallet_id,
            user_id=user_id,
            capture=capture,
        )
        self.desk().payments.create_and_process(wanted, self.attempt())
        return PaymentKey(self.client_id, wanted.payment_id)

    # Who acts, when the time has come.

    def capture(self, key: PaymentKey, amount_minor: int | None = None) -> Act:
        desk = self.desk()
        return lambda: desk.holds.capture(key, amount_minor, self.attempt())

    def void(self, key: PaymentKey) -> Act:
        desk = self.desk()
        return lambda: desk.holds.void(key, self.attempt())

    def refund(self, key: PaymentKey, name: str, amount_minor: int | None) -> Act:
        desk = self.desk()
        wanted = RefundOrder(f"ref_{key.payment_id}_{name}", "same", amount_minor)
        return lambda: desk.refunds.refund(key, wanted, self.attempt())

    def sweep(self) -> Act:
        sweeper = Sweeper(
            self.store, self._journal, [self.desk()], Unforgiving(), self.clock, lambda _: None
        )
        return lambda: sweeper.sweep(self.attempt())

    def freeze(self, action: WalletAction = WalletAction.FREEZE) -> Act:
        return lambda: self.wallets.act(self.client_id, self.wallet_id, action)

    # How it stands.

    def stored(self, key: PaymentKey) -> Payment:
        return self.store.get(key.client_id, key.payment_id)

    def settle(self) -> None:
        """Let whoever is left open be settled, and hold all to each other then."""
        self.clock.advance(LEASE_FOR)
        self.sweep()()
        wallets = [WalletItem.stored(item).wallet() for item in self._items("ACCOUNTS_TABLE")]

        audit.check(
            [PaymentItem.stored(item).payment() for item in self._items("PAYMENTS_TABLE")],
            [RecordItem.stored(item).record() for item in self._items("LEDGER_TABLE")],
            wallets,
        )
        for wallet in wallets:
            assert self.wallets.check(self.client_id, wallet.id).is_balanced

    @property
    def stand(self) -> tuple[int, int]:
        """The balance, and what is held of it."""
        wallet = self.wallets.get(self.client_id, self.wallet_id)
        return wallet.balance_minor, wallet.debits_pending

    def _items(self, variable: str) -> list[Any]:
        pages = self._reader.get_paginator("scan").paginate(
            TableName=self._names[variable], ConsistentRead=True
        )
        return [item for page in pages for item in page["Items"]]


@pytest.fixture
def town(
    emulator: Emulator,
    dynamodb: DynamoDBClient,
    patient_retry: Retry,
    monkeypatch: pytest.MonkeyPatch,
) -> Town:
    """In tables of its own: its sweeper takes whatever is due."""
    names = {}
    for variable in ("PAYMENTS_TABLE", "LEDGER_TABLE", "ACCOUNTS_TABLE"):
        names[variable] = f"races-{variable.lower()}-{secrets.token_hex(4)}"
        emulator.client("dynamodb").create_table(**TABLES[variable].definition(names[variable]))
        monkeypatch.setenv(variable, names[variable])
    return Town(emulator, dynamodb, patient_retry, names)


def race(*acts: Act) -> list[object]:
    """Let all act at once, and return what became of each."""
    start = Barrier(len(acts))

    def settled(act: Act) -> object:
        start.wait()
        try:
            return act()
        except EvenkeelError as error:
            return error

    shuffled = list(enumerate(acts))
    random.shuffle(shuffled)
    with ThreadPoolExecutor(len(acts)) as pool:
        found = dict(pool.map(lambda each: (each[0], settled(each[1])), shuffled))
    return [found[number] for number in range(len(acts))]


def told(found: Sequence[object]) -> list[Payment]:
    """Return the payments that were told as final; hold the rest to what may come of a race."""
    answers = [each for each in found if isinstance(each, Answer)]
    others = {type(each) for each in found if not isinstance(each, Answer | Sweep)}

    assert others <= {InvalidState, RequestInProgress}
    return [answer.payment for answer in answers if not answer.is_open]


def test_of_captures_and_voids_one_is_the_end_and_all_are_told_of_it(town: Town) -> None:
    keys = [town.pay() for _ in range(ROUND_COUNT)]
    paid_minor = 0
    for key in keys:
        found = race(town.capture(key), town.void(key), town.capture(key), town.void(key))
        [status] = {payment.status for payment in told(found)}
        assert status is town.stored(key).status
        paid_minor += HELD_MINOR if status is PaymentStatus.COMPLETED else 0

    town.settle()
    assert town.stand == (OPENING_MINOR - paid_minor, 0)


def test_of_captures_of_several_amounts_one_is_taken(town: Town) -> None:
    amounts = (100, 150, 200, None)
    paid_minor = 0
    for _ in range(ROUND_COUNT):
        key = town.pay()
        found = race(*(town.capture(key, amount) for amount in amounts))
        [captured_minor] = {payment.captured_minor for payment in told(found)}
        assert captured_minor == town.stored(key).captured_minor
        assert captured_minor in (100, 150, 200, HELD_MINOR)
        paid_minor += captured_minor

    town.settle()
    assert town.stand == (OPENING_MINOR - paid_minor, 0)


def test_a_capture_is_in_time_or_the_hold_has_lapsed_and_never_both(town: Town) -> None:
    keys = [town.pay() for _ in range(2 * ROUND_COUNT)]
    town.clock.advance(HOLD_FOR + HOLD_GRACE)

    found = race(town.sweep(), *(town.capture(key, 150) for key in keys), town.sweep())

    for payment in told(found):
        assert (payment.status, payment.captured_minor) == (PaymentStatus.COMPLETED, 150)
    town.settle()
    statuses = [town.stored(key).status for key in keys]
    assert set(statuses) <= {PaymentStatus.COMPLETED, PaymentStatus.CANCELLED}
    assert len(told(found)) <= statuses.count(PaymentStatus.COMPLETED)
    paid_minor = 150 * statuses.count(PaymentStatus.COMPLETED)
    assert town.stand == (OPENING_MINOR - paid_minor, 0)


def test_refunds_that_are_together_more_than_was_captured_are_as_many_as_it_covers(
    town: Town,
) -> None:
    key = town.pay(Capture.AUTOMATIC)

    found = race(*(town.refund(key, f"{number}", 50) for number in range(16)))

    paid_back = [each for each in found if isinstance(each, Answer)]
    assert len(told(found)) == len(paid_back) == HELD_MINOR // 50
    town.settle()
    assert town.stored(key).status is PaymentStatus.REFUNDED
    assert town.stand == (OPENING_MINOR, 0)


def test_refunds_of_any_amount_are_never_more_than_was_captured(town: Town) -> None:
    rng = random.Random(7)  # noqa: S311  # A workload, not a secret.
    expected_minor = OPENING_MINOR
    for _ in range(ROUND_COUNT // 2):
        key = town.pay(Capture.AUTOMATIC)
        amounts = [rng.choice([None, rng.randint(1, HELD_MINOR)]) for _ in range(6)]
        found = race(*(town.refund(key, f"{n}", amount) for n, amount in enumerate(amounts)))
        refunds = [each.refund for each in found if isinstance(each, Answer)]
        back_minor = sum(refund.amount_minor for refund in refunds if refund is not None)
        told(found)

        assert 0 < back_minor <= HELD_MINOR
        assert back_minor == town.stored(key).refunded_minor
        expected_minor += back_minor - HELD_MINOR

    town.settle()
    assert town.stand == (expected_minor, 0)


def test_a_refund_asked_for_from_many_places_is_posted_once_and_answered_alike(town: Town) -> None:
    key = town.pay(Capture.AUTOMATIC)

    found = race(*(town.refund(key, "once", 150) for _ in range(16)))

    answers = [each for each in found if isinstance(each, Answer)]
    [refund] = {each.refund.id for each in answers if each.refund is not None}
    assert {payment.refunded_minor for payment in told(found)} == {150}
    assert {payment.version for payment in told(found)} == {3 + 1}
    assert town.stored(key).refunds[refund].status is RefundStatus.SUCCEEDED
    town.settle()
    assert town.stand == (OPENING_MINOR - HELD_MINOR + 150, 0)


def test_the_last_money_is_held_or_spent_and_not_both(town: Town) -> None:
    for number in range(ROUND_COUNT):
        user_id = f"poor{number}"
        wallet_id = town.wallet(user_id, HELD_MINOR)

        def hold(wallet_id: str = wallet_id, user_id: str = user_id) -> object:
            return town.stored(town.pay(user_id=user_id, wallet_id=wallet_id))

        def spend(wallet_id: str = wallet_id) -> object:
            wanted = requests.debit(secrets.token_hex(6), wallet_id, HELD_MINOR, town.client_id)
            return town.wallets.move(wanted)

        found = race(hold, spend, hold, spend)

        assert sum(isinstance(each, Payment | Moved) for each in found) == 1
        refused = [each for each in found if isinstance(each, Declined)]
        assert {each.reason for each in refused} == {DeclineReason.INSUFFICIENT_FUNDS}
        assert town.wallets.get(town.client_id, wallet_id).available_minor == 0

    town.settle()


def test_a_capture_comes_before_a_freeze_or_is_refused_and_leaves_the_hold(town: Town) -> None:
    for _ in range(ROUND_COUNT):
        key = town.pay()
        frozen, captured = race(town.freeze(), town.capture(key))
        if isinstance(captured, Declined):
            assert captured.reason is DeclineReason.WALLET_FROZEN
            assert town.stored(key).status is PaymentStatus.AUTHORIZED
            town.void(key)()
        else:
            assert isinstance(captured, Answer)
            assert captured.payment.status is PaymentStatus.COMPLETED
        assert not isinstance(frozen, EvenkeelError)
        town.freeze(WalletAction.UNFREEZE)()

    town.settle()
    assert town.stand[1] == 0


def test_a_void_whose_answer_was_lost_is_found_by_many_and_releases_once(town: Town) -> None:
    for _ in range(ROUND_COUNT // 2):
        key = town.pay()
        open_ = town.desk(answer_lost).holds.void(key, town.attempt())
        found = race(*(town.void(key) for _ in range(6)), town.sweep())

        assert open_.is_open
        assert {payment.status for payment in told(found)} <= {PaymentStatus.CANCELLED}
        town.settle()
        assert town.stored(key).status is PaymentStatus.CANCELLED
    assert town.stand == (OPENING_MINOR, 0)
