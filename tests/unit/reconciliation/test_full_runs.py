"""Runs over everything that is stored: nothing need have been noted, and accounts are summed up."""

from dataclasses import replace

import pytest

from evenkeel.clock import Deadline
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.account_sums import Reading, Sums
from evenkeel.reconciliation.mismatch import MismatchStatus, MismatchType
from evenkeel.reconciliation.run import Scope
from evenkeel.reconciliation.timetable import Pass
from tests.fakes.clock import ManualSeconds
from tests.unit.payments.platform import CLIENT, Platform
from tests.unit.reconciliation.office import Office

OVER = Deadline(0.0, ManualSeconds(1.0))


@pytest.fixture
def office() -> Office:
    """Three payments that nobody has noted, folded."""
    office = Office(Platform())
    for number in range(3):
        office.platform.pay(f"{number}", 100)
    office.books.fold()
    return office


def drift(office: Office, by_minor: int) -> None:
    """Change what an account has taken in, behind the product's back."""
    [key] = [key for key in office.books.folded if key[1].startswith("merchant:")]
    reading = office.books.folded[key]
    posted = reading.sums.credits_posted + by_minor
    office.books.folded[key] = replace(reading, sums=replace(reading.sums, credits_posted=posted))


def test_a_clean_platform_reports_nothing(office: Office) -> None:
    run = office.pass_(Pass.ALL)

    assert run.is_over
    assert run.tally(CLIENT).matched == 3
    assert office.types() == []


def test_what_nobody_has_noted_is_found(office: Office) -> None:
    payments = office.platform.store.payments
    payments[CLIENT, "pay_1"] = replace(payments[CLIENT, "pay_1"], status=PaymentStatus.FAILED)

    office.pass_(Pass.RECENT)
    assert office.types() == []

    office.pass_(Pass.ALL)
    assert office.types() == [MismatchType.FAILED_BUT_DEBITED]


def test_an_account_that_is_not_the_sum_of_its_entries_is_found_until_it_is(
    office: Office,
) -> None:
    drift(office, -1)
    office.pass_(Pass.ALL)
    [mismatch] = office.mismatches.mismatches.values()
    assert mismatch.finding.type is MismatchType.BALANCE_DRIFT
    assert dict(mismatch.finding.expected) == {"creditsPosted": 300}
    assert dict(mismatch.finding.actual) == {"creditsPosted": 299}

    drift(office, 1)
    office.pass_(Pass.RECENT)
    [mismatch] = office.mismatches.mismatches.values()
    assert mismatch.is_open  # Only a pass over the whole journal can say.

    office.platform.wait(hours=24)
    office.pass_(Pass.ALL)
    [mismatch] = office.mismatches.mismatches.values()
    assert mismatch.status is MismatchStatus.RESOLVED


def test_what_is_folded_only_later_accuses_nobody(office: Office) -> None:
    """The pass waits for the fold as long as it may be late."""
    office.platform.pay("late", 50)
    office.on_wait = office.books.fold

    office.pass_(Pass.ALL)

    assert office.types() == []


def test_a_pass_that_is_cut_off_after_every_step_finds_the_same(office: Office) -> None:
    drift(office, 7)
    wanted = replace(office.wanted(), scope=Scope.EVERYTHING)

    run = office.engine.run(wanted, "a", OVER)
    while not run.is_over:
        resumed = office.engine.resume(run.id, "b", OVER)
        assert resumed is not None
        run = resumed

    assert office.types() == [MismatchType.BALANCE_DRIFT]
    assert (run.tally(CLIENT).payments, run.tally(CLIENT).mismatched) == (3, 1)


def test_an_account_that_nothing_was_booked_to_is_found(office: Office) -> None:
    office.books.folded[CLIENT, "merchant:ghost:EUR"] = Reading(1, Sums(credits_posted=5))

    office.pass_(Pass.ALL)

    [mismatch] = office.mismatches.mismatches.values()
    assert mismatch.finding.subject.account_id == "merchant:ghost:EUR"
