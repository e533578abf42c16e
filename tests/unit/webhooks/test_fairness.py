"""An endpoint that fails, or is slow, takes one sender at most, and nobody else's time."""

from datetime import timedelta

import pytest

from evenkeel.webhooks.delivery import DeliveryStatus, Failure, Outcome
from evenkeel.webhooks.model import STRIKE_COUNT_MAX
from evenkeel.webhooks.ports import Due
from tests.fakes.postman import ERROR, OK
from tests.unit.webhooks.office import CLIENT, Office

TIMED_OUT = Outcome(10_000, failure=Failure.TIMED_OUT)
SLOW = Outcome(9_000, status_code=200)


@pytest.fixture(autouse=True)
def registered(office: Office) -> None:
    office.register()


def strike(office: Office, outcome: Outcome) -> None:
    """Have the endpoint fail, or be slow, until it is limited."""
    office.postman.outcomes = [outcome] * STRIKE_COUNT_MAX
    for number in range(STRIKE_COUNT_MAX):
        office.happen(f"strike-{number}")
        office.send_next()
    office.queue.waiting.clear()


def taken(office: Office, count: int) -> list[Due]:
    """Have so many events happen, and their messages taken from the queue at the same time."""
    for number in range(count):
        office.happen(f"e{number}")
    return [office.queue.take() for _ in range(count)]


def test_a_healthy_endpoint_is_sent_to_by_as_many_as_there_are(office: Office) -> None:
    first, *others = taken(office, 4)
    sent_in_between: list[int] = []

    def meanwhile() -> None:
        sent_in_between.append(len(others))
        if others:
            office.sender.send(others.pop())

    office.postman.while_sending = meanwhile
    office.sender.send(first)

    assert sent_in_between == [3, 2, 1, 0]


@pytest.mark.parametrize("outcome", [ERROR, TIMED_OUT], ids=["error", "timeout"])
def test_after_a_failure_of_one_that_is_limited_nobody_tries_for_half_a_minute(
    office: Office, outcome: Outcome
) -> None:
    """A sender that waits ten seconds for it, again and again, is lost to all others."""
    strike(office, outcome)
    failed_at = office.clock()
    office.postman.always = outcome
    times: list[float] = []
    office.postman.while_sending = lambda: times.append(
        (office.clock() - failed_at).total_seconds()
    )
    dues = taken(office, 20)
    for second in range(121):
        office.clock.now = failed_at + timedelta(seconds=second)
        for due in dues:
            office.sender.send(due)

    assert times == [30, 60, 90, 120]


def test_one_that_is_only_slow_is_not_made_to_rest(office: Office) -> None:
    strike(office, SLOW)
    office.postman.always = SLOW
    began = len(office.postman.sent)
    for due in taken(office, 5):
        office.sender.send(due)

    assert len(office.postman.sent) == began + 5


@pytest.mark.parametrize("outcome", [ERROR, TIMED_OUT, SLOW], ids=["error", "timeout", "slow"])
def test_one_that_struck_three_times_is_sent_to_by_one_at_a_time(
    office: Office, outcome: Outcome
) -> None:
    strike(office, outcome)
    office.later(seconds=30)
    first, *others = taken(office, 4)
    began = len(office.postman.sent)
    office.postman.outcomes = [outcome]

    def meanwhile() -> None:
        for due in others:
            office.sender.send(due)

    office.postman.while_sending = meanwhile
    office.sender.send(first)

    assert len(office.postman.sent) == began + 1
    assert [each for each in office.queue.dues if each in others] == others
    waiting = [office.delivery(f"e{number}") for number in range(1, 4)]
    assert {(each.attempt_count, each.status) for each in waiting} == {(0, DeliveryStatus.PENDING)}


def test_two_failures_limit_nothing(office: Office) -> None:
    office.postman.outcomes = [ERROR] * 2
    for number in range(2):
        office.happen(f"strike-{number}")
        office.send_next()

    assert not office.health().is_limited


def test_one_success_ends_it_and_all_that_waited_is_delivered(office: Office) -> None:
    strike(office, TIMED_OUT)
    for number in range(20):
        office.happen(f"e{number}")
    office.send_all()

    assert not office.health().is_limited
    assert {office.delivery(f"e{number}").attempt_count for number in range(20)} == {1}


def test_a_slow_success_is_a_delivery_and_no_failure(office: Office) -> None:
    strike(office, SLOW)

    assert office.health().is_limited
    assert office.health().failing_since is None
    assert {each.status for each in office.log()} == {DeliveryStatus.DELIVERED}


def test_who_waits_looks_again_ever_less_often_and_is_given_up_after_a_day(
    office: Office,
) -> None:
    strike(office, ERROR)
    office.happen("e1")
    began_at = office.clock()
    looks = 0
    while office.queue.waiting:
        # Somebody else's delivery is under way, always.
        _, health = office.endpoints.look(CLIENT, "whk_k1")
        office.endpoints.save_health(
            CLIENT, "whk_k1", health.tried(office.clock.now.replace(year=2030))
        )
        office.send_next()
        looks += 1

    delivery = office.delivery()
    assert (delivery.status, delivery.attempt_count) == (DeliveryStatus.FAILED, 0)
    assert 24 * 3600 < (office.clock() - began_at).total_seconds() < 25 * 3600
    assert looks < 250


def test_a_trial_whose_sender_died_ends_with_its_lease(office: Office) -> None:
    strike(office, ERROR)
    office.later(seconds=30)
    office.happen("e1")

    def die() -> None:
        raise KeyboardInterrupt

    office.postman.while_sending = die
    with pytest.raises(KeyboardInterrupt):
        office.send_next()
    office.postman.while_sending = lambda: None
    office.postman.always = OK
    office.happen("e2")
    office.send_all()

    assert office.delivery("e2").status is DeliveryStatus.DELIVERED
