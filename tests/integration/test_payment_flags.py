"""One contract, every store: remarkable payments are listed, and no others."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.errors import ObjectNotFound
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import FlagQuery, PaymentKey, PaymentStore
from evenkeel.screening.anomaly import (
    CLEAR,
    UNKNOWN,
    Anomaly,
    AnomalyStatus,
    Rule,
    Unusual,
)
from tests.fakes.clock import NOON
from tests.fakes.payment_store import InMemoryPaymentStore
from tests.integration.stores import payment_store
from tests.payments import order

SECOND = timedelta(seconds=1)
FLAGGED = Anomaly(
    AnomalyStatus.FLAGGED, (Rule.VELOCITY_EXCEEDED, Rule.LARGE_AMOUNT), (Rule.DUPLICATE_AMOUNT,)
)
UNUSUAL = Unusual(NOON + SECOND, 0.97, ("an amount of 90.00, usually about 4.00", "at night"))


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> PaymentStore:
    return InMemoryPaymentStore() if request.param == "fake" else payment_store(dynamodb)


def added(
    store: PaymentStore, client_id: str, key: str, anomaly: Anomaly, *, second: int = 0
) -> Payment:
    payment = Payment.created(order(key, client_id), NOON + second * SECOND, anomaly)
    store.add(payment)
    return payment


@pytest.fixture
def twelve(store: PaymentStore, client_id: str) -> Sequence[Payment]:
    """Remarkable ones, a second apart, with a clear and an unknown one beside each."""
    for number in range(12):
        added(store, client_id, f"clear{number}", CLEAR, second=number)
        added(store, client_id, f"unknown{number}", UNKNOWN, second=number)
    return [added(store, client_id, f"k{number}", FLAGGED, second=number) for number in range(12)]


def listed(store: PaymentStore, query: FlagQuery) -> list[str]:
    ids: list[str] = []
    while True:
        page = store.flagged(query)
        assert len(page.payments) <= query.limit
        ids += [payment.id for payment in page.payments]
        if page.next is None:
            return ids
        query = replace(query, after=page.next)


@pytest.mark.parametrize("anomaly", [CLEAR, UNKNOWN, FLAGGED])
def test_what_was_remarkable_about_a_payment_is_kept(
    store: PaymentStore, client_id: str, anomaly: Anomaly
) -> None:
    payment = added(store, client_id, "k1", anomaly)

    assert store.get(client_id, payment.id) == payment


@pytest.mark.parametrize("limit", [1, 5, 12, 100])
def test_they_come_newest_first_whatever_the_page(
    store: PaymentStore, twelve: Sequence[Payment], client_id: str, limit: int
) -> None:
    newest_first = [payment.id for payment in reversed(twelve)]

    assert listed(store, FlagQuery(client_id, limit)) == newest_first


def test_a_window_takes_its_beginning_in_and_leaves_its_end_out(
    store: PaymentStore, twelve: Sequence[Payment], client_id: str
) -> None:
    window = FlagQuery(client_id, 2, since=NOON + 3 * SECOND, until=NOON + 6 * SECOND)

    assert listed(store, window) == ["pay_k5", "pay_k4", "pay_k3"]
    assert listed(store, replace(window, until=NOON)) == []


def test_another_client_sees_none_of_them(
    store: PaymentStore, twelve: Sequence[Payment], client_id: str
) -> None:
    assert listed(store, FlagQuery(f"{client_id}x", 9)) == []


def test_what_is_found_late_flags_a_payment_and_is_no_new_version(
    store: PaymentStore, client_id: str
) -> None:
    payment = added(store, client_id, "k1", CLEAR)
    key = PaymentKey(client_id, payment.id)

    store.mark_unusual(key, UNUSUAL)
    store.mark_unusual(key, replace(UNUSUAL, score=0.5))

    assert store.get(client_id, payment.id) == replace(payment, unusual=UNUSUAL)
    assert listed(store, FlagQuery(client_id, 9)) == [payment.id]


def test_whoever_works_on_a_payment_leaves_what_was_found_in_it(
    store: PaymentStore, client_id: str
) -> None:
    payment = added(store, client_id, "k1", CLEAR)
    store.mark_unusual(PaymentKey(client_id, payment.id), UNUSUAL)

    store.save(payment.claimed("wal_1", NOON, "r1"))

    found = store.get(client_id, payment.id)
    assert (found.version, found.unusual) == (2, UNUSUAL)
    assert listed(store, FlagQuery(client_id, 9)) == [payment.id]


def test_a_payment_that_is_not_there_cannot_be_marked(store: PaymentStore, client_id: str) -> None:
    with pytest.raises(ObjectNotFound):
        store.mark_unusual(PaymentKey(client_id, "pay_none"), UNUSUAL)

    assert store.find(client_id, "pay_none") is None
