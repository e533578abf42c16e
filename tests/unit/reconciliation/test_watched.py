"""Who watches over the runs hears of those of the schedule that are over, and of failures."""

from collections.abc import Sequence

import pytest

from evenkeel.adapters.telemetry import run_watch
from evenkeel.adapters.telemetry.run_watch import LoggingRunWatch
from evenkeel.clock import Deadline
from evenkeel.errors import StoreBusy
from evenkeel.reconciliation.run import Run, Trigger
from evenkeel.reconciliation.timetable import Pass
from evenkeel.reconciliation.watched import WatchedEngine
from tests.fakes.clock import ManualSeconds
from tests.unit.logs import Logs
from tests.unit.payments.platform import CLIENT, Platform
from tests.unit.reconciliation.office import Office


class Watch:
    def __init__(self) -> None:
        self.over: list[Run] = []
        self.errors: list[Exception] = []

    def completed(self, run: Run) -> None:
        self.over.append(run)

    def failed(self, error: Exception) -> None:
        self.errors.append(error)


@pytest.fixture
def office() -> Office:
    return Office(Platform())


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def engine(office: Office, watch: Watch) -> WatchedEngine:
    return WatchedEngine(office.engine, watch)


def deadline(duration_s: float = 900) -> Deadline:
    return Deadline.after(duration_s, ManualSeconds())


def ids(runs: Sequence[Run]) -> list[str]:
    return [each.id for each in runs]


def test_a_scheduled_run_that_is_over_is_told(
    office: Office, engine: WatchedEngine, watch: Watch
) -> None:
    done = engine.run(office.wanted(), "me", deadline())

    assert done.is_over
    assert ids(watch.over) == [done.id]


def test_one_that_a_client_has_asked_for_is_not(
    office: Office, engine: WatchedEngine, watch: Watch
) -> None:
    """Or it would hide that the schedule's are missing."""
    window, now = office.window(hours=1), office.platform.clock()
    wanted = Run("rec_m", Trigger.MANUAL, window, started_at=now, client_id=CLIENT)
    done = engine.run(wanted, "me", deadline())

    assert done.is_over
    assert watch.over == []


def test_one_that_somebody_else_still_works_on_is_not_over(
    office: Office, engine: WatchedEngine, watch: Watch
) -> None:
    wanted = office.wanted()
    office.runs.add(wanted.taken("somebody", office.platform.clock()))
    engine.run(wanted, "me", deadline())

    assert watch.over == []


def test_the_rest_of_a_run_is_told_and_one_that_is_not_there_is_none(
    office: Office, engine: WatchedEngine, watch: Watch
) -> None:
    office.runs.add(office.wanted())

    assert engine.resume("rec_none", "me", deadline()) is None
    assert watch.over == []
    assert engine.resume("rec_1", "me", deadline())
    assert ids(watch.over) == ["rec_1"]


def test_a_run_that_fails_is_told_and_raises_as_before(
    office: Office, engine: WatchedEngine, watch: Watch
) -> None:
    office.platform.pay()
    office.note_all()
    fault = StoreBusy()

    def fails(*_: object, **__: object) -> None:
        raise fault

    office.books.payments = fails  # type: ignore[assignment]  # A table that is down.
    with pytest.raises(StoreBusy):
        engine.run(office.wanted(), "me", deadline())
    assert watch.errors == [fault]
    assert watch.over == []


@pytest.mark.parametrize(("pass_", "scope"), [(Pass.RECENT, "changes"), (Pass.ALL, "everything")])
def test_a_completed_run_counts_one_by_its_scope(
    office: Office, monkeypatch: pytest.MonkeyPatch, pass_: Pass, scope: str
) -> None:
    logs = Logs(monkeypatch, run_watch.logger)
    done = office.pass_(pass_)
    LoggingRunWatch().completed(done)
    [line] = logs.lines
    [metrics] = line["_aws"]["CloudWatchMetrics"]

    assert (line["RunsCompleted"], line["scope"], line["run_id"]) == (1, scope, done.id)
    assert metrics["Dimensions"] == [["scope"]]


def test_a_failure_counts_one_and_is_logged_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logs = Logs(monkeypatch, run_watch.logger)
    LoggingRunWatch().failed(ValueError("no time"))
    [line] = logs.lines
    [metrics] = line["_aws"]["CloudWatchMetrics"]

    assert (line["level"], line["exception_name"]) == ("ERROR", "ValueError")
    assert line["RunsFailed"] == 1
    assert metrics["Dimensions"] == [[]]
