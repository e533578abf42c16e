from dataclasses import replace
from datetime import timedelta

import pytest

from evenkeel.errors import BusBusy, StoreBusy
from evenkeel.events.model import Alert, Severity
from evenkeel.events.once import CLAIMED_FOR, AlertsOnce
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.event_bus import InMemoryAlertMarks, RecordedAlerts

ALERT = Alert("alr_a", "LedgerTampered", Severity.CRITICAL, "a title", "a detail", NOON)


@pytest.fixture
def alerts() -> RecordedAlerts:
    return RecordedAlerts()


@pytest.fixture
def marks() -> InMemoryAlertMarks:
    return InMemoryAlertMarks()


def test_what_was_sent_is_not_sent_again(alerts: RecordedAlerts, marks: InMemoryAlertMarks) -> None:
    other = replace(ALERT, id="alr_b")
    for each in (ALERT, ALERT, other):
        AlertsOnce(alerts, marks, ManualClock()).send(each)

    assert alerts.alerts == [ALERT, other]


def test_what_could_not_be_sent_is_sent_again(
    alerts: RecordedAlerts, marks: InMemoryAlertMarks
) -> None:
    once = AlertsOnce(alerts, marks, ManualClock())
    alerts.fault = BusBusy()
    with pytest.raises(BusBusy):
        once.send(ALERT)
    alerts.fault = None
    once.send(ALERT)

    assert alerts.alerts == [ALERT]


def test_people_hear_of_it_twice_rather_than_never_while_marks_are_out_of_reach(
    alerts: RecordedAlerts, marks: InMemoryAlertMarks
) -> None:
    marks.fault = StoreBusy()
    for _ in range(2):
        AlertsOnce(alerts, marks, ManualClock()).send(ALERT)

    assert alerts.alerts == [ALERT, ALERT]


def test_what_another_is_sending_is_left_to_it_and_comes_again(
    alerts: RecordedAlerts, marks: InMemoryAlertMarks
) -> None:
    clock = ManualClock()
    once = AlertsOnce(alerts, marks, clock)
    marks.claim(ALERT.id, NOON, NOON + CLAIMED_FOR)
    with pytest.raises(BusBusy):
        once.send(ALERT)
    assert alerts.alerts == []

    clock.advance(CLAIMED_FOR + timedelta(seconds=1))
    once.send(ALERT)

    assert alerts.alerts == [ALERT]
