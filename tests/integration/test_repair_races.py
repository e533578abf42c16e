"""Many who put the same thing right at once, against the emulator: it is put right once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.journal import DynamoDBJournal
from evenkeel.clock import utc_now
from evenkeel.errors import Declined
from evenkeel.ledger.commands import Command, Posted
from evenkeel.ledger.transfer import Transfer, TransferKind
from evenkeel.resilience.retry import Retry
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.service import Wallets
from tests import requests
from tests.integration.stores import wallet_store

THREAD_COUNT = 8
ROUND_COUNT = 5


@pytest.fixture
def wallets(dynamodb: DynamoDBClient, patient_retry: Retry) -> Wallets:
    return Wallets(wallet_store(dynamodb), patient_retry, utc_now)


@pytest.fixture
def alice(wallets: Wallets, client_id: str) -> Wallet:
    return wallets.open(client_id, "alice", "EUR", opening_minor=1000)[0]


def all_at_once(act: Callable[[], Posted]) -> Posted:
    """Return what all of the threads are told."""
    start = Barrier(THREAD_COUNT)

    def acted(_: int) -> Posted:
        start.wait()
        return act()

    with ThreadPoolExecutor(THREAD_COUNT) as pool:
        [posted] = set(pool.map(acted, range(THREAD_COUNT)))
    return posted


def test_a_payment_reversed_from_many_places_is_given_back_once(
    wallets: Wallets, alice: Wallet
) -> None:
    for number in range(ROUND_COUNT):
        request = requests.payment(f"p{number}", alice.id, 400, alice.client_id)
        wish = requests.reversal(wallets.move(request).transfer)

        posted = all_at_once(lambda wish=wish: wallets.obey(wish))  # type: ignore[misc]  # Bound now.
        assert posted == Posted(wish.transfer_id, TransferKind.REVERSAL, 400)
        assert wallets.get(alice.client_id, alice.id).balance_minor == 1000

    assert wallets.get(alice.client_id, alice.id).entry_count == 1 + 2 * ROUND_COUNT
    assert wallets.check(alice.client_id, alice.id).is_balanced


def test_the_last_money_of_a_wallet_is_taken_back_once_and_all_are_told_that_it_is(
    wallets: Wallets, client_id: str
) -> None:
    bob, _ = wallets.open(client_id, "bob", "EUR")
    for number in range(ROUND_COUNT):
        request = requests.credit(f"c{number}", bob.id, 100, client_id)
        wish = requests.reversal(wallets.move(request).transfer)

        posted = all_at_once(lambda wish=wish: wallets.obey(wish))  # type: ignore[misc]  # Bound now.
        assert posted == Posted(wish.transfer_id, TransferKind.REVERSAL, 100)
        assert wallets.get(client_id, bob.id).balance_minor == 0

    assert wallets.check(client_id, bob.id).is_balanced


def test_a_merchant_is_paid_from_the_suspense_account_once(
    wallets: Wallets, alice: Wallet, dynamodb: DynamoDBClient, environment: dict[str, str]
) -> None:
    journal = DynamoDBJournal(dynamodb, environment["LEDGER_TABLE"])
    with pytest.raises(Declined):
        wallets.move(requests.payment("p", alice.id, 1001, alice.client_id))
    wish: Command = requests.correction("p", 1001, alice.client_id)

    posted = all_at_once(lambda: wallets.obey(wish))
    correction = journal.record(alice.client_id, posted.transfer_id)

    assert isinstance(correction, Transfer)
    assert correction.debit.account_id == "suspense:EUR"
    assert posted == Posted(wish.transfer_id, TransferKind.CORRECTION, 1001)
    assert wallets.get(alice.client_id, alice.id) == alice
