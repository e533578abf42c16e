"""What has waited for too long, to the second."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from evenkeel.ledger.transfer import Transfer
from evenkeel.payments import ending, refunding
from evenkeel.payments.ending import EndingKind
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import HOLD_FOR, HOLD_GRACE, Payment
from tests.fakes.clock import NOON
from tests.payments import order
from tests.unit.reconciliation.cases import (
    CLIENT,
    FULL,
    claimed,
    debited,
    ending_begun,
    findings,
    found,
    held,
    refund_begun,
    voided,
)

MOMENT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
LATE = timedelta(minutes=5)
Made = Callable[[], tuple[Any, ...]]


def in_process() -> tuple[Payment]:
    return (claimed(),)


def with_an_end_begun() -> tuple[Payment, Transfer]:
    return ending_begun(EndingKind.VOID)


def with_a_refund_begun() -> tuple[Payment, Transfer]:
    payment, debit = debited()
    return refund_begun(payment, debit, 100)[0], debit


def left_in_process() -> tuple[Payment]:
    return (claimed().left_open(NOON, "unconfirmed"),)


def with_an_end_left_open() -> tuple[Payment, Transfer]:
    begun, hold = ending_begun(EndingKind.VOID)
    return ending.left_open(begun, NOON, "unconfirmed"), hold


def with_a_refund_left_open() -> tuple[Payment, Transfer]:
    begun, debit = with_a_refund_begun()
    return refunding.left_open(begun, begun.refunds["ref_f"], NOON, "unconfirmed"), debit


def test_a_payment_may_wait_for_ten_minutes() -> None:
    waiting = Payment.created(order("k1", CLIENT, wallet_id=FULL.id), NOON)
    ten_minutes = NOON + timedelta(minutes=10)

    assert found(waiting, now=ten_minutes) == []
    assert found(waiting, now=ten_minutes + MOMENT) == [("STUCK_PENDING", None)]


@pytest.mark.parametrize("made", [in_process, with_an_end_begun])
def test_whoever_works_on_it_has_five_minutes(made: Made) -> None:
    payment, *records = made()

    assert found(payment, *records, now=NOON + LATE - MOMENT) == []
    assert found(payment, *records, now=NOON + LATE) == [("STUCK_PROCESSING", None)]


def test_whoever_works_on_a_refund_has_five_minutes_more_than_the_lease() -> None:
    payment, *records = with_a_refund_begun()
    over = NOON + LEASE_FOR + LATE

    assert found(payment, *records, now=over - MOMENT) == []
    assert found(payment, *records, now=over) == [("STUCK_PROCESSING", None)]


@pytest.mark.parametrize("made", [left_in_process, with_an_end_left_open, with_a_refund_left_open])
def test_what_nobody_works_on_is_gone_on_with_within_five_minutes(made: Made) -> None:
    payment, *records = made()

    assert found(payment, *records, now=NOON + LATE - MOMENT) == []
    assert found(payment, *records, now=NOON + LATE) == [("STUCK_PROCESSING", None)]


@pytest.mark.parametrize("count", [5, 60, 200])
def test_what_is_tried_again_and_again_counts_from_the_first_try(count: int) -> None:
    """Each try makes it due anew, and many tries leave no room for all of them in its history."""
    payment = claimed()
    for number in range(1, count + 1):
        payment = payment.left_open(NOON + number * SECOND, "unconfirmed")
        payment = payment.claimed(FULL.id, NOON + number * SECOND, f"r{number}")

    assert found(payment, now=NOON + LATE - MOMENT) == []
    assert found(payment, now=NOON + LATE) == [("STUCK_PROCESSING", None)]


@pytest.mark.parametrize("count", [1, 60, 200])
def test_tries_that_came_to_nothing_before_do_not_count(count: int) -> None:
    payment = claimed()
    for number in range(1, count + 1):
        payment = payment.released(NOON + number * SECOND, "busy")
        payment = payment.claimed(FULL.id, NOON + number * SECOND, f"r{number}")
    for number in range(count, count + 80):
        payment = payment.left_open(NOON + number * SECOND, "unconfirmed")
        payment = payment.claimed(FULL.id, NOON + number * SECOND, f"s{number}")
    over = NOON + count * SECOND + LATE

    assert found(payment, now=over - MOMENT) == []
    assert found(payment, now=over) == [("STUCK_PROCESSING", None)]


def test_a_payment_that_is_not_given_up_is_late_by_its_creation_however_often_it_was_tried() -> (
    None
):
    payment = claimed()
    for number in range(1, 13):
        tried_at = NOON + number * timedelta(minutes=1)
        payment = payment.released(tried_at, "busy")
        payment = payment.claimed(FULL.id, tried_at, f"r{number}")
    waiting = payment.released(NOON + timedelta(minutes=12), "busy")

    assert found(waiting, now=NOON + timedelta(minutes=12)) == [("STUCK_PENDING", None)]


def test_of_several_refunds_the_first_counts_and_the_payment_is_told_once() -> None:
    payment, debit = debited()
    payment, _ = refund_begun(payment, debit, 100, "a")
    payment, _ = refund_begun(payment, debit, 100, "b")
    payment = refunding.left_open(payment, payment.refunds["ref_b"], NOON, "unconfirmed")

    (finding,) = findings(payment, debit, now=NOON + LATE)

    assert finding.type == "STUCK_PROCESSING"
    assert finding.expected == {"settledBy": "2026-01-01T12:05:00.000000Z"}
    assert finding.actual == {"status": "COMPLETED", "waitingSince": "2026-01-01T12:00:00.000000Z"}


def test_what_has_come_to_its_end_is_never_late() -> None:
    assert found(*debited(), now=NOON + timedelta(days=1000)) == []
    assert found(*voided(), now=NOON + timedelta(days=1000)) == []


def test_a_hold_that_nobody_has_ended_an_hour_after_its_time_is_for_nothing() -> None:
    payment, hold = held()
    over = NOON + HOLD_FOR + HOLD_GRACE + timedelta(hours=1)

    assert found(payment, hold, now=over - MOMENT) == []
    assert found(payment, hold, now=over) == [("STALE_HOLD", hold.id)]


def test_a_hold_that_has_ended_unasked_is_told_once_however_late() -> None:
    payment, hold = held()
    _, _, release = voided()
    late = NOON + timedelta(days=30)

    assert found(payment, hold, release, now=late) == [("STALE_HOLD", hold.id)]
    assert found(payment, now=late) == [("COMPLETED_LEDGER_MISSING", hold.id)]
