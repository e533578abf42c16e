"""Runs over everything that is stored: nothing need have been noted, and accounts are summed up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from evenkeel.clock import Deadline
from evenkeel.ledger.transfer import Leg, Transfer
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.account_sums import AccountKey, Reading, Sums
from evenkeel.reconciliation.journal_pass import FOLD_WAIT_S, JournalPass, Step
from evenkeel.reconciliation.mismatch import MismatchStatus, MismatchType
from evenkeel.reconciliation.run import Run, Scope
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


def the_merchant(office: Office) -> AccountKey:
    [key] = [key for key in office.books.folded if key[1].startswith("merchant:")]
    return key


def drift(office: Office, by_minor: int) -> None:
    """Change what an account has taken in, behind the product's back."""
    key = the_merchant(office)
    reading = office.books.folded[key]
    posted = reading.sums.credits_posted + by_minor
    office.books.folded[key] = replace(reading, sums=replace(reading.sums, credits_posted=posted))


def fold_nothing(office: Office) -> None:
    """Raise the merchant's version, as a fold does that is far behind."""
    key = the_merchant(office)
    reading = office.books.folded[key]
    office.books.folded[key] = replace(reading, version=reading.version + 1)


def misbook(office: Office) -> str:
    """Book a payment's money to where no money can be, and return the transfer's id."""
    records = office.ledger.records
    key, transfer = next((key, each) for key, each in records.items() if is_payment(each))
    assert isinstance(transfer, Transfer)
    records[key] = replace(transfer, credit=Leg("casino:roulette:EUR"))
    return transfer.id


def is_payment(record: object) -> bool:
    return isinstance(record, Transfer) and record.credit.account_id.startswith("merchant:")


def cut(office: Office, elapsed_s: Callable[[], float]) -> Office:
    """Have each step of the pass done twice, by a clock that says how long it takes."""
    journal = office.engine.journal
    twice = DoneTwice(journal.books, journal.steps, journal.sleep, elapsed_s)
    office.engine = replace(office.engine, journal=twice)
    return office


class DoneTwice(JournalPass):
    def step(self, run: Run) -> Step:
        first = JournalPass.step(self, run)
        again = JournalPass.step(self, run)
        assert again == first
        return again


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


def test_an_account_that_cannot_be_read_is_found_and_hides_no_other(office: Office) -> None:
    office.books.folded[the_merchant(office)] = Reading(problem="no counters")
    office.books.folded[CLIENT, "external:USD"] = Reading(1, Sums(debits_posted=5))

    run = office.pass_(Pass.ALL)

    assert run.is_over
    assert office.types() == [MismatchType.BALANCE_DRIFT] * 2


def test_what_is_booked_to_no_account_of_ours_is_open_until_it_is_gone(office: Office) -> None:
    records = dict(office.ledger.records)
    transfer_id = misbook(office)

    def told() -> list[MismatchStatus]:
        return [
            each.status
            for each in office.mismatches.mismatches.values()
            if each.finding.type is MismatchType.ENTRY_ALTERED
            and each.finding.subject.transfer_id == transfer_id
            and each.finding.actual == {"accountId": "casino:roulette:EUR", "currency": "EUR"}
        ]

    office.pass_(Pass.ALL)
    assert told() == [MismatchStatus.OPEN]

    office.platform.wait(hours=1)
    office.pass_(Pass.RECENT)
    assert told() == [MismatchStatus.OPEN]

    office.platform.wait(hours=23)
    office.pass_(Pass.ALL)
    assert told() == [MismatchStatus.OPEN]

    office.ledger.records.update(records)
    office.platform.wait(hours=24)
    office.pass_(Pass.ALL)
    assert told() == [MismatchStatus.RESOLVED]


@pytest.mark.parametrize("step_s", [0, 7, 60])
def test_steps_of_any_length_that_are_done_twice_count_nothing_twice(
    office: Office, step_s: int
) -> None:
    cut(office, count(0, step_s).__next__)
    for number in range(3, 10):
        office.platform.pay(f"{number}", 50)
    office.books.fold()
    assert office.pass_(Pass.ALL).is_over
    assert office.types() == []

    office.platform.wait(hours=24)
    drift(office, 7)
    misbook(office)
    office.pass_(Pass.ALL)
    found = {
        each.finding.subject.account_id: dict(each.finding.expected)
        for each in office.mismatches.mismatches.values()
        if each.finding.type is MismatchType.BALANCE_DRIFT
    }
    # All that was paid, but for the payment that was booked elsewhere.
    assert found[the_merchant(office)[1]] == {"creditsPosted": 550}
    assert "journal:EUR" in found


def test_a_journal_longer_than_a_step_is_read_in_several(office: Office) -> None:
    steps = {step_s: len(kept_by(office, step_s)) for step_s in (0, 60)}

    assert steps[60] > steps[0] + 1


def kept_by(office: Office, step_s: int) -> set[str]:
    office.steps.kept.clear()
    office.platform.wait(hours=24)
    cut(office, count(0, step_s).__next__).pass_(Pass.ALL)
    return set(office.steps.kept)


def test_the_wait_for_the_fold_is_cut_into_short_steps(office: Office) -> None:
    drift(office, -1)
    wanted = replace(office.wanted(), scope=Scope.EVERYTHING)
    run = office.engine.run(wanted, "a", OVER)
    begun_at = office.platform.clock()

    while not run.is_over:
        before = office.platform.clock()
        resumed = office.engine.resume(run.id, "b", OVER)
        assert resumed is not None
        run = resumed
        assert office.platform.clock() - before <= timedelta(seconds=FOLD_WAIT_S)

    assert office.types() == [MismatchType.BALANCE_DRIFT]
    assert office.platform.clock() - begun_at == timedelta(minutes=1)


def test_a_fold_that_is_behind_but_alive_accuses_nobody_and_clears_nobody(office: Office) -> None:
    office.platform.pay("late", 50)
    office.on_wait = lambda: fold_nothing(office)
    begun_at = office.platform.clock()
    assert office.pass_(Pass.ALL).is_over
    assert office.types() == []
    assert office.platform.clock() - begun_at < timedelta(minutes=3)

    office.on_wait = lambda: None
    office.platform.wait(hours=24)
    office.pass_(Pass.ALL)
    assert office.types() == [MismatchType.BALANCE_DRIFT]

    office.on_wait = lambda: fold_nothing(office)
    office.platform.wait(hours=24)
    office.pass_(Pass.ALL)
    [mismatch] = office.mismatches.mismatches.values()
    assert mismatch.is_open


def test_an_account_whose_fold_has_come_to_its_end_is_accused_a_minute_later(
    office: Office,
) -> None:
    drift(office, -1)
    waits = count(1)
    office.on_wait = lambda: fold_nothing(office) if next(waits) < 10 else None

    office.pass_(Pass.ALL)

    assert office.types() == [MismatchType.BALANCE_DRIFT]


def test_an_account_that_has_more_than_was_posted_to_it_is_accused_however_much_moves(
    office: Office,
) -> None:
    drift(office, 1)
    office.on_wait = lambda: fold_nothing(office)

    office.pass_(Pass.ALL)

    assert office.types() == [MismatchType.BALANCE_DRIFT]
