"""What a sender decides about an endpoint, while others decide too, and what fails meanwhile."""

from collections.abc import Callable

import pytest

from evenkeel.errors import (
    BusUnconfirmed,
    EvenkeelError,
    StoreBusy,
    StoreUnconfirmed,
    VersionConflict,
)
from evenkeel.events.model import Alert
from evenkeel.webhooks.backoff import ATTEMPT_COUNT_MAX
from evenkeel.webhooks.delivery import LEASE_FOR, DeliveryStatus, Outcome
from evenkeel.webhooks.model import EVENT_TYPES, STRIKE_COUNT_MAX, DisabledReason, EndpointStatus
from tests.fakes.postman import ERROR, OK
from tests.unit.webhooks.office import CLIENT, Office

GONE = Outcome(20, status_code=410)


@pytest.fixture
def office() -> Office:
    office = Office()
    office.register()
    return office


def enable(office: Office) -> None:
    office.webhooks.enable(CLIENT, "whk_k1")


def test_what_is_asked_for_again_during_its_last_attempt_begins_anew(office: Office) -> None:
    office.postman.outcomes = [ERROR] * ATTEMPT_COUNT_MAX
    office.happen()

    def meanwhile() -> None:
        if len(office.postman.sent) == ATTEMPT_COUNT_MAX:
            office.webhooks.redeliver(CLIENT, "whk_k1", office.delivery().id)

    office.postman.while_sending = meanwhile
    office.send_all()

    assert office.delivery().status is DeliveryStatus.DELIVERED
    assert len(office.postman.sent) == ATTEMPT_COUNT_MAX + 1


def test_what_is_asked_for_again_while_it_arrives_is_sent_once_more(office: Office) -> None:
    office.happen()

    def meanwhile() -> None:
        office.postman.while_sending = lambda: None
        office.later(seconds=1)
        office.webhooks.redeliver(CLIENT, "whk_k1", office.delivery().id)

    office.postman.while_sending = meanwhile
    office.send_all()

    assert office.delivery().status is DeliveryStatus.DELIVERED
    assert [each.outcome for each in office.delivery().attempts] == [OK, OK]


def test_an_endpoint_that_is_gone_is_disabled_though_nobody_could_be_told_at_first(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.postman.always = GONE
    office.happen()
    due = office.queue.take()
    send = office.alerts.send

    def unheard(alert: Alert) -> None:
        raise BusUnconfirmed

    monkeypatch.setattr(office.alerts, "send", unheard)
    with pytest.raises(EvenkeelError):
        office.sender.send(due)
    monkeypatch.setattr(office.alerts, "send", send)
    office.later(minutes=5)
    office.sender.send(due)

    assert office.endpoint().status is EndpointStatus.DISABLED
    assert [alert.type for alert in office.alerts.alerts] == ["WebhookDisabled"]


def test_a_late_answer_does_not_disable_an_endpoint_that_was_enabled_meanwhile(
    office: Office,
) -> None:
    office.postman.always = GONE
    office.happen("e1")
    office.happen("e2")

    def another() -> None:
        office.postman.while_sending = lambda: None
        office.send_next()
        assert office.endpoint().disabled_reason is DisabledReason.GONE
        enable(office)

    office.postman.while_sending = another
    office.send_next()

    assert office.endpoint().status is EndpointStatus.ENABLED
    assert len(office.alerts.alerts) == 1


WRITE_FAULTS = [StoreBusy(), StoreUnconfirmed(), VersionConflict()]


@pytest.mark.parametrize("error", WRITE_FAULTS, ids=repr)
def test_what_waited_for_a_day_is_not_given_up_because_its_turn_could_not_be_taken(
    office: Office, error: Exception
) -> None:
    office.postman.outcomes = [ERROR] * STRIKE_COUNT_MAX
    for number in range(STRIKE_COUNT_MAX):
        office.happen(f"e{number}")
        office.send_next()
    office.queue.waiting.clear()
    office.happen("old")
    office.later(hours=25)
    office.endpoints.faults.append(error)
    office.send_next()
    status_then = office.delivery("old").status
    office.send_all()

    assert status_then is DeliveryStatus.PENDING
    assert office.delivery("old").status is DeliveryStatus.DELIVERED


@pytest.mark.parametrize("error", WRITE_FAULTS, ids=repr)
@pytest.mark.parametrize("is_turn", [True, False], ids=["turn", "claim"])
def test_who_may_have_taken_it_or_not_looks_again_when_the_lease_is_over(
    office: Office, error: Exception, *, is_turn: bool
) -> None:
    """Sooner there is nothing to see, and each look costs."""
    office.postman.outcomes = [ERROR] * STRIKE_COUNT_MAX
    for number in range(STRIKE_COUNT_MAX):
        office.happen(f"e{number}")
        office.send_next()
    office.queue.waiting.clear()
    office.later(minutes=5)
    office.happen("next")
    if is_turn:
        office.endpoints.faults.append(error)
    else:
        office.deliveries.before_save = raising(error)
    office.send_next()

    assert office.queue.waiting == [(office.clock() + LEASE_FOR, office.due(1, "next"))]


def raising(error: Exception) -> Callable[[object], None]:
    def fail(_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", [StoreBusy(), StoreUnconfirmed()], ids=repr)
def test_a_turn_that_could_not_be_taken_is_waited_for(office: Office, error: Exception) -> None:
    office.postman.outcomes = [ERROR] * STRIKE_COUNT_MAX
    for number in range(STRIKE_COUNT_MAX + 1):
        office.happen(f"e{number}")
    for _ in range(STRIKE_COUNT_MAX):
        office.send_next()
    office.later(minutes=5)
    sent = len(office.postman.sent)
    office.endpoints.faults.append(error)

    office.send_next()
    assert len(office.postman.sent) == sent

    office.send_all()
    assert {each.status for each in office.log()} == {DeliveryStatus.DELIVERED}


def test_an_endpoint_that_was_deleted_meanwhile_is_no_alert(office: Office) -> None:
    office.postman.always = GONE
    office.happen()
    office.postman.while_sending = lambda: office.webhooks.delete(CLIENT, "whk_k1")
    office.send_next()

    assert office.endpoint().status is EndpointStatus.DELETED
    assert office.alerts.alerts == []


def test_who_has_asked_for_what_an_intruder_wrote_by_its_name_is_not_told_either() -> None:
    """It could be asked for once."""
    office = Office()
    office.register(events=("LedgerTampered",))
    office.happen("e1", event_type="LedgerTampered")

    assert not office.queue.waiting


def test_what_an_intruder_wrote_is_told_to_no_client(office: Office) -> None:
    office.happen("e1", event_type="LedgerTampered")
    office.happen("e2", event_type="CircuitOpened")

    assert not office.queue.waiting
    assert "LedgerTampered" not in EVENT_TYPES
