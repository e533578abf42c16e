"""The record of a delivery when senders come late: what they say is logged, and decides little."""

from datetime import datetime, timedelta

import pytest

from evenkeel.webhooks.delivery import (
    LEASE_FOR,
    Attempt,
    Delivery,
    DeliveryStatus,
    Failure,
    Outcome,
)
from tests.fakes.clock import NOON
from tests.fakes.postman import ERROR, OK
from tests.webhooks import delivery

LATER = NOON + timedelta(hours=1)


def attempt(number: int, outcome: Outcome = ERROR) -> Attempt:
    return Attempt(number, NOON, outcome)


@pytest.fixture
def taken_over() -> Delivery:
    """The lease of the first attempt has passed to the second one."""
    return delivery().claimed(NOON).claimed(NOON + LEASE_FOR)


@pytest.mark.parametrize("next_attempt_at", [None, LATER])
def test_a_late_failure_decides_nothing_for_who_is_at_it(
    taken_over: Delivery, next_attempt_at: datetime | None
) -> None:
    answered = taken_over.answered(attempt(1), next_attempt_at, since=NOON)

    assert (answered.status, answered.lease) == (DeliveryStatus.PENDING, taken_over.lease)
    assert answered.next_attempt_at == taken_over.next_attempt_at
    assert [each.outcome for each in answered.attempts] == [ERROR]


@pytest.mark.parametrize("next_attempt_at", [None, LATER])
def test_a_failure_does_not_undo_what_has_arrived_late(
    taken_over: Delivery, next_attempt_at: datetime | None
) -> None:
    arrived = taken_over.answered(attempt(1, OK), None, since=NOON)
    answered = arrived.answered(attempt(2), next_attempt_at, since=NOON)

    assert (answered.status, answered.next_attempt_at) == (DeliveryStatus.DELIVERED, None)
    assert [each.outcome for each in answered.attempts] == [OK, ERROR]


@pytest.mark.parametrize("outcome", [OK, ERROR])
def test_an_attempt_from_before_it_was_asked_for_again_is_logged_only(outcome: Outcome) -> None:
    again = delivery().claimed(NOON).asked_again(LATER)
    answered = again.answered(attempt(1, outcome), None, since=NOON)

    assert (answered.status, answered.next_attempt_at) == (DeliveryStatus.PENDING, LATER)
    assert (answered.lease, answered.round_count) == (None, 0)
    assert [each.outcome for each in answered.attempts] == [outcome]


def test_an_attempt_whose_sender_died_is_in_the_log_of_what_is_given_up() -> None:
    given_up = delivery().claimed(NOON).given_up()

    assert given_up.lease is None
    assert [(each.number, each.outcome.failure) for each in given_up.attempts] == [
        (1, Failure.CUT_OFF)
    ]
