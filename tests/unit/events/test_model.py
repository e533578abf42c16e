"""An event is the same whenever it is made."""

from datetime import timedelta

import pytest

from evenkeel.events.model import SOURCES, Alert, Event, EventType, Severity, Source, Subject
from tests.fakes.clock import NOON

PAYMENT = Subject("cli_a", "pay_a", 1)


def event(
    type_: EventType = EventType.PAYMENT_CREATED,
    subject: Subject = PAYMENT,
    part: str = "",
) -> Event:
    return Event.of(type_, subject, NOON, {"id": subject.object_id}, part=part)


def test_the_same_event_has_the_same_id_and_the_same_envelope() -> None:
    assert event() == event()
    assert event().envelope() == event().envelope()


@pytest.mark.parametrize(
    "other",
    [
        event(EventType.PAYMENT_FAILED),
        event(subject=Subject("cli_a", "pay_b", 1)),
        event(subject=Subject("cli_b", "pay_a", 1)),
        event(subject=Subject(None, "pay_a", 1)),
        event(subject=Subject("cli_a", "pay_a", 2)),
        event(part="ref_a"),
    ],
)
def test_another_event_has_another_id(other: Event) -> None:
    assert other.id != event().id


def test_the_id_does_not_depend_on_when_it_is_told() -> None:
    later = Event.of(EventType.PAYMENT_CREATED, PAYMENT, NOON + timedelta(days=1), {})

    assert later.id == event().id


def test_the_envelope_has_the_fields_that_consumers_were_promised() -> None:
    assert event().envelope() == {
        "id": event().id,
        "type": "PaymentCreated",
        "version": 1,
        "clientId": "cli_a",
        "occurredAt": "2026-01-01T12:00:00.000000Z",
        "data": {"id": "pay_a"},
    }
    assert event().id.startswith("evt_")


def test_every_type_has_a_source() -> None:
    assert set(SOURCES) == set(EventType)
    assert event().source is Source.PAYMENTS


def test_an_alert_about_an_event_is_the_same_alert_each_time() -> None:
    alerts = [
        Alert.about(event(), Severity.CRITICAL, title="Look", detail="At this.") for _ in range(2)
    ]

    assert alerts[0] == alerts[1]
    assert alerts[0].id.startswith("alr_")
    assert (alerts[0].type, alerts[0].client_id) == ("PaymentCreated", "cli_a")
