"""One contract, every store. The fake may be trusted because it passes this too."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, islice

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.payment_item import due_shard
from evenkeel.adapters.dynamodb.payment_store import DUE_PAGE_COUNT
from evenkeel.errors import Declined, DeclineReason, ObjectNotFound, VersionConflict
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import PENDING_FOR, Payment
from evenkeel.payments.ports import (
    DUE_SHARD_COUNT,
    PaymentKey,
    PaymentStore,
    UserQuery,
)
from tests.fakes.clock import NOON
from tests.fakes.payment_store import InMemoryPaymentStore
from tests.integration.stores import payment_store
from tests.payments import order

SECOND = timedelta(seconds=1)
MOMENT = timedelta(microseconds=1)
FAR_AHEAD = NOON + timedelta(days=365)


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
        lambda claimed: claimed.debited(NOON, "trf_1"),
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


def due(store: PaymentStore, client_id: str, before: datetime) -> list[str]:
    """Return what is due of a client, shard by shard."""
    keys = [key for shard in range(DUE_SHARD_COUNT) for key in store.due(before, shard)]
    return [key.payment_id for key in keys if key.client_id == client_id]


def claimed(payment: Payment) -> Payment:
    return payment.claimed("wal_1", NOON + SECOND, "r1")


@pytest.mark.parametrize(
    ("changes", "due_at"),
    [
        ([], NOON + PENDING_FOR),
        ([claimed], NOON + SECOND + LEASE_FOR),
        ([claimed, lambda each: each.left_open(NOON + 2 * SECOND, "lost")], NOON + 2 * SECOND),
        ([claimed, lambda each: each.released(NOON + 2 * SECOND, "busy")], NOON + PENDING_FOR),
    ],
    ids=["pending", "claimed", "left open", "released"],
)
def test_a_payment_that_is_not_settled_is_due_from_a_moment_on(
    store: PaymentStore,
    pending: Payment,
    changes: list[Callable[[Payment], Payment]],
    due_at: datetime,
) -> None:
    payment = pending
    for change in changes:
        payment = change(payment)
        store.save(payment)

    assert due(store, pending.client_id, due_at - MOMENT) == []
    assert due(store, pending.client_id, due_at) == [pending.id]
    assert due(store, pending.client_id, FAR_AHEAD) == [pending.id]


@pytest.mark.parametrize(
    "changes",
    [
        [claimed, lambda each: each.debited(NOON + SECOND, "trf_1")],
        [claimed, lambda each: each.declined(NOON, Declined(DeclineReason.WALLET_FROZEN, "no"))],
        [lambda each: each.expired(NOON + PENDING_FOR)],
    ],
    ids=["completed", "declined", "expired"],
)
def test_a_payment_that_is_settled_is_never_due(
    store: PaymentStore, pending: Payment, changes: list[Callable[[Payment], Payment]]
) -> None:
    payment = pending
    for change in changes:
        payment = change(payment)
        store.save(payment)

    assert due(store, pending.client_id, FAR_AHEAD) == []


def test_a_payment_that_was_made_and_claimed_in_one_is_due_when_its_lease_ends(
    store: PaymentStore, client_id: str
) -> None:
    payment = Payment.created_and_claimed(order("k1", client_id, wallet_id="wal_1"), NOON, "r1")
    store.add(payment)

    assert due(store, client_id, NOON + LEASE_FOR - MOMENT) == []
    assert due(store, client_id, NOON + LEASE_FOR) == [payment.id]


def test_all_shards_together_yield_everything_once(store: PaymentStore, client_id: str) -> None:
    payments = [Payment.created(order(f"k{number}", client_id), NOON) for number in range(60)]
    for payment in payments:
        store.add(payment)

    found = Counter(due(store, client_id, FAR_AHEAD))
    filled = [
        any(key.client_id == client_id for key in store.due(FAR_AHEAD, shard))
        for shard in range(DUE_SHARD_COUNT)
    ]

    assert found == Counter(payment.id for payment in payments)
    assert all(filled)


def test_a_payment_stays_in_its_shard(store: PaymentStore, pending: Payment) -> None:
    def shards() -> list[int]:
        key = PaymentKey(pending.client_id, pending.id)
        return [each for each in range(DUE_SHARD_COUNT) if key in store.due(FAR_AHEAD, each)]

    before = shards()
    store.save(claimed(pending))

    assert shards() == before


def test_a_shard_of_many_pages_yields_each_payment_once_the_oldest_first(
    store: PaymentStore, client_id: str
) -> None:
    payment_count = 2 * DUE_PAGE_COUNT + 1
    keys = (f"p{number}" for number in count() if due_shard(f"pay_p{number}") == "3")
    payments = [
        Payment.created(order(key, client_id), NOON - number * SECOND)
        for number, key in enumerate(islice(keys, payment_count))
    ]
    for payment in payments:
        store.add(payment)

    found = [key for key in store.due(FAR_AHEAD, 3) if key.client_id == client_id]

    assert found == [PaymentKey(client_id, payment.id) for payment in reversed(payments)]
