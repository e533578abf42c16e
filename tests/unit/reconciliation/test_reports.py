"""Runs that clients ask for, and who may look at which report."""

from datetime import UTC, datetime, timedelta

import pytest

from evenkeel.errors import ObjectNotFound, StoreBusy, StoreUnconfirmed, ValidationFailed
from evenkeel.reconciliation.mismatch import MismatchType
from evenkeel.reconciliation.run import RunStatus, Tally, Trigger, Window
from tests.fakes.clock import NOON
from tests.reports import CLIENT, done, mismatch, run
from tests.unit.reconciliation.desk import Desk

HOUR = timedelta(hours=1)
OTHER = "cli_b"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_run_is_waited_for_and_its_report_has_what_it_found(desk: Desk) -> None:
    desk.found = [mismatch()]
    report = desk.run()

    assert desk.begun == [("rec_1", CLIENT, Window(NOON - 24 * HOUR, NOON))]
    assert report.run.status is RunStatus.COMPLETED
    assert (report.run.trigger, report.run.client_id) == (Trigger.MANUAL, CLIENT)
    assert report.tally == Tally(payments=5, matched=4, mismatched=1)
    assert report.mismatches == desk.found
    assert 3.5 <= desk.seconds() < 4


def test_a_run_that_takes_longer_is_reported_as_far_as_it_has_come(desk: Desk) -> None:
    desk.takes_s = 60.0
    report = desk.run()

    assert report.run == desk.runs.get("rec_1")
    assert report.run.status is RunStatus.RUNNING
    assert report.tally == Tally()
    assert 18 <= desk.seconds() < 18.5


def test_a_run_that_has_not_begun_by_then_is_reported_as_it_will_begin(desk: Desk) -> None:
    desk.begins_after_s = 60.0
    report = desk.run()

    assert desk.runs.runs == {}
    assert (report.run.id, report.run.status) == ("rec_1", RunStatus.RUNNING)
    assert (report.run.window, report.run.started_at) == (Window(NOON - 24 * HOUR, NOON), NOON)


def test_a_list_that_lags_behind_is_asked_again(desk: Desk) -> None:
    desk.found, desk.listed_after_s = [mismatch(1), mismatch(2)], 1.0
    report = desk.run()

    assert len(report.mismatches) == 2


def test_a_list_that_never_shows_it_all_is_not_waited_for_for_ever(desk: Desk) -> None:
    desk.found, desk.listed_after_s = [mismatch()], 60.0
    report = desk.run()

    assert (report.tally.mismatched, report.mismatches) == (1, [])
    assert desk.seconds() < 6


def test_a_report_shows_a_hundred_and_is_whole_with_them(desk: Desk) -> None:
    desk.found = [mismatch(number) for number in range(120)]
    report = desk.run()

    assert (report.tally.mismatched, len(report.mismatches)) == (120, 100)
    assert desk.seconds() < 4


def test_an_end_in_the_future_is_now(desk: Desk) -> None:
    report = desk.run(since=NOON - HOUR, until=NOON + HOUR)

    assert report.run.window == Window(NOON - HOUR, NOON)


def test_a_window_without_a_beginning_is_a_day(desk: Desk) -> None:
    report = desk.run(until=NOON - HOUR)

    assert report.run.window == Window(NOON - 25 * HOUR, NOON - HOUR)


BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "faulty"),
    [
        (NOON, NOON, "from"),
        (NOON, NOON - HOUR, "from"),
        (NOON + HOUR, NOON + 2 * HOUR, "from"),
        (NOON, None, "from"),
        (NOON - timedelta(days=366, microseconds=1), None, "from"),
        (BEFORE_ALL, None, "from"),
        (None, BEFORE_ALL, "to"),
        (BEFORE_ALL, BEFORE_ALL + HOUR, "to"),
    ],
)
def test_a_window_that_is_none_is_named_and_nobody_is_asked(
    desk: Desk, since: datetime | None, until: datetime | None, faulty: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        desk.run(since=since, until=until)

    assert [each.field for each in refused.value.errors] == [faulty]
    assert desk.begun == []


def test_the_longest_window_is_a_year(desk: Desk) -> None:
    since = NOON - timedelta(days=366)

    assert desk.run(since=since).run.window == Window(since, NOON)


def test_a_call_that_was_turned_away_or_lost_is_made_again_for_the_same_run(desk: Desk) -> None:
    desk.faults = [StoreBusy(), StoreUnconfirmed()]
    report = desk.run()

    assert [run_id for run_id, *_ in desk.begun] == [report.run.id]


@pytest.mark.parametrize("error", [StoreBusy, StoreUnconfirmed])
def test_a_run_that_cannot_be_asked_for_is_an_error(
    desk: Desk, error: type[StoreBusy | StoreUnconfirmed]
) -> None:
    desk.faults = [error() for _ in range(5)]

    with pytest.raises(error):
        desk.run()
    assert desk.begun == []


def test_a_report_shows_its_own_client_what_was_found(desk: Desk) -> None:
    desk.keep(done(run(1), **{CLIENT: Tally(payments=2, mismatched=1)}), mismatch())
    report = desk.reports.get(CLIENT, "rec_1")

    assert report.tally == Tally(payments=2, mismatched=1)
    assert report.mismatches == [mismatch()]


def test_a_report_shows_a_mismatch_as_it_is_now(desk: Desk) -> None:
    found = mismatch()
    desk.keep(done(run(1)), found)
    seen = found.seen(found.finding, "rec_2", NOON + HOUR)
    desk.mismatches.save(seen)

    assert desk.reports.get(CLIENT, "rec_1").mismatches == [seen]


@pytest.mark.parametrize("run_id", ["rec_1", "rec_none", "pay_1", "watermark", "rec_a/b", "", "x"])
def test_somebody_elses_run_is_none_and_neither_is_what_no_run_is_called(
    desk: Desk, run_id: str
) -> None:
    desk.keep(done(run(1)), mismatch())

    with pytest.raises(ObjectNotFound):
        desk.reports.get(OTHER, run_id)
    with pytest.raises(ObjectNotFound):
        desk.reports.mismatches_of(OTHER, run_id, 10, None)


def test_a_scheduled_run_shows_each_client_its_own_part(desk: Desk) -> None:
    counted = {CLIENT: Tally(payments=2, mismatched=1), OTHER: Tally(payments=7, mismatched=2)}
    others = [mismatch(number, OTHER) for number in (1, 2)]
    desk.keep(done(run(1, None), **counted), mismatch(), *others)

    mine, theirs = desk.reports.get(CLIENT, "rec_1"), desk.reports.get(OTHER, "rec_1")
    assert (mine.tally.payments, mine.mismatches) == (2, [mismatch()])
    assert theirs.tally.payments == 7
    assert {each.client_id for each in theirs.mismatches} == {OTHER}
    assert desk.reports.get("cli_c", "rec_1").tally == Tally()


def test_mismatches_come_in_pages_gravest_first(desk: Desk) -> None:
    stuck = [mismatch(number, type_=MismatchType.STUCK_PENDING) for number in range(3)]
    held = mismatch(9, type_=MismatchType.STALE_HOLD)
    grave = [mismatch(number) for number in range(3)]
    desk.keep(run(1), *stuck, held, *grave)
    first = desk.reports.mismatches_of(CLIENT, "rec_1", 4, None)
    rest = desk.reports.mismatches_of(CLIENT, "rec_1", 4, first.beyond)

    severities = [each.finding.severity for each in (*first.mismatches, *rest.mismatches)]
    assert severities == ["CRITICAL"] * 3 + ["HIGH"] + ["MEDIUM"] * 3
    assert len(first.mismatches) == 4
    assert rest.beyond is None


def test_runs_of_the_schedule_and_of_the_client_are_one_list_in_pages(desk: Desk) -> None:
    """Whichever of the two lists has more at a time."""
    owners = [CLIENT, None, None, None, OTHER, CLIENT, CLIENT, OTHER, None]
    for number, owner in enumerate(owners):
        desk.keep(done(run(number, owner, at=NOON + number * HOUR)))
    listed, before = [], None
    while True:
        page = desk.reports.newest(CLIENT, 2, before)
        listed += [each.id for each in page.runs]
        if (before := page.beyond) is None:
            break
        assert len(page.runs) == 2

    assert listed == ["rec_8", "rec_6", "rec_5", "rec_3", "rec_2", "rec_1", "rec_0"]


def test_runs_that_began_at_the_same_moment_are_each_listed_once(desk: Desk) -> None:
    for number in range(6):
        desk.keep(done(run(number, CLIENT if number % 2 else None)))
    first = desk.reports.newest(CLIENT, 4, None)
    rest = desk.reports.newest(CLIENT, 4, first.beyond)

    assert [each.id for each in (*first.runs, *rest.runs)] == [f"rec_{n}" for n in range(6)][::-1]
    assert rest.beyond is None


@pytest.mark.parametrize("limit", [2, 3])
def test_a_page_that_holds_all_there_is_leads_nowhere(desk: Desk, limit: int) -> None:
    desk.keep(done(run(1)))
    desk.keep(done(run(2, None)))

    page = desk.reports.newest(CLIENT, limit, None)
    assert (len(page.runs), page.beyond) == (2, None)
