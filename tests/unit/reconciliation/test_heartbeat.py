"""That reconciliation has stopped is told once, by what it has looked at last."""

from datetime import timedelta

import pytest

from evenkeel.events.model import Severity
from evenkeel.events.once import AlertsOnce
from evenkeel.reconciliation.heartbeat import SILENT_FOR_MAX, Heartbeat
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.event_bus import InMemoryAlertMarks, RecordedAlerts
from tests.fakes.report_store import InMemoryRunStore

SECOND = timedelta(seconds=1)


class Watchman:
    def __init__(self) -> None:
        self.runs = InMemoryRunStore()
        self.sent = RecordedAlerts()
        self.clock = ManualClock()
        once = AlertsOnce(self.sent, InMemoryAlertMarks(), self.clock)
        self.heartbeat = Heartbeat(self.runs, once, self.clock)

    def check_after(self, silence: timedelta) -> None:
        self.clock.advance(silence)
        self.heartbeat.check()


@pytest.fixture
def watchman() -> Watchman:
    return Watchman()


def test_as_long_as_runs_are_completed_nothing_is_told(watchman: Watchman) -> None:
    watchman.runs.move_watermark(NOON)
    watchman.check_after(SILENT_FOR_MAX)

    assert watchman.sent.alerts == []


def test_silence_is_told_with_its_beginning(watchman: Watchman) -> None:
    watchman.runs.move_watermark(NOON)
    watchman.check_after(SILENT_FOR_MAX + SECOND)
    [alert] = watchman.sent.alerts

    assert (alert.type, alert.severity) == ("ReconciliationMissing", Severity.HIGH)
    assert alert.data == {"watermark": "2026-01-01T12:00:00.000000Z"}
    assert "2026-01-01T12:00:00" in alert.title
    assert alert.next_steps


def test_an_outage_is_told_once_and_the_next_one_again(watchman: Watchman) -> None:
    watchman.runs.move_watermark(NOON)
    for _ in range(3):
        watchman.check_after(SILENT_FOR_MAX + SECOND)
    watchman.runs.move_watermark(watchman.clock())
    watchman.check_after(SECOND)
    watchman.check_after(SILENT_FOR_MAX)

    first, second = watchman.sent.alerts
    assert first.id != second.id


def test_before_the_first_run_there_is_nothing_to_miss(watchman: Watchman) -> None:
    watchman.check_after(timedelta(days=2))

    assert watchman.sent.alerts == []
