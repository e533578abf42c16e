from dataclasses import replace
from datetime import timedelta

import pytest

from evenkeel.errors import Declined, DeclineReason, InvalidState, RequestInProgress
from evenkeel.money import Money
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Order
from evenkeel.payments.states import HISTORY_COUNT_MAX, TRANSITIONS, Event, PaymentStatus
from tests.fakes.clock import NOON

ORDER = Order("pay_1", "same", "cli_a", "alice", "coffee", Money(1250, "EUR"))
LATER = NOON + timedelta(seconds=1)
AFTER_LEASE = NOON + LEASE_FOR

PENDING = Payment.created(ORDER, NOON)
CLAIMED = PENDING.claimed("wal_1", NOON, "r1")
DECLINED = Declined(DeclineReason.WALLET_FROZEN, "frozen", first_request_id="r1")

FINAL = {PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.REFUNDED}


def in_status(status: PaymentStatus) -> Payment:
    return replace(CLAIMED, status=status, lease=None)


def test_the_diagram_of_the_contract_is_the_table() -> None:
    changes = {(before, after) for (before, _), after in TRANSITIONS.items() if before is not after}

    assert {f"{before} → {after}" for before, after in changes} == {
        "PENDING → PROCESSING",
        "PENDING → CANCELLED",
        "PROCESSING → PENDING",
        "PROCESSING → AUTHORIZED",
        "PROCESSING → COMPLETED",
        "PROCESSING → FAILED",
        "AUTHORIZED → COMPLETED",
        "AUTHORIZED → CANCELLED",
        "COMPLETED → PARTIALLY_REFUNDED",
        "COMPLETED → REFUNDED",
        "PARTIALLY_REFUNDED → REFUNDED",
    }


def test_nothing_leads_out_of_a_final_status() -> None:
    assert not FINAL & {before for before, _ in TRANSITIONS}


@pytest.mark.parametrize("status", PaymentStatus)
@pytest.mark.parametrize(
    ("event", "act"),
    [
        (Event.CLAIMED, lambda payment: payment.claimed("wal_1", LATER, "r1")),
        (Event.RELEASED, lambda payment: payment.released(LATER, "cause")),
        (Event.LEFT_OPEN, lambda payment: payment.left_open(LATER, "cause")),
        (Event.COMPLETED, lambda payment: payment.debited(LATER, "trf_1")),
        (Event.DECLINED, lambda payment: payment.declined(LATER, DECLINED)),
    ],
)
def test_every_event_in_every_status_is_in_the_table_or_refused(
    status: PaymentStatus, event: Event, act: object
) -> None:
    before = in_status(status)
    assert callable(act)

    if (status, event) in TRANSITIONS:
        after = act(before)
        assert after.status is TRANSITIONS[status, event]
        assert after.version == before.version + 1
        return
    with pytest.raises(InvalidState) as caught:
        act(before)
    assert (caught.value.subject, caught.value.status) == ("payment", status)


def test_a_payment_is_claimed_by_one_at_a_time() -> None:
    with pytest.raises(RequestInProgress):
        CLAIMED.claimed("wal_1", AFTER_LEASE - timedelta(microseconds=1), "r2")

    assert CLAIMED.claimed("wal_1", AFTER_LEASE, "r1").attempts == 2


def test_a_payment_keeps_to_the_wallet_that_it_was_claimed_for() -> None:
    with pytest.raises(InvalidState):
        CLAIMED.released(LATER, "busy").claimed("wal_2", LATER, "r1")


def test_what_was_not_applied_is_pending_again() -> None:
    released = CLAIMED.released(LATER, "busy")

    assert (released.status, released.lease) == (PaymentStatus.PENDING, None)


def test_what_an_earlier_attempt_may_have_applied_is_not_pending_again() -> None:
    """Else it could be voided, and debited all the same."""
    left_open = CLAIMED.left_open(LATER, "timeout")
    again = left_open.claimed("wal_1", LATER, "r1").released(LATER, "busy")

    assert again.status is PaymentStatus.PROCESSING


def test_what_somebody_died_over_is_not_pending_again() -> None:
    orphaned = CLAIMED.claimed("wal_1", AFTER_LEASE, "r1")

    assert orphaned.released(AFTER_LEASE, "busy").status is PaymentStatus.PROCESSING


def test_a_completed_payment_shows_what_was_debited() -> None:
    completed = CLAIMED.debited(LATER, "trf_1")

    assert (completed.transfer_id, completed.captured_minor) == ("trf_1", 1250)
    assert completed.processed_at == LATER


def test_a_failed_payment_shows_why() -> None:
    failed = CLAIMED.declined(LATER, DECLINED)

    assert failed.failure is not None
    assert (failed.failure.reason, failed.failure.request_id) == ("wallet_frozen", "r1")
    assert (failed.captured_minor, failed.transfer_id) == (0, None)


def test_a_payment_can_be_shown_as_it_was_created() -> None:
    assert CLAIMED.debited(LATER, "trf_1").as_created() == PENDING


def test_a_payment_can_be_shown_as_it_was_processed() -> None:
    completed = CLAIMED.debited(LATER, "trf_1")
    refunded = replace(
        completed,
        status=PaymentStatus.REFUNDED,
        version=9,
        updated_at=AFTER_LEASE,
        refunded_minor=1250,
    )

    assert refunded.as_processed() == completed


def test_created_and_claimed_at_once_is_one_version_with_both_lines() -> None:
    payment = Payment.created_and_claimed(replace(ORDER, wallet_id="wal_1"), NOON, "r1")

    assert (payment.version, payment.status) == (1, PaymentStatus.PROCESSING)
    assert [(line.version, line.event) for line in payment.history] == [
        (1, "created"),
        (1, "claimed"),
    ]


def test_a_long_history_keeps_its_beginning_and_its_end() -> None:
    payment = PENDING
    for _ in range(HISTORY_COUNT_MAX):
        payment = payment.claimed("wal_1", NOON, "r1").released(NOON, "busy")

    versions = [line.version for line in payment.history]
    assert len(versions) == HISTORY_COUNT_MAX
    assert versions[:10] == list(range(1, 11))
    assert versions[-1] == payment.version == 2 * HISTORY_COUNT_MAX + 1
