"""Runs that are cut off, asked for twice, or gone on with by somebody else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from evenkeel.clock import Deadline
from evenkeel.errors import StoreBusy
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.mismatch import MismatchType
from evenkeel.reconciliation.run import RUN_LEASE_FOR, Run, RunStatus, Tally
from evenkeel.reconciliation.timetable import Pass
from tests.fakes.clock import ManualSeconds
from tests.unit.payments.platform import CLIENT, Killed, Platform
from tests.unit.reconciliation.office import Office

PAYMENT_COUNT = 1000
PLANTED = range(0, PAYMENT_COUNT, 90)
OVER = Deadline(0.0, ManualSeconds(1.0))


@pytest.fixture(scope="module")
def platform() -> Platform:
    """A thousand payments, of which a dozen say that they have failed."""
    platform = Platform()
    for number in range(PAYMENT_COUNT):
        platform.pay(f"{number}", 1)
    for number in PLANTED:
        plant(platform, number)
    return platform


def plant(platform: Platform, number: int) -> None:
    """Have a payment say that it has failed, behind the product's back."""
    place, payments = (CLIENT, f"pay_{number}"), platform.store.payments
    payments[place] = replace(payments[place], status=PaymentStatus.FAILED)


@pytest.fixture
def office(platform: Platform) -> Office:
    office = Office(platform)
    office.note_all()
    return office


def report(office: Office, run: Run) -> tuple[Tally, set[str], set[tuple[str, str, str]]]:
    return (
        run.tally(CLIENT),
        {each.id for each in office.mismatches.mismatches.values()},
        set(office.mismatches.filed),
    )


def whole(platform: Platform) -> tuple[Tally, set[str], set[tuple[str, str, str]]]:
    """The report of a run that nobody interrupts."""
    office = Office(platform)
    office.note_all()
    run = office.run()
    assert run.status is RunStatus.COMPLETED
    return report(office, run)


def test_a_run_that_is_cut_off_after_every_round_gives_the_same_report(
    platform: Platform, office: Office
) -> None:
    run = office.engine.run(office.wanted(), "a", OVER)
    while not run.is_over:
        assert office.callers.asked == [run.id]
        office.callers.asked.clear()
        resumed = office.engine.resume(run.id, "b", OVER)
        assert resumed is not None
        run = resumed

    assert report(office, run) == whole(platform)
    assert run.tally(CLIENT).mismatched == len(PLANTED)


@pytest.mark.parametrize("read_count", [0, 20, 40, 60])
def test_a_run_whose_process_dies_is_gone_on_with_after_its_lease(
    platform: Platform, office: Office, read_count: int
) -> None:
    countdown = iter(range(read_count))

    def die() -> None:
        if next(countdown, None) is None:
            raise Killed

    office.books.interrupted_by = die
    with pytest.raises(Killed):
        office.run()
    office.books.interrupted_by = None
    assert not office.run().is_over  # Somebody is at it, as far as anybody knows.
    platform.wait(seconds=RUN_LEASE_FOR.total_seconds())

    assert report(office, office.run()) == whole(platform)


def test_a_run_that_cannot_read_fails_and_is_done_when_it_can(
    platform: Platform, office: Office
) -> None:
    office.books.faults += [StoreBusy()] * 100
    with pytest.raises(StoreBusy):
        office.run()
    office.books.faults.clear()
    platform.wait(seconds=RUN_LEASE_FOR.total_seconds())

    assert report(office, office.run()) == whole(platform)


def test_a_run_that_is_asked_for_again_is_not_done_again(office: Office) -> None:
    done = office.run()
    read_count = office.books.read_count

    assert office.run() == done
    assert office.books.read_count == read_count
    assert len(office.sent.alerts) == 1  # About all of them together.


def test_two_runs_over_the_same_open_each_mismatch_once_and_tell_it_once(
    office: Office,
) -> None:
    first, second = office.run(1), office.run(2)

    assert first.tally(CLIENT).mismatched == second.tally(CLIENT).mismatched == len(PLANTED)
    assert len(office.mismatches.mismatches) == len(PLANTED)
    assert len(office.sent.alerts) == 1


def test_what_no_list_shows_yet_is_told_all_the_same(office: Office) -> None:
    office.mismatches.hides_all = True

    office.run()

    [alert] = office.sent.alerts
    assert alert.title == f"{len(PLANTED)} mismatches found"


def test_a_scheduled_run_that_is_over_moves_the_watermark_and_no_other_does(
    office: Office,
) -> None:
    cut_off = office.engine.run(office.wanted(1), "a", OVER)
    assert office.runs.watermark() is None

    done = office.run(2)
    assert office.runs.watermark() == done.window.until
    assert not cut_off.is_over


def test_a_run_of_a_client_looks_at_what_is_its_own_and_at_nothing_else(office: Office) -> None:
    wanted = replace(office.wanted(), client_id="cli_other")

    run = office.engine.run(wanted, "a", Deadline.after(900, ManualSeconds()))

    assert (run.is_over, dict(run.tallies)) == (True, {})
    assert office.runs.watermark() is None


def test_who_is_too_slow_for_its_lease_leaves_the_run_to_the_other(
    platform: Platform, office: Office
) -> None:
    def meanwhile() -> None:
        platform.wait(seconds=RUN_LEASE_FOR.total_seconds() + 1)
        office.books.interrupted_by = None
        other.append(office.run())

    other: list[Run] = []
    office.books.interrupted_by = meanwhile

    run = office.run()

    assert other[0].is_over
    assert run == other[0]
    assert report(office, run) == whole(platform)


@pytest.mark.parametrize("skew", [timedelta(minutes=-5), timedelta(0), timedelta(minutes=5)])
def test_clocks_that_differ_by_minutes_hide_nothing_and_accuse_nobody(skew: timedelta) -> None:
    platform = Platform()
    office = Office(platform)
    for number in range(12):
        platform.clock.advance(skew)
        platform.pay(f"{number}", 1)
        if number % 3 == 0:
            plant(platform, number)
        office.note(
            each
            for each in office.books.everything
            if f"pay_{number}" in (each.object_id, each.payment_id)
        )
        platform.clock.advance(-skew)
        platform.wait(minutes=1)
        office.pass_(Pass.RECENT)
    for _ in range(2):
        platform.wait(minutes=5)
        office.pass_(Pass.RECENT)

    found = {each.finding.subject.payment_id for each in office.mismatches.mismatches.values()}
    assert found == {f"pay_{number}" for number in range(0, 12, 3)}
    assert set(office.types()) == {MismatchType.FAILED_BUT_DEBITED}


def test_what_nobody_can_look_at_is_told_and_hides_nothing_else() -> None:
    platform = Platform()
    office = Office(platform)
    for number in range(3):
        platform.pay(f"{number}", 1)
    plant(platform, 2)
    place, payments = (CLIENT, "pay_1"), platform.store.payments
    payments[place] = replace(payments[place], order=None)  # type: ignore[arg-type]  # Planted.
    office.note_all()

    office.run()

    found = {each.finding.type: each for each in office.mismatches.mismatches.values()}
    assert set(found) == {MismatchType.ENTRY_ALTERED, MismatchType.FAILED_BUT_DEBITED}
    strange = found[MismatchType.ENTRY_ALTERED].finding
    assert (strange.subject.payment_id, strange.actual) == ("pay_1", {"problem": "AttributeError"})
