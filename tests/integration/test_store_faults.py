"""What each failure of DynamoDB means to the stores."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.errors import (
    EvenkeelError,
    LedgerBusy,
    LedgerUnconfirmed,
    StoreBusy,
    StoreUnconfirmed,
    WalletContended,
)
from evenkeel.payments.model import Payment
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.posting import draft
from evenkeel.wallets.service import Wallets
from tests import requests
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.retry import instant_retry
from tests.faults import Fault, Faults, answer, cancelled
from tests.integration.stores import payment_store, wallet_store
from tests.payments import order

TURNED_AWAY = {
    "throttled": lambda: answer(400, "ThrottlingException"),
    "over capacity": lambda: answer(400, "ProvisionedThroughputExceededException"),
    "over the account's limit": lambda: answer(400, "RequestLimitExceeded"),
    "no connection in time": lambda: ConnectTimeoutError(endpoint_url=""),
    "no connection": lambda: EndpointConnectionError(endpoint_url=""),
}
LOST = {
    "no answer": lambda: ReadTimeoutError(endpoint_url=""),
    "hung up": lambda: ConnectionClosedError(endpoint_url=""),
    "server error": lambda: answer(500, "InternalServerError"),
    "unavailable": lambda: answer(503, "ServiceUnavailable"),
}
IN_TRANSACTION_TURNED_AWAY = TURNED_AWAY | {
    "throttled within": lambda: cancelled("ThrottlingError", "None"),
    "throttled and contended": lambda: cancelled("ThrottlingError", "TransactionConflict"),
}
CONTENDED = {
    "conflict": lambda: cancelled("None", "TransactionConflict"),
    # The condition fails because of this very transfer, which is still under way.
    "own repeat under way": lambda: cancelled("TransactionConflict", "ConditionalCheckFailed"),
}
IN_TRANSACTION_LOST = LOST | {
    "same token under way": lambda: answer(400, "TransactionInProgressException"),
}
OUR_MISTAKES = {
    "not permitted": lambda: answer(400, "AccessDeniedException"),
    "bad item": lambda: cancelled("None", "ValidationError"),
    "token for another request": lambda: answer(400, "IdempotentParameterMismatchException"),
}

POSTING_FAULTS = [
    *((fault, LedgerBusy) for fault in IN_TRANSACTION_TURNED_AWAY.values()),
    *((fault, WalletContended) for fault in CONTENDED.values()),
    *((fault, LedgerUnconfirmed) for fault in IN_TRANSACTION_LOST.values()),
    *((fault, ClientError) for fault in OUR_MISTAKES.values()),
]
POSTING_IDS = [
    *IN_TRANSACTION_TURNED_AWAY,
    *CONTENDED,
    *IN_TRANSACTION_LOST,
    *OUR_MISTAKES,
]

WRITING_FAULTS = [
    *((fault, StoreBusy) for fault in TURNED_AWAY.values()),
    *((fault, StoreUnconfirmed) for fault in LOST.values()),
]
WRITING_IDS = [*TURNED_AWAY, *LOST]

Make = Callable[[], Fault]


@pytest.fixture
def alice(client_id: str, dynamodb: DynamoDBClient) -> Wallet:
    wallet = Wallet("wal_alice", client_id, "alice", "EUR", NOON, credits_posted=1000)
    wallet_store(dynamodb).open(wallet, None)
    return wallet


@pytest.mark.parametrize(("make", "error"), POSTING_FAULTS, ids=POSTING_IDS)
def test_one_failed_transaction_becomes_one_error(
    dynamodb: DynamoDBClient, alice: Wallet, make: Make, error: type[Exception]
) -> None:
    faults = Faults(dynamodb, "TransactWriteItems", make())
    request = requests.debit("d", alice.id, 1, alice.client_id)

    with pytest.raises(error):
        wallet_store(dynamodb).post(draft(request, {alice.id: alice}, NOON))

    assert faults.call_count == 1


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem"])
@pytest.mark.parametrize(("make", "error"), WRITING_FAULTS, ids=WRITING_IDS)
def test_one_failed_write_becomes_one_error(
    dynamodb: DynamoDBClient,
    client_id: str,
    operation: str,
    make: Make,
    error: type[EvenkeelError],
) -> None:
    store = payment_store(dynamodb)
    payment = Payment.created(order("k1", client_id), NOON)
    calls: dict[str, Callable[[], object]] = {
        "PutItem": lambda: store.add(payment),
        "UpdateItem": lambda: store.save(payment.claimed("wal_1", NOON, "r1")),
    }
    faults = Faults(dynamodb, operation, make())

    with pytest.raises(error):
        calls[operation]()

    assert faults.call_count == 1


@pytest.mark.parametrize("make", [*TURNED_AWAY.values(), *LOST.values()], ids=WRITING_IDS)
def test_a_failed_read_has_applied_nothing_whatever_became_of_it(
    dynamodb: DynamoDBClient, client_id: str, make: Make
) -> None:
    faults = Faults(dynamodb, "GetItem", make())

    with pytest.raises(StoreBusy):
        payment_store(dynamodb).get(client_id, "pay_1")

    assert faults.call_count == 1


def test_a_look_that_brings_only_a_part_is_no_look(dynamodb: DynamoDBClient, alice: Wallet) -> None:
    """What DynamoDB has not read would look as if it were not there."""
    part = answer(200, "", Responses={}, UnprocessedKeys={"accounts": {"Keys": []}})
    Faults(dynamodb, "BatchGetItem", part)

    with pytest.raises(LedgerBusy):
        wallet_store(dynamodb).look(alice.client_id, ["trf_1"], [alice.id])


@pytest.mark.parametrize("make", LOST.values(), ids=LOST)
def test_money_moves_once_though_every_answer_but_the_last_is_lost(
    dynamodb: DynamoDBClient, alice: Wallet, make: Make
) -> None:
    store = wallet_store(dynamodb)
    wallets = Wallets(store, instant_retry(), ManualClock())
    request = requests.debit("d", alice.id, 400, alice.client_id)
    first = draft(request, {alice.id: alice}, NOON)
    store.post(first)  # This one arrived; the next ones do not, and nobody knows.
    Faults(dynamodb, "BatchGetItem", make(), make())

    moved = wallets.move(request)

    assert moved.transfer == first.transfer
    assert wallets.get(alice.client_id, alice.id).balance_minor == 600


def test_the_same_transaction_sent_after_its_token_has_lapsed_is_still_applied_once(
    dynamodb: DynamoDBClient, alice: Wallet
) -> None:
    """The conditions hold for ever, the token for ten minutes."""
    store = wallet_store(dynamodb)
    request = requests.debit("d", alice.id, 400, alice.client_id)
    store.post(draft(request, {alice.id: alice}, NOON))
    after = store.wallet(alice.client_id, alice.id)

    late = draft(request, {alice.id: replace(alice)}, NOON.replace(year=2027))
    record = store.post(late)

    assert record != late.transfer
    assert store.wallet(alice.client_id, alice.id) == after
