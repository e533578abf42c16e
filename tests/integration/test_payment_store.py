"""One contract, every store. The fake may be trusted because it passes this too."""

from dataclasses import replace
from datetime import timedelta

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.errors import Declined, DeclineReason, ObjectNotFound, VersionConflict
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentStore, UserQuery
from tests.fakes.clock import NOON
from tests.fakes.payment_store import InMemoryPaymentStore
from tests.integration.stores import payment_store
from tests.payments import order

SECOND = timedelta(seconds=1)


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> PaymentStore:
    return InMemoryPaymentStore() if request.param == "fake" else payment_store(dynamodb)


@pytest.fixture
def pending(store: PaymentStore, client_id: str) -> Payment:
    payment = Payment.created(order("k1", client_id), NOON)
    assert store.add(payment) is payment
    return payment


def test_a_payment_is_read_as_it_was_added(store: PaymentStore, pending: Payment) -> None:
    assert store.get(pending.client_id, pending.id) == pending
    assert store.find(pending.client_id, pending.id) == pending


def test_all_that_a_client_says_of_a_payment_is_kept(store: PaymentStore, client_id: str) -> None:
    said = replace(
        order("k1", client_id, wallet_id="wal_1"),
        description="Zwölf Brötchen",
        metadata={"basket": "7", "ü": '"quoted"'},
    )
    payment = Payment.created_and_claimed(said, NOON, "r1")
    store.add(payment)

    assert store.get(client_id, payment.id) == payment


def test_a_taken_id_returns_the_payment_that_has_it(store: PaymentStore, pending: Payment) -> None:
    other = Payment.created(order("k1", pending.client_id, amount_minor=1), NOON)

    assert store.add(other) == pending
    assert store.get(pending.client_id, pending.id) == pending


def test_an_unknown_payment_is_not_found(store: PaymentStore, pending: Payment) -> None:
    with pytest.raises(ObjectNotFound):
        store.get(pending.client_id, "pay_unknown")
    with pytest.raises(ObjectNotFound):
        store.get("cli_other", pending.id)

    assert store.find(pending.client_id, "pay_unknown") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda claimed: claimed,
        lambda claimed: claimed.released(NOON, "busy"),
        lambda claimed: claimed.left_open(NOON, "lost"),
        lambda claimed: claimed.completed(NOON, "trf_1"),
        lambda claimed: claimed.declined(
            NOON, Declined(DeclineReason.WALLET_FROZEN, "frozen", first_request_id="r1")
        ),
    ],
    ids=["claimed", "released", "left open", "completed", "declined"],
)
def test_every_change_is_read_as_it_was_saved(
    store: PaymentStore, pending: Payment, change: object
) -> None:
    claimed = pending.claimed("wal_1", NOON, "r1")
    store.save(claimed)
    assert callable(change)
    changed = change(claimed)
    if changed is not claimed:
        store.save(changed)

    assert store.get(pending.client_id, pending.id) == changed


def test_a_change_of_an_outdated_payment_is_refused(store: PaymentStore, pending: Payment) -> None:
    claimed = pending.claimed("wal_1", NOON, "r1")
    store.save(claimed)

    with pytest.raises(VersionConflict):
        store.save(pending.claimed("wal_2", NOON, "r1"))

    assert store.get(pending.client_id, pending.id) == claimed


@pytest.fixture
def seven(store: PaymentStore, client_id: str) -> list[Payment]:
    """A user's payments, a second apart; the last two were made in the same one."""
    payments = [
        Payment.created(order(f"k{number}", client_id), NOON + min(number, 5) * SECOND)
        for number in range(7)
    ]
    for payment in payments:
        store.add(payment)
    store.add(Payment.created(order("other", client_id, user_id="bob"), NOON))
    return payments


def listed(store: PaymentStore, query: UserQuery) -> list[str]:
    ids: list[str] = []
    while True:
        page = store.of_user(query)
        ids += [payment.id for payment in page.payments]
        if page.next is None:
            return ids
        query = replace(query, after=page.next)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_a_users_payments_come_newest_first_whatever_the_page(
    store: PaymentStore, seven: list[Payment], client_id: str, limit: int
) -> None:
    newest_first = [payment.id for payment in reversed(seven)]

    assert listed(store, UserQuery(client_id, "alice", limit)) == newest_first


def test_a_window_takes_its_beginning_in_and_leaves_its_end_out(
    store: PaymentStore, seven: list[Payment], client_id: str
) -> None:
    window = UserQuery(client_id, "alice", 2, since=NOON + SECOND, until=NOON + 4 * SECOND)

    assert listed(store, window) == ["pay_k3", "pay_k2", "pay_k1"]


def test_a_window_that_ends_before_it_begins_is_empty(
    store: PaymentStore, seven: list[Payment], client_id: str
) -> None:
    window = UserQuery(client_id, "alice", 2, since=NOON + SECOND, until=NOON)

    assert listed(store, window) == []


def test_a_cursor_from_outside_the_window_is_no_error(
    store: PaymentStore, seven: list[Payment], client_id: str
) -> None:
    early, late = seven[0].ref, seven[6].ref
    window = UserQuery(client_id, "alice", 9, since=NOON + SECOND, until=NOON + 3 * SECOND)

    assert listed(store, replace(window, after=early)) == []
    assert listed(store, replace(window, after=late)) == ["pay_k2", "pay_k1"]


def test_another_client_lists_nothing(store: PaymentStore, seven: list[Payment]) -> None:
    assert listed(store, UserQuery("cli_other", "alice", 9)) == []
