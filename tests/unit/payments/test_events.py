"""What changes of a payment tell, by both images."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from evenkeel.events.model import EventType
from evenkeel.payments.events import TOLD, events_between
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import Refund, RefundStatus
from evenkeel.payments.states import PaymentStatus
from tests.fakes.clock import NOON
from tests.payments import order

CREATED = Payment.created(order("k1"), NOON)
LATER = NOON + timedelta(seconds=1)


def shown(payment: Payment, refund: Refund | None) -> dict[str, Any]:
    return {"version": payment.version, "refund": refund.id if refund else None}


def told(before: Payment | None, after: Payment) -> list[EventType]:
    return [event.type for event in events_between(before, after, shown)]


def moved(payment: Payment, status: PaymentStatus) -> Payment:
    return replace(payment, status=status, version=payment.version + 1, updated_at=LATER)


def test_a_new_payment_is_told_as_it_was_created() -> None:
    [event] = events_between(None, CREATED, shown)

    assert event.type is EventType.PAYMENT_CREATED
    assert (event.client_id, event.object_id, event.version) == ("cli_a", "pay_k1", 1)
    assert (event.occurred_at, event.data) == (NOON, {"version": 1, "refund": None})


def test_a_payment_that_is_created_and_claimed_in_one_write_is_told_as_created() -> None:
    claimed = Payment.created_and_claimed(order("k1", wallet_id="wal_a"), NOON, "request-1")

    assert told(None, claimed) == [EventType.PAYMENT_CREATED]


@pytest.mark.parametrize(("status", "type_"), TOLD.items())
def test_a_new_state_is_told_once(status: PaymentStatus, type_: EventType) -> None:
    after = moved(CREATED, status)
    [event] = events_between(CREATED, after, shown)

    assert (event.type, event.version, event.occurred_at) == (type_, 2, LATER)
    assert told(after, replace(after, version=3)) == []


@pytest.mark.parametrize("status", [PaymentStatus.PENDING, PaymentStatus.PROCESSING])
def test_what_is_our_own_business_is_not_told(status: PaymentStatus) -> None:
    claimed = moved(CREATED, PaymentStatus.PROCESSING)

    assert told(claimed, moved(claimed, status)) == []


def refunding(*refunds: tuple[str, RefundStatus]) -> Payment:
    return replace(
        moved(CREATED, PaymentStatus.COMPLETED),
        captured_minor=400,
        refunds={id_: Refund(id_, "same", 100, NOON, status=status) for id_, status in refunds},
    )


def test_a_refund_is_told_when_it_has_arrived() -> None:
    before = refunding(("ref_a", RefundStatus.SUCCEEDED), ("ref_b", RefundStatus.PENDING))
    arrived = refunding(("ref_a", RefundStatus.SUCCEEDED), ("ref_b", RefundStatus.SUCCEEDED))
    [event] = events_between(before, moved(arrived, PaymentStatus.PARTIALLY_REFUNDED), shown)

    assert event.type is EventType.PAYMENT_REFUNDED
    assert event.data == {"version": 3, "refund": "ref_b"}


def test_refunds_that_arrive_with_one_change_are_two_events() -> None:
    before = refunding(("ref_a", RefundStatus.PENDING), ("ref_b", RefundStatus.PENDING))
    after = refunding(("ref_a", RefundStatus.SUCCEEDED), ("ref_b", RefundStatus.SUCCEEDED))
    events = events_between(before, moved(after, PaymentStatus.REFUNDED), shown)

    assert [event.data["refund"] for event in events] == ["ref_a", "ref_b"]
    assert len({event.id for event in events}) == 2


@pytest.mark.parametrize(
    "status", [RefundStatus.PENDING, RefundStatus.FAILED, RefundStatus.RELEASED]
)
def test_a_refund_that_has_not_arrived_is_not_told(status: RefundStatus) -> None:
    before, after = refunding(("ref_a", RefundStatus.PENDING)), refunding(("ref_a", status))

    assert told(before, after) == []


def test_the_same_change_is_the_same_event_each_time() -> None:
    after = moved(CREATED, PaymentStatus.COMPLETED)
    events = [events_between(CREATED, after, shown) for _ in range(2)]

    assert events[0] == events[1]


def test_every_state_is_told_but_those_that_tell_something_else() -> None:
    untold = set(PaymentStatus) - set(TOLD)

    assert untold == {
        PaymentStatus.PENDING,  # Told when it is created, and a release is our own business.
        PaymentStatus.PROCESSING,
        PaymentStatus.PARTIALLY_REFUNDED,  # Each refund is told by itself.
        PaymentStatus.REFUNDED,
    }
