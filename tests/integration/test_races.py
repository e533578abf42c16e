"""Real threads against the emulator: what must hold whoever comes first."""

import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.inline.wallet_gateway import InlineWalletGateway
from evenkeel.clock import utc_now
from evenkeel.errors import Declined, DeclineReason, EvenkeelError, RequestInProgress
from evenkeel.payments.desk import PaymentDesk
from evenkeel.payments.model import Payment
from evenkeel.payments.service import Payments
from evenkeel.payments.states import PaymentStatus
from evenkeel.resilience.retry import Retry
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.service import Wallets
from tests import requests
from tests.fakes.desk import payment_desk
from tests.fakes.guard import attempt, guarded
from tests.integration.stores import payment_store, wallet_store
from tests.payments import order


@pytest.fixture
def wallets(dynamodb: DynamoDBClient, patient_retry: Retry) -> Wallets:
    return Wallets(wallet_store(dynamodb), patient_retry, utc_now)


@pytest.fixture
def desk(dynamodb: DynamoDBClient, wallets: Wallets, patient_retry: Retry) -> PaymentDesk:
    guard = guarded(InlineWalletGateway(wallets))
    return payment_desk(payment_store(dynamodb), guard, utc_now, retry=patient_retry)


@pytest.fixture
def payments(desk: PaymentDesk) -> Payments:
    return desk.payments


def outcomes(thread_count: int, act: Callable[[int], object]) -> list[object]:
    """Let threads act at once, each with its number, and return what became of each."""

    def settled(number: int) -> object:
        try:
            return act(number)
        except EvenkeelError as error:
            return error

    with ThreadPoolExecutor(thread_count) as pool:
        return list(pool.map(settled, range(thread_count)))


def test_a_wallet_cannot_be_overspent(wallets: Wallets, client_id: str) -> None:
    wallet, _ = wallets.open(client_id, "alice", "EUR", opening_minor=1000)

    found = outcomes(
        50, lambda number: wallets.move(requests.debit(f"d{number}", wallet.id, 100, client_id))
    )

    declined = [each for each in found if isinstance(each, Declined)]
    assert len(declined) == 40
    assert {each.reason for each in declined} == {DeclineReason.INSUFFICIENT_FUNDS}
    assert wallets.get(client_id, wallet.id).balance_minor == 0
    assert wallets.check(client_id, wallet.id).is_balanced


@contextmanager
def watched(look: Callable[[], None]) -> Iterator[None]:
    """Look again and again, on a thread, for as long as the block lasts."""
    is_over = Event()
    seen: list[BaseException] = []

    def watch() -> None:
        try:
            while not is_over.is_set():
                look()
        except BaseException as error:  # The test must hear of it.
            seen.append(error)

    thread = Thread(target=watch)
    thread.start()
    yield
    is_over.set()
    thread.join()

    assert not seen


def test_transfers_back_and_forth_neither_make_nor_lose_money(
    wallets: Wallets, client_id: str
) -> None:
    opened = [
        wallets.open(client_id, f"user{number}", "EUR", opening_minor=300)[0] for number in range(6)
    ]
    ids = [wallet.id for wallet in opened]

    def look() -> None:
        for wallet_id in ids:
            wallet = wallets.get(client_id, wallet_id)
            assert wallet.available_minor >= 0, "a wallet was seen below zero"

    def run(number: int) -> Counter[str]:
        rng = random.Random(number)  # noqa: S311  # A workload, not a secret.
        effects: Counter[str] = Counter()
        for step in range(12):
            source, target = rng.sample(ids, 2)
            amount = rng.randint(1, 150)
            request = requests.transfer(f"t{number}-{step}", source, target, amount, client_id)
            try:
                wallets.move(request)
            except Declined:
                continue
            effects[source] -= amount
            effects[target] += amount
        return effects

    with watched(look):
        found = outcomes(16, run)

    # Conservation alone is not enough: a double posting conserves money too.
    expected: Counter[str] = Counter(dict.fromkeys(ids, 300))
    for effects in found:
        assert isinstance(effects, Counter)
        expected.update(effects)
    balances = {id_: wallets.get(client_id, id_).balance_minor for id_ in ids}
    assert balances == dict(expected)
    assert all(wallets.check(client_id, id_).is_balanced for id_ in ids)


def test_a_wallet_opened_from_many_places_is_opened_once(wallets: Wallets, client_id: str) -> None:
    found = outcomes(16, lambda _: wallets.open(client_id, "alice", "EUR", opening_minor=1000))

    news = [each[1] for each in found if isinstance(each, tuple)]
    [wallet_id] = {each[0].id for each in found if isinstance(each, tuple)}
    assert (len(news), sum(news)) == (16, 1)
    assert wallets.get(client_id, wallet_id).balance_minor == 1000


@pytest.fixture
def alice(wallets: Wallets, client_id: str) -> Wallet:
    return wallets.open(client_id, "alice", "EUR", opening_minor=1000)[0]


def test_twenty_identical_requests_are_one_debit_and_one_answer(
    payments: Payments, wallets: Wallets, alice: Wallet, client_id: str
) -> None:
    wish = order(secrets.token_hex(6), client_id, wallet_id=alice.id)

    found = outcomes(20, lambda _: payments.create_and_process(wish, attempt()).payment)

    answered = [each for each in found if isinstance(each, Payment)]
    assert {type(each) for each in found} <= {Payment, RequestInProgress}
    assert all(each == answered[0] for each in answered)
    assert answered[0].status is PaymentStatus.COMPLETED
    assert wallets.get(client_id, alice.id).balance_minor == 600


def test_a_payment_processed_from_twenty_places_is_debited_once(
    payments: Payments, wallets: Wallets, alice: Wallet, client_id: str
) -> None:
    wish = order(secrets.token_hex(6), client_id)
    payments.create(wish)

    found = outcomes(
        20, lambda _: payments.process(client_id, wish.payment_id, alice.id, attempt()).payment
    )

    answered = [each for each in found if isinstance(each, Payment)]
    assert {type(each) for each in found} <= {Payment, RequestInProgress}
    assert all(each == answered[0] for each in answered)
    assert wallets.get(client_id, alice.id).balance_minor == 600


def test_one_key_with_twenty_contents_is_decided_by_the_first(
    payments: Payments, wallets: Wallets, alice: Wallet, client_id: str
) -> None:
    key = secrets.token_hex(6)

    outcomes(
        20,
        lambda number: payments.create_and_process(
            order(
                key,
                client_id,
                wallet_id=alice.id,
                amount_minor=number + 1,
                fingerprint=str(number),
            ),
            attempt(),
        ),
    )

    paid = payments.get(client_id, f"pay_{key}").captured_minor
    assert 1 <= paid <= 20
    assert wallets.get(client_id, alice.id).balance_minor == 1000 - paid
