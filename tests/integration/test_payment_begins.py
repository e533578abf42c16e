"""What is begun blindly: every store does as the pure `begun` would, and the fake too."""

from datetime import timedelta

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.payment_item import due_shard
from evenkeel.errors import ObjectNotFound
from evenkeel.ledger.commands import Posted
from evenkeel.ledger.transfer import TransferKind
from evenkeel.payments import ending, refunding
from evenkeel.payments.ending import Ending, EndingKind
from evenkeel.payments.leases import Lease
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from evenkeel.payments.ports import (
    Begun,
    PaymentKey,
    PaymentStore,
)
from evenkeel.payments.refunding import REFUND_COUNT_MAX, RefundOrder
from tests.fakes.clock import NOON
from tests.fakes.payment_store import InMemoryPaymentStore
from tests.integration.stores import payment_store
from tests.payments import order

SECOND = timedelta(seconds=1)
MOMENT = timedelta(microseconds=1)
LEASE = Lease.taken("r2", NOON)


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> PaymentStore:
    return InMemoryPaymentStore() if request.param == "fake" else payment_store(dynamodb)


@pytest.fixture
def pending(store: PaymentStore, client_id: str) -> Payment:
    payment = Payment.created(order("k1", client_id), NOON)
    assert store.add(payment) is payment
    return payment


@pytest.fixture
def held(store: PaymentStore, client_id: str) -> Payment:
    """Of 400."""
    wanted = order("k2", client_id, wallet_id="wal_1", capture=Capture.MANUAL)
    claimed = Payment.created_and_claimed(wanted, NOON, "r1")
    store.add(claimed)
    authorized = claimed.debited(NOON, "trf_1")
    store.save(authorized)
    return authorized


@pytest.fixture
def captured(store: PaymentStore, held: Payment) -> Payment:
    wish = Ending(EndingKind.CAPTURE)
    before = ending.begun(held, wish, LEASE, NOON)
    store.save(before)
    after = ending.ended(before, Posted("trf_2", TransferKind.CAPTURE, 400), NOON)
    store.save(after)
    return after


def key_of(payment: Payment) -> PaymentKey:
    return PaymentKey(payment.client_id, payment.id)


@pytest.mark.parametrize(
    "wish",
    [
        Ending(EndingKind.CAPTURE),
        Ending(EndingKind.CAPTURE, 400),
        Ending(EndingKind.CAPTURE, 1),
        Ending(EndingKind.VOID),
        Ending(EndingKind.EXPIRY),
    ],
    ids=str,
)
def test_the_end_of_a_hold_is_begun_blindly_as_it_would_be_by_who_has_read_it(
    store: PaymentStore, held: Payment, wish: Ending
) -> None:
    begun = store.begin_ending(key_of(held), wish, LEASE, NOON + SECOND)

    assert begun == Begun(held, is_written=True)
    after = ending.begun(held, wish, LEASE, NOON + SECOND)
    assert store.get(held.client_id, held.id) == after
    shard = int(due_shard(held.id))
    assert key_of(held) in set(store.due(LEASE.until, shard))
    assert key_of(held) not in set(store.due(LEASE.until - MOMENT, shard))


def test_a_hold_is_not_ended_blindly_for_more_than_it_is(
    store: PaymentStore, held: Payment
) -> None:
    begun = store.begin_ending(key_of(held), Ending(EndingKind.CAPTURE, 401), LEASE, NOON)

    assert begun == Begun(held, is_written=False)
    assert store.get(held.client_id, held.id) == held


def test_a_hold_whose_end_is_begun_is_not_ended_blindly(store: PaymentStore, held: Payment) -> None:
    store.begin_ending(key_of(held), Ending(EndingKind.CAPTURE), LEASE, NOON)
    before = store.get(held.client_id, held.id)

    begun = store.begin_ending(key_of(held), Ending(EndingKind.VOID), LEASE, NOON)

    assert begun == Begun(before, is_written=False)
    assert store.get(held.client_id, held.id) == before


def test_a_late_copy_of_a_begin_begins_nothing_again(store: PaymentStore, held: Payment) -> None:
    wish = Ending(EndingKind.CAPTURE)
    store.begin_ending(key_of(held), wish, LEASE, NOON + SECOND)
    begun = store.get(held.client_id, held.id)
    given_back = ending.released(begun, NOON + 2 * SECOND, "busy")
    store.save(given_back)

    late = store.begin_ending(key_of(held), wish, LEASE, NOON + SECOND)

    assert late == Begun(given_back, is_written=False)
    assert store.get(held.client_id, held.id) == given_back


def test_what_is_no_hold_is_not_ended_blindly(
    store: PaymentStore, pending: Payment, captured: Payment
) -> None:
    for payment in (pending, captured):
        begun = store.begin_ending(key_of(payment), Ending(EndingKind.VOID), LEASE, NOON)

        assert begun == Begun(payment, is_written=False)


@pytest.mark.parametrize("amount_minor", [None, 1, 399, 400])
def test_a_refund_is_begun_blindly_as_it_would_be_by_who_has_read_the_payment(
    store: PaymentStore, captured: Payment, amount_minor: int | None
) -> None:
    wanted = RefundOrder("ref_a", "same", amount_minor, "salt")

    begun = store.begin_refund(key_of(captured), wanted, LEASE, NOON + SECOND)

    assert begun == Begun(captured, is_written=True)
    after = refunding.begun(captured, wanted, LEASE, NOON + SECOND)
    assert store.get(captured.client_id, captured.id) == after
    assert key_of(captured) in set(store.due(LEASE.until, int(due_shard(captured.id))))


def test_a_refund_that_is_begun_does_not_put_off_an_older_one(
    store: PaymentStore, captured: Payment
) -> None:
    key, later = key_of(captured), Lease.taken("r3", NOON + SECOND)
    store.begin_refund(key, RefundOrder("ref_a", "same", 1), LEASE, NOON)
    store.begin_refund(key, RefundOrder("ref_b", "same", 1), later, NOON + SECOND)

    assert key in set(store.due(LEASE.until, int(due_shard(captured.id))))


def test_refunds_take_what_is_left_and_no_more(store: PaymentStore, captured: Payment) -> None:
    key = key_of(captured)
    assert store.begin_refund(key, RefundOrder("ref_a", "same", 150), LEASE, NOON).is_written
    assert not store.begin_refund(key, RefundOrder("ref_b", "same", 251), LEASE, NOON).is_written
    assert store.begin_refund(key, RefundOrder("ref_c", "same"), LEASE, NOON).is_written
    for amount_minor in (None, 1):
        wanted = RefundOrder("ref_d", "same", amount_minor)
        assert not store.begin_refund(key, wanted, LEASE, NOON).is_written

    stored = store.get(captured.client_id, captured.id)
    amounts = {refund.id: refund.amount_minor for refund in stored.refunds.values()}
    assert amounts == {"ref_a": 150, "ref_c": 250}
    assert stored.refundable_minor == 0


def test_a_refund_that_is_known_is_not_begun_blindly(
    store: PaymentStore, captured: Payment
) -> None:
    wanted = RefundOrder("ref_a", "same", 150)
    store.begin_refund(key_of(captured), wanted, LEASE, NOON)
    before = store.get(captured.client_id, captured.id)

    assert store.begin_refund(key_of(captured), wanted, LEASE, NOON) == Begun(
        before, is_written=False
    )


def test_a_late_copy_of_a_refund_begins_nothing(store: PaymentStore, captured: Payment) -> None:
    key, wanted = key_of(captured), RefundOrder("ref_a", "same", 400)
    store.begin_refund(key, RefundOrder("ref_b", "same", 100), LEASE, NOON + SECOND)
    begun = store.get(captured.client_id, captured.id)
    given_back = refunding.released(begun, begun.refunds["ref_b"], NOON + 2 * SECOND, "busy")
    store.save(given_back)

    late = store.begin_refund(key, wanted, LEASE, NOON + SECOND)

    assert late == Begun(given_back, is_written=False)
    assert store.get(captured.client_id, captured.id) == given_back


def test_what_was_not_captured_is_not_paid_back_blindly(
    store: PaymentStore, pending: Payment, held: Payment
) -> None:
    for payment in (pending, held):
        begun = store.begin_refund(key_of(payment), RefundOrder("ref_a", "same"), LEASE, NOON)

        assert begun == Begun(payment, is_written=False)


def test_a_payment_with_many_refunds_gets_no_other_one_blindly(
    store: PaymentStore, captured: Payment
) -> None:
    for number in range(REFUND_COUNT_MAX):
        wanted = RefundOrder(f"ref_{number}", "same", 1)
        assert store.begin_refund(key_of(captured), wanted, LEASE, NOON).is_written

    wanted = RefundOrder("ref_last", "same", 1)
    assert not store.begin_refund(key_of(captured), wanted, LEASE, NOON).is_written


def test_every_change_of_a_refund_is_read_as_it_was_saved(
    store: PaymentStore, captured: Payment
) -> None:
    store.begin_refund(key_of(captured), RefundOrder("ref_a", "same", 150), LEASE, NOON)
    begun = store.get(captured.client_id, captured.id)
    left_open = refunding.left_open(begun, begun.refunds["ref_a"], NOON, "lost")
    store.save(left_open)
    assert store.get(captured.client_id, captured.id) == left_open

    succeeded = refunding.succeeded(left_open, left_open.refunds["ref_a"], NOON)
    store.save(succeeded)
    assert store.get(captured.client_id, captured.id) == succeeded


def test_nothing_is_begun_in_a_payment_that_does_not_exist(
    store: PaymentStore, captured: Payment
) -> None:
    for key in (PaymentKey("cli_other", captured.id), PaymentKey(captured.client_id, "pay_x")):
        with pytest.raises(ObjectNotFound):
            store.begin_ending(key, Ending(EndingKind.VOID), LEASE, NOON)
        with pytest.raises(ObjectNotFound):
            store.begin_refund(key, RefundOrder("ref_a", "same"), LEASE, NOON)
