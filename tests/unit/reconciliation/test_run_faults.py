"""What could make a run say too much, too little, or the same thing again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from evenkeel.clock import Deadline
from evenkeel.events.model import Alert
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.mismatch import Mismatch, MismatchStatus, News
from evenkeel.reconciliation.run import (
    RUN_LEASE_FOR,
    UNFINISHED_FOR_MAX,
    RunStatus,
    Scope,
    Trigger,
    Window,
)
from evenkeel.reconciliation.timetable import Pass
from tests.fakes.clock import ManualSeconds
from tests.unit.payments.platform import CLIENT, Platform
from tests.unit.reconciliation.office import Office

OVER = Deadline(0.0, ManualSeconds(1.0))
ENOUGH = Deadline.after(900, ManualSeconds())


@pytest.fixture
def office() -> Office:
    """One payment that was debited and says that it has failed, noted."""
    office = Office(Platform())
    office.platform.pay()
    set_status(office, PaymentStatus.FAILED)
    office.note_all()
    return office


def set_status(office: Office, status: PaymentStatus) -> None:
    place, payments = (CLIENT, "pay_k1"), office.platform.store.payments
    payments[place] = replace(payments[place], status=status, version=payments[place].version + 1)


def only(office: Office) -> Mismatch:
    [mismatch] = office.mismatches.mismatches.values()
    return mismatch


def test_what_would_not_hold_still_is_not_gone(office: Office) -> None:
    office.run(1)
    office.books.interrupted_by = lambda: set_status(office, PaymentStatus.FAILED)

    office.run(2)

    assert only(office).is_open
    assert [alert.type for alert in office.sent.alerts] == ["MismatchFound"]


def test_what_has_ended_while_somebody_looked_is_not_opened_by_it(office: Office) -> None:
    office.run(1)

    def meanwhile() -> None:
        office.books.interrupted_by = None
        office.platform.wait(seconds=1)
        ended = only(office).ended(MismatchStatus.RESOLVED, office.platform.clock())
        office.mismatches.save(ended)

    office.books.interrupted_by = meanwhile
    office.run(2)

    assert only(office).status is MismatchStatus.RESOLVED
    assert only(office).occurrence == 1


def test_that_people_have_heard_is_kept_though_it_ends_meanwhile(office: Office) -> None:
    send = office.sent.send

    def slowly(alert: Alert) -> None:
        send(alert)
        office.mismatches.save(only(office).ended(MismatchStatus.RESOLVED, office.platform.clock()))

    office.sent.send = slowly  # type: ignore[method-assign]  # Only this once.
    office.run(1)
    office.sent.send = send  # type: ignore[method-assign]  # As it was.
    assert only(office).news is News.ENDED

    set_status(office, PaymentStatus.COMPLETED)
    office.run(2)
    assert [alert.type for alert in office.sent.alerts] == ["MismatchFound", "MismatchResolved"]


def test_an_error_of_ours_accuses_nobody(office: Office) -> None:
    office.books.faults += [KeyError("a table that is not ours")] * 100

    with pytest.raises(KeyError):
        office.run()
    assert office.mismatches.mismatches == {}


@pytest.mark.parametrize("client_id", [None, CLIENT])
def test_what_nobody_goes_on_with_is_gone_on_with_by_the_next_run(
    office: Office, client_id: str | None
) -> None:
    wanted = replace(office.wanted(), client_id=client_id, trigger=Trigger.MANUAL)
    cut_off = office.engine.run(wanted, "a", OVER)
    assert not cut_off.is_over

    [resumed] = office.engine.resume_unfinished("b", ENOUGH)

    assert (resumed.id, resumed.status) == (cut_off.id, RunStatus.COMPLETED)
    assert list(office.engine.resume_unfinished("b", ENOUGH)) == []


def test_what_somebody_works_on_is_left_to_them(office: Office) -> None:
    begun = office.wanted().taken("a", office.platform.clock())
    office.runs.add(begun)

    assert list(office.engine.resume_unfinished("b", ENOUGH)) == []
    office.platform.wait(seconds=RUN_LEASE_FOR.total_seconds())
    assert len(office.engine.resume_unfinished("b", ENOUGH)) == 1


def test_a_run_that_nobody_has_ended_in_its_time_has_failed(office: Office) -> None:
    office.runs.add(replace(office.wanted(), scope=Scope.EVERYTHING))
    office.platform.wait(seconds=UNFINISHED_FOR_MAX.total_seconds() + 1)

    [run] = office.engine.resume_unfinished("b", ENOUGH)

    assert (run.status, run.is_over) == (RunStatus.FAILED, True)


def test_a_run_without_anything_to_look_at_is_saved_on_its_way(office: Office) -> None:
    now = office.platform.clock()
    wanted = replace(
        office.wanted(), client_id="cli_none", window=Window(now - timedelta(days=30), now)
    )

    run = office.engine.run(wanted, "a", OVER)

    assert not run.is_over
    assert run.place.part > 0


def test_what_was_noted_after_the_end_of_the_window_is_looked_at(office: Office) -> None:
    """It was changed before: noting takes a moment."""
    office.log.pages.clear()
    wanted = office.wanted()
    office.log.note(office.books.everything, wanted.window.until + timedelta(seconds=2))

    run = office.engine.run(wanted, "a", ENOUGH)

    assert run.tally(CLIENT).mismatched == 1


def test_no_run_moves_the_watermark_over_what_it_has_not_looked_at(office: Office) -> None:
    mark = office.platform.clock()
    office.runs.move_watermark(mark)
    office.platform.wait(hours=30)

    office.pass_(Pass.DAY)
    assert office.runs.watermark() == mark

    office.pass_(Pass.RECENT)
    watermark = office.runs.watermark()
    assert watermark is not None
    assert watermark > mark
