import pytest

from evenkeel.errors import StoreBusy
from evenkeel.webhooks.model import DisabledReason
from tests.fakes.postman import ERROR
from tests.unit.webhooks.office import CLIENT, Office
from tests.webhooks import notice


def test_each_endpoint_that_listens_is_told_and_no_other(office: Office) -> None:
    office.register("all")
    office.register("some", events=("PaymentFailed", "PaymentCompleted"))
    office.register("others", events=("PaymentFailed",))
    office.register("theirs", "cli_b")
    office.happen(event_type="PaymentCompleted")

    told = {each.endpoint_id for each in office.queue.dues}
    assert told == {"whk_all", "whk_some"}
    assert {delivery.client_id for delivery in office.deliveries.deliveries.values()} == {CLIENT}


def test_a_client_without_endpoints_is_told_nothing(office: Office) -> None:
    office.happen()

    assert office.queue.waiting == []


def test_an_endpoint_that_is_disabled_or_deleted_is_not_told(office: Office) -> None:
    office.register("off")
    office.endpoints.save(office.endpoint("off").disabled(DisabledReason.FAILING))
    office.register("gone")
    office.webhooks.delete(CLIENT, "whk_gone")
    office.happen()

    assert office.queue.waiting == []


def test_what_happened_before_its_time_is_not_told_to_an_endpoint(office: Office) -> None:
    """A replay of the bus brings back months, and it was not there then."""
    happened_at = office.clock()
    office.later(hours=1)
    office.register()
    office.fan_out.tell(notice(occurred_at=happened_at))

    assert office.queue.waiting == []


def test_clocks_may_differ_by_some_seconds(office: Office) -> None:
    happened_at = office.clock()
    office.later(seconds=30)
    office.register()
    office.fan_out.tell(notice(occurred_at=happened_at))

    assert len(office.queue.waiting) == 1


def test_an_event_that_comes_again_before_it_was_tried_is_sent_once(office: Office) -> None:
    office.register()
    for _ in range(3):
        office.happen()
    office.send_all()

    assert len(office.postman.sent) == 1
    assert len(office.log()) == 1


def test_an_event_that_comes_again_after_it_was_delivered_is_not_sent_again(
    office: Office,
) -> None:
    office.register()
    office.happen()
    office.send_all()
    office.happen()

    assert office.queue.waiting == []


def test_an_event_that_comes_again_while_it_waits_for_an_attempt_adds_no_message(
    office: Office,
) -> None:
    office.register()
    office.postman.outcomes = [ERROR]
    office.happen()
    office.send_next()
    office.happen()

    assert [each.number for each in office.queue.dues] == [2]


def test_who_dies_between_record_and_message_is_made_good_when_the_event_comes_again(
    office: Office,
) -> None:
    office.register()
    happened = notice(occurred_at=office.clock())
    office.queue.fault = KeyboardInterrupt()  # The process ends here.
    with pytest.raises(KeyboardInterrupt):
        office.fan_out.tell(happened)
    office.fan_out.tell(happened)
    office.send_all()

    assert len(office.postman.sent) == 1


def test_a_busy_queue_is_asked_again(office: Office) -> None:
    office.register()
    office.queue.fault = StoreBusy()
    office.happen()

    assert len(office.queue.waiting) == 1
