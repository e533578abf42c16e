"""Runs over a platform in memory: what they find, whom they tell, and how they go on."""

from dataclasses import replace

import pytest

from evenkeel.ledger.transfer import Transfer
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.changes import Change, ChangedObject
from evenkeel.reconciliation.mismatch import MismatchStatus, MismatchType
from evenkeel.reconciliation.run import RunStatus
from tests.unit.payments.platform import CLIENT, Platform
from tests.unit.reconciliation.office import Office


@pytest.fixture
def office() -> Office:
    return Office(Platform())


def plant(office: Office, status: PaymentStatus, key: str = "k1") -> None:
    """Set a payment's status behind the product's back."""
    place = (CLIENT, f"pay_{key}")
    payments = office.platform.store.payments
    payments[place] = replace(payments[place], status=status)


def test_a_clean_platform_reports_nothing(office: Office) -> None:
    for key in "abc":
        office.platform.pay(key, 100)
    office.note_all()

    run = office.run()

    assert run.status is RunStatus.COMPLETED
    tally = run.tally(CLIENT)
    assert (tally.payments, tally.transfers, tally.matched) == (3, 3, 3)
    assert (tally.mismatched, tally.suspicious, tally.skipped) == (0, 0, 0)
    assert office.types() == []
    assert office.sent.alerts == []


def test_a_failed_payment_that_was_debited_is_found_told_and_ended_when_it_is_gone(
    office: Office,
) -> None:
    office.platform.pay()
    plant(office, PaymentStatus.FAILED)
    office.note_all()

    run = office.run(1)
    assert run.tally(CLIENT).mismatched == 1
    assert office.types() == [MismatchType.FAILED_BUT_DEBITED]
    [alert] = office.sent.alerts
    assert (alert.type, alert.severity) == ("MismatchFound", "CRITICAL")

    office.run(2)
    assert len(office.sent.alerts) == 1

    plant(office, PaymentStatus.COMPLETED)
    office.run(3)
    [mismatch] = office.mismatches.mismatches.values()
    assert mismatch.status is MismatchStatus.RESOLVED
    assert [alert.type for alert in office.sent.alerts] == ["MismatchFound", "MismatchResolved"]


def test_the_debit_of_a_payment_that_was_removed_is_an_orphan_though_it_is_old(
    office: Office,
) -> None:
    office.platform.pay()
    del office.platform.store.payments[CLIENT, "pay_k1"]
    office.note([Change(CLIENT, ChangedObject.PAYMENT, "pay_k1")])

    office.run()

    assert office.types() == [MismatchType.ORPHAN_TRANSFER]


def test_an_entry_that_nobody_can_read_accuses_its_own_wallet_only(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = office.platform
    spoilt, _ = platform.wallets.open(CLIENT, "bob", "EUR", opening_minor=5)
    platform.pay("k1", 1)
    platform.pay("k2", 1)
    entry = office.ledger.entry

    def unreadable(client_id: str, wallet_id: str, number: int) -> Transfer | None:
        if wallet_id == spoilt.id:
            raise ValueError
        return entry(client_id, wallet_id, number)

    monkeypatch.setattr(office.ledger, "entry", unreadable)
    office.note_all()
    office.note([Change(CLIENT, ChangedObject.ACCOUNT, spoilt.id, account_ids=(spoilt.id,))])

    run = office.run()

    [mismatch] = office.mismatches.mismatches.values()
    assert mismatch.finding.subject.account_id == spoilt.id
    assert mismatch.is_open
    assert run.total.matched == 2
