"""Many who apply the same repair at once, against the emulator: the money comes back once."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.books import DynamoDBBooks
from evenkeel.adapters.dynamodb.journal import DynamoDBJournal
from evenkeel.adapters.inline.wallet_gateway import InlineWalletGateway
from evenkeel.clock import Deadline, utc_now
from evenkeel.errors import InvalidState
from evenkeel.ledger.transfer import Transfer, reversal_id
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.case import Case
from evenkeel.reconciliation.examiner import Examiner
from evenkeel.reconciliation.mismatch import Mismatch, MismatchStatus
from evenkeel.reconciliation.payment_rules import judge
from evenkeel.reconciliation.repairs import Outcome, Repairs, Wish
from evenkeel.reconciliation.survey import Surveyor
from evenkeel.reconciliation.wallet_examiner import WalletExaminer
from evenkeel.resilience.retry import Retry
from evenkeel.wallets import requests
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.service import Wallets
from tests.fakes.guard import guarded
from tests.integration.stores import mismatch_store, payment_store, wallet_store
from tests.payments import order

THREAD_COUNT = 8


@pytest.fixture
def wallets(dynamodb: DynamoDBClient, patient_retry: Retry) -> Wallets:
    return Wallets(wallet_store(dynamodb), patient_retry, utc_now)


@pytest.fixture
def alice(wallets: Wallets, client_id: str) -> Wallet:
    return wallets.open(client_id, "alice", "EUR", opening_minor=1000)[0]


@pytest.fixture
def repairs(dynamodb: DynamoDBClient, wallets: Wallets, patient_retry: Retry) -> Sequence[Repairs]:
    """One for each thread: a breaker is not for several."""
    books = DynamoDBBooks(
        dynamodb,
        payments_table=os.environ["PAYMENTS_TABLE"],
        ledger_table=os.environ["LEDGER_TABLE"],
        accounts_table=os.environ["ACCOUNTS_TABLE"],
    )
    examiner = Examiner(books, WalletExaminer(books, wallets.store, patient_retry), utc_now)
    surveyor = Surveyor(books, examiner, wallets.store, patient_retry)
    gateway = InlineWalletGateway(wallets)
    return [
        Repairs(
            mismatch_store(dynamodb),
            surveyor,
            guarded(gateway, retry=patient_retry),
            patient_retry,
            utc_now,
        )
        for _ in range(THREAD_COUNT)
    ]


@pytest.fixture
def debit(dynamodb: DynamoDBClient, wallets: Wallets, alice: Wallet, client_id: str) -> Transfer:
    """That of a payment which says that it has failed."""
    wanted = order("p1", client_id, wallet_id=alice.id)
    claimed = Payment.created_and_claimed(wanted, utc_now(), "r1")
    debit = wallets.move(requests.payment(claimed.debit("r1"))).transfer
    paid = claimed.debited(utc_now(), debit.id)
    payment_store(dynamodb).add(replace(paid, status=PaymentStatus.FAILED))
    return debit


@pytest.fixture
def mismatch(dynamodb: DynamoDBClient, debit: Transfer, client_id: str) -> Mismatch:
    payment = payment_store(dynamodb).get(client_id, "pay_p1")
    [finding] = judge(Case(PaymentKey(client_id, payment.id), payment, [debit]), utc_now())
    now = utc_now()
    return mismatch_store(dynamodb).add(Mismatch(finding, "rec_1", now, now))


def test_a_repair_that_many_apply_at_once_is_posted_once(
    dynamodb: DynamoDBClient,
    wallets: Wallets,
    alice: Wallet,
    repairs: Sequence[Repairs],
    debit: Transfer,
    mismatch: Mismatch,
) -> None:
    start = Barrier(THREAD_COUNT)

    def applied(number: int) -> Outcome | InvalidState:
        wish = Wish(
            alice.client_id, mismatch.id, f"key_{number}", f"r{number}", "a mistake", apply=True
        )
        start.wait()
        try:
            return repairs[number].repair(wish, Deadline.after(30))
        except InvalidState as refused:
            return refused

    with ThreadPoolExecutor(THREAD_COUNT) as pool:
        answers = list(pool.map(applied, range(THREAD_COUNT)))

    # Whoever came too late is told that it has ended.
    outcomes = [each for each in answers if isinstance(each, Outcome)]
    refusals = [each for each in answers if isinstance(each, InvalidState)]
    assert {each.mismatch.status for each in outcomes} == {MismatchStatus.REPAIRED}
    assert all(each.applied for each in outcomes)
    assert {each.status for each in refusals} <= {MismatchStatus.REPAIRED}

    wallet = wallets.get(alice.client_id, alice.id)
    assert (wallet.balance_minor, wallet.entry_count) == (1000, 3)
    assert wallets.check(alice.client_id, alice.id).is_balanced
    journal = DynamoDBJournal(dynamodb, os.environ["LEDGER_TABLE"])
    assert journal.record(alice.client_id, reversal_id(debit.id)) is not None

    stored = mismatch_store(dynamodb).get(alice.client_id, mismatch.id)
    assert stored is not None
    assert stored.repair is not None
    assert stored.repair.transfer_ids == (reversal_id(debit.id),)
    assert stored.repair.by.startswith("key_")
