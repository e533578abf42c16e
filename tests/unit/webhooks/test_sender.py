"""One delivery and its attempts: what is sent, when it is tried again, and when that is over."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from standardwebhooks import Webhook

from evenkeel.errors import StoreBusy, StoreUnconfirmed, VersionConflict
from evenkeel.events.model import Severity
from evenkeel.webhooks.delivery import DeliveryStatus, Failure, Outcome
from evenkeel.webhooks.model import DisabledReason, EndpointStatus
from tests.fakes.postman import ERROR, OK
from tests.unit.webhooks.office import CLIENT, Office

FAILURES = [
    *(Outcome(20, status_code=status) for status in (301, 302, 307, 308, 304, 400, 404, 429)),
    *(Outcome(20, status_code=status) for status in (101, 199, 500, 502, 503)),
    *(Outcome(20, failure=failure) for failure in Failure),
]


@pytest.fixture(autouse=True)
def registered(office: Office) -> None:
    office.register()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_an_answer_of_the_200s_is_a_delivery(office: Office, status: int) -> None:
    office.postman.always = Outcome(20, status_code=status)
    office.happen()
    office.send_all()

    delivery = office.delivery()
    assert delivery.status is DeliveryStatus.DELIVERED
    assert [each.outcome.status_code for each in delivery.attempts] == [status]
    assert (delivery.next_attempt_at, delivery.lease) == (None, None)


@pytest.mark.parametrize(
    "outcome", FAILURES, ids=lambda outcome: str(outcome.status_code or outcome.failure)
)
def test_any_other_answer_and_none_is_tried_again(office: Office, outcome: Outcome) -> None:
    office.postman.outcomes = [outcome]
    office.happen()
    office.send_next()
    pending = office.delivery()
    office.send_all()

    assert pending.status is DeliveryStatus.PENDING
    assert pending.next_attempt_at == office.clock()
    delivered = office.delivery()
    assert delivered.status is DeliveryStatus.DELIVERED
    assert [each.outcome for each in delivered.attempts] == [outcome, OK]


def test_each_attempt_sends_the_same_bytes_under_the_same_id_signed_anew(office: Office) -> None:
    office.postman.outcomes = [ERROR, ERROR]
    office.happen()
    office.send_all()
    secret = office.endpoint().secret

    first, second, third = office.postman.sent
    assert first.body == second.body == third.body == office.delivery().body.encode()
    for sent in (first, second, third):
        assert sent.headers["webhook-id"] == "evt_e1"
        stamp = datetime.fromtimestamp(int(sent.headers["webhook-timestamp"]), UTC)
        signed = Webhook(secret).sign("evt_e1", stamp, sent.body.decode())
        assert sent.headers["webhook-signature"] == signed
    assert len({sent.headers["webhook-timestamp"] for sent in office.postman.sent}) == 3


def test_two_secrets_sign_while_the_old_one_is_in_force(office: Office) -> None:
    old = office.endpoint().secret
    new = office.webhooks.rotate(CLIENT, "whk_k1").secret
    office.happen("e1")
    office.send_all()
    office.later(hours=24)
    office.happen("e2")
    office.send_all()

    both, one = (sent.headers["webhook-signature"].split(" ") for sent in office.postman.sent)
    assert (len(both), len(one)) == (2, 1)
    assert new != old


def test_after_fifteen_attempts_within_a_day_it_is_given_up(office: Office) -> None:
    office.postman.always = ERROR
    office.happen()
    began_at = office.clock()
    office.send_all()

    delivery = office.delivery()
    assert (delivery.status, delivery.next_attempt_at) == (DeliveryStatus.FAILED, None)
    assert [each.number for each in delivery.attempts] == list(range(1, 16))
    assert timedelta(hours=18) < office.clock() - began_at <= timedelta(hours=24)
    assert office.endpoint().status is EndpointStatus.ENABLED


def test_no_attempt_is_early_though_the_queue_waits_no_longer_than_a_quarter_of_an_hour(
    office: Office,
) -> None:
    office.postman.outcomes = [ERROR] * 14
    office.happen()
    times = []
    office.postman.while_sending = lambda: times.append(office.clock())
    office.send_all()

    gaps_s = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert gaps_s == [15 * 2**power for power in range(11)] + [18_000] * 3


def test_a_receiver_that_asks_for_patience_is_obeyed(office: Office) -> None:
    office.postman.outcomes = [Outcome(20, status_code=429, retry_after_s=600)]
    office.happen()
    began_at = office.clock()
    office.send_all()

    assert office.clock() - began_at == timedelta(seconds=600)


# --- Twice, and not at all -------------------------------------------------------------------


def test_a_message_that_comes_twice_is_sent_once(office: Office) -> None:
    office.happen()
    due = office.queue.take()
    for _ in range(3):
        office.sender.send(due)

    assert len(office.postman.sent) == 1


def test_the_message_of_an_attempt_that_was_made_is_past(office: Office) -> None:
    office.postman.outcomes = [ERROR]
    office.happen()
    due = office.queue.take()
    office.sender.send(due)
    office.later(hours=1)
    office.sender.send(due)

    assert len(office.postman.sent) == 1
    assert [each.number for each in office.queue.dues] == [2]


def test_a_message_that_is_several_attempts_late_is_past_and_makes_no_second_chain(
    office: Office,
) -> None:
    office.postman.outcomes = [ERROR] * 3
    office.happen()
    first = office.due(1)
    for _ in range(3):
        office.send_next()
    office.sender.send(first)

    assert [each.number for each in office.queue.dues] == [4]


def test_while_one_sends_the_other_waits_and_then_finds_it_done(office: Office) -> None:
    office.happen()
    due = office.queue.take()

    def meanwhile() -> None:
        office.postman.while_sending = lambda: None
        office.sender.send(due)

    office.postman.while_sending = meanwhile
    office.sender.send(due)
    office.send_all()

    assert len(office.postman.sent) == 1
    assert office.delivery().status is DeliveryStatus.DELIVERED


def test_of_two_who_claim_one_version_one_sends(office: Office) -> None:
    office.happen()
    due = office.queue.take()

    def first(_: object) -> None:
        office.deliveries.before_save = lambda _: None
        office.sender.send(due)

    office.deliveries.before_save = first
    office.sender.send(due)
    office.send_all()

    assert len(office.postman.sent) == 1


@pytest.mark.parametrize("error", [StoreBusy(), StoreUnconfirmed()])
def test_who_cannot_claim_it_sends_nothing_and_puts_it_back(
    office: Office, error: Exception
) -> None:
    office.happen()
    office.deliveries.before_save = _raising(error)
    office.send_next()
    sent_then = len(office.postman.sent)
    office.deliveries.before_save = lambda _: None
    office.send_all()

    assert sent_then == 0
    assert office.delivery().status is DeliveryStatus.DELIVERED


def _raising(error: BaseException) -> Callable[[object], None]:
    def fail(_: object) -> None:
        raise error

    return fail


def test_a_sender_that_dies_over_the_request_is_logged_and_it_is_sent_again(
    office: Office,
) -> None:
    office.happen()
    due = office.queue.take()

    def die() -> None:
        raise KeyboardInterrupt

    office.postman.while_sending = die
    with pytest.raises(KeyboardInterrupt):
        office.sender.send(due)
    office.postman.while_sending = lambda: None
    office.sender.send(due)  # SQS hands it out again; the lease is not over.
    sent_then = len(office.postman.sent)
    office.send_all()

    assert sent_then == 1
    delivery = office.delivery()
    assert delivery.status is DeliveryStatus.DELIVERED
    assert [(each.number, each.outcome.failure) for each in delivery.attempts] == [
        (1, Failure.CUT_OFF),
        (2, None),
    ]


@pytest.mark.parametrize("outcome", [OK, ERROR])
def test_a_sender_that_dies_before_the_record_loses_no_delivery(
    office: Office, outcome: Outcome
) -> None:
    office.postman.outcomes = [outcome]
    office.happen()
    due = office.queue.take()
    office.postman.while_sending = lambda: setattr(
        office.deliveries, "before_save", _raising(KeyboardInterrupt())
    )
    with pytest.raises(KeyboardInterrupt):
        office.sender.send(due)
    office.postman.while_sending = lambda: None
    office.deliveries.before_save = lambda _: None
    office.sender.send(due)
    office.send_all()

    assert office.delivery().status is DeliveryStatus.DELIVERED
    assert len(office.postman.sent) == 2
    assert len({sent.headers["webhook-id"] for sent in office.postman.sent}) == 1


def test_a_sender_that_dies_before_the_next_message_loses_no_delivery(office: Office) -> None:
    office.postman.outcomes = [ERROR]
    office.happen()
    due = office.queue.take()
    office.queue.fault = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        office.sender.send(due)
    office.sender.send(due)
    office.send_all()

    assert office.delivery().status is DeliveryStatus.DELIVERED


def test_asking_for_it_again_while_it_is_under_way_is_not_lost(office: Office) -> None:
    office.postman.outcomes = [ERROR]
    office.happen()

    def meanwhile() -> None:
        office.postman.while_sending = lambda: None
        office.webhooks.redeliver(CLIENT, "whk_k1", office.delivery().id)

    office.postman.while_sending = meanwhile
    office.send_all()

    assert office.delivery().status is DeliveryStatus.DELIVERED
    assert [each.number for each in office.delivery().attempts] == [1, 2]


def test_an_answer_that_comes_after_the_lease_is_logged_and_counts_if_it_arrived(
    office: Office,
) -> None:
    office.happen()
    due = office.queue.take()

    def another() -> None:
        office.postman.while_sending = lambda: None
        office.later(minutes=2)
        office.postman.outcomes = [ERROR]
        office.sender.send(due)

    office.postman.while_sending = another
    office.sender.send(due)

    assert office.delivery().status is DeliveryStatus.DELIVERED


def test_a_delivery_that_has_expired_is_let_go(office: Office) -> None:
    office.happen()
    due = office.queue.take()
    office.deliveries.deliveries.clear()
    office.sender.send(due)

    assert (office.postman.sent, office.queue.waiting) == ([], [])


# --- Endpoints that take no more ------------------------------------------------------------


def test_an_endpoint_that_is_gone_is_disabled_at_once_and_people_are_told(office: Office) -> None:
    office.postman.always = Outcome(20, status_code=410)
    office.happen("e1")
    office.happen("e2")
    office.send_all()

    endpoint = office.endpoint()
    assert (endpoint.status, endpoint.disabled_reason) == (
        EndpointStatus.DISABLED,
        DisabledReason.GONE,
    )
    assert len(office.postman.sent) == 1
    assert {each.status for each in office.log()} == {DeliveryStatus.FAILED}
    [alert] = office.alerts.alerts
    assert (alert.type, alert.severity) == ("WebhookDisabled", Severity.MEDIUM)
    assert (alert.client_id, alert.object_id) == (CLIENT, "whk_k1")


def test_after_three_days_without_a_success_the_next_one_that_is_given_up_disables_it(
    office: Office,
) -> None:
    office.postman.always = ERROR
    statuses = []
    for day in range(3):
        office.happen(f"e{day}")
        office.send_all()
        statuses.append(office.endpoint().status)
        office.later(hours=2)

    assert statuses == [EndpointStatus.ENABLED] * 2 + [EndpointStatus.DISABLED]
    assert office.endpoint().disabled_reason is DisabledReason.FAILING
    assert len(office.alerts.alerts) == 1


def test_one_success_in_between_and_the_three_days_begin_anew(office: Office) -> None:
    for day in range(8):
        office.postman.always = OK if day % 3 == 2 else ERROR
        office.happen(f"e{day}")
        office.send_all()
        office.later(hours=2)

    assert office.endpoint().status is EndpointStatus.ENABLED
    assert office.alerts.alerts == []


@pytest.mark.parametrize("end", ["disabled", "deleted"])
def test_what_is_on_its_way_to_an_endpoint_that_takes_no_more_ends(
    office: Office, end: str
) -> None:
    office.postman.outcomes = [ERROR]
    office.happen()
    office.send_next()
    if end == "deleted":
        office.webhooks.delete(CLIENT, "whk_k1")
    else:
        office.endpoints.save(office.endpoint().disabled(DisabledReason.GONE))
    office.send_all()

    assert office.delivery().status is DeliveryStatus.FAILED
    assert len(office.postman.sent) == 1


def test_a_healthy_endpoint_costs_no_write_to_remember_it(office: Office) -> None:
    before = office.endpoints.write_count
    for number in range(5):
        office.happen(f"e{number}")
    office.send_all()

    assert office.endpoints.write_count == before


def test_a_lost_race_to_remember_is_run_again(office: Office) -> None:
    office.postman.outcomes = [ERROR]
    office.happen()
    office.endpoints.faults.append(VersionConflict())
    office.send_next()

    assert office.health().failing_since is not None
