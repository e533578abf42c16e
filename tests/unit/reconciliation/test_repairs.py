"""Mismatches put right over a platform in memory, while everything around fails."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from evenkeel.clock import Deadline
from evenkeel.errors import (
    Declined,
    InvalidState,
    ObjectNotFound,
    StoreBusy,
    TransferNotApplied,
    TransferUnconfirmed,
)
from evenkeel.ledger.commands import Posted
from evenkeel.ledger.transfer import TransferKind, resolution_id, reversal_id, suspense_id
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation import whys
from evenkeel.reconciliation.mismatch import Mismatch, MismatchStatus, MismatchType
from evenkeel.reconciliation.policy import Policy
from evenkeel.reconciliation.remedy import Action
from evenkeel.reconciliation.repairs import RECONCILIATION, Outcome, Wish
from evenkeel.reconciliation.run import Trigger
from evenkeel.wallets.model import WalletAction, WalletStatus
from tests.fakes.clock import ManualSeconds
from tests.fakes.guard import attempt
from tests.payments import order
from tests.unit.payments.platform import CLIENT, OPENING_MINOR, Killed, Platform, not_applied
from tests.unit.reconciliation.office import Office


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def office(platform: Platform) -> Office:
    return Office(platform)


def plant(platform: Platform, payment: Payment) -> None:
    """Store a payment behind the product's back."""
    platform.store.payments[CLIENT, payment.id] = payment


def failed_but_debited(office: Office) -> Mismatch:
    payment = office.platform.pay()
    plant(office.platform, replace(payment, status=PaymentStatus.FAILED))
    return found(office)


def never_debited(office: Office) -> Mismatch:
    """Return the mismatch of a payment that says it is paid, of which the ledger knows nothing."""
    platform = office.platform
    wanted = order("k1", CLIENT, wallet_id=platform.wallet_id)
    claimed = Payment.created_and_claimed(wanted, platform.clock(), "r1")
    plant(platform, claimed.debited(platform.clock(), claimed.transfer_id_wanted))
    return found(office)


def held(office: Office) -> Payment:
    platform = office.platform
    wanted = order("k1", CLIENT, wallet_id=platform.wallet_id, capture=Capture.MANUAL)
    return platform.payments.create_and_process(wanted, attempt()).payment


def found(office: Office, trigger: Trigger = Trigger.MANUAL) -> Mismatch:
    """Run over everything there is, and return the one mismatch."""
    run(office, trigger)
    [mismatch] = office.mismatches.mismatches.values()
    return mismatch


def run(office: Office, trigger: Trigger = Trigger.MANUAL) -> None:
    office.note_all()
    number = len(office.runs.runs) + 1
    wanted = replace(office.wanted(number), trigger=trigger)
    office.engine.run(wanted, "me", Deadline.after(900, ManualSeconds()))


def repair(
    office: Office, mismatch: Mismatch, *, apply: bool = True, client_id: str = CLIENT
) -> Outcome:
    wish = Wish(client_id, mismatch.id, "key_a", "r9", "a mistake", apply=apply)
    return office.repairs.repair(wish, Deadline.after(20, ManualSeconds()))


def kinds(office: Office) -> list[TransferKind]:
    transfers = office.ledger.records.values()
    return [each.kind for each in transfers if hasattr(each, "kind")]


def stored(office: Office, mismatch: Mismatch) -> Mismatch:
    return office.mismatches.mismatches[CLIENT, mismatch.id]


def test_a_dry_run_says_what_would_be_posted_and_posts_nothing(office: Office) -> None:
    mismatch = failed_but_debited(office)
    before = dict(office.ledger.records)

    outcome = repair(office, mismatch, apply=False)

    assert (outcome.applied, outcome.plan.policy) == (False, Policy.PROPOSED)
    assert [step.action for step in outcome.plan.steps] == [Action.REVERSE]
    assert office.ledger.records == before
    assert stored(office, mismatch) == mismatch


def test_a_debit_of_a_failed_payment_is_given_back_and_who_did_it_is_known(office: Office) -> None:
    mismatch = failed_but_debited(office)

    outcome = repair(office, mismatch)

    assert (outcome.applied, outcome.mismatch.status) == (True, MismatchStatus.REPAIRED)
    assert office.platform.balance == OPENING_MINOR
    repaired = stored(office, mismatch).repair
    assert repaired is not None
    assert (repaired.by, repaired.reason) == ("key_a", "a mistake")
    debit_id = mismatch.finding.subject.transfer_id
    assert debit_id is not None
    assert repaired.transfer_ids == (reversal_id(debit_id),)


def test_what_was_repaired_is_not_found_again(office: Office) -> None:
    mismatch = failed_but_debited(office)
    repair(office, mismatch)

    run(office)

    assert stored(office, mismatch).status is MismatchStatus.REPAIRED
    assert office.types() == [MismatchType.FAILED_BUT_DEBITED]
    assert [alert.type for alert in office.sent.alerts] == ["MismatchFound", "MismatchResolved"]


def test_what_is_applied_twice_is_posted_once(office: Office) -> None:
    mismatch = failed_but_debited(office)
    repair(office, mismatch)

    with pytest.raises(InvalidState) as refused:
        repair(office, mismatch)
    assert (refused.value.subject, refused.value.status) == ("mismatch", MismatchStatus.REPAIRED)

    assert repair(office, mismatch, apply=False).applied
    assert kinds(office).count(TransferKind.REVERSAL) == 1
    assert office.platform.balance == OPENING_MINOR


def test_nobody_else_sees_or_repairs_it(office: Office) -> None:
    mismatch = failed_but_debited(office)

    for apply in (False, True):
        with pytest.raises(ObjectNotFound):
            repair(office, mismatch, apply=apply, client_id="cli_b")
    assert office.platform.balance == OPENING_MINOR - 400


def test_what_is_gone_by_itself_is_resolved_and_nothing_is_posted(office: Office) -> None:
    mismatch = failed_but_debited(office)
    payment = office.platform.stored()
    plant(office.platform, replace(payment, status=PaymentStatus.COMPLETED))

    outcome = repair(office, mismatch)

    assert (outcome.applied, outcome.mismatch.status) == (False, MismatchStatus.RESOLVED)
    assert outcome.plan.why == whys.GONE
    assert TransferKind.REVERSAL not in kinds(office)


def test_what_has_changed_since_is_planned_anew(office: Office) -> None:
    """The debit was found to be missing; by now the wallet has refused it."""
    mismatch = never_debited(office)
    debit = replace(office.platform.stored(), status=PaymentStatus.PROCESSING).debit("late")
    office.platform.wallets.act(CLIENT, office.platform.wallet_id, WalletAction.FREEZE)
    with pytest.raises(Declined):
        office.platform.wallets.obey(debit)

    outcome = repair(office, mismatch)

    assert [step.action for step in outcome.plan.steps] == [Action.CORRECT]
    assert outcome.mismatch.status is MismatchStatus.REPAIRED


def lost(ask: Callable[[], Posted]) -> Posted:
    ask()
    raise TransferUnconfirmed


def killed_after(ask: Callable[[], Posted]) -> Posted:
    ask()
    raise Killed


def test_an_answer_that_was_lost_is_no_second_reversal(office: Office) -> None:
    mismatch = failed_but_debited(office)
    office.platform.gateway.faults = [lost]

    outcome = repair(office, mismatch)
    assert (outcome.applied, outcome.cause) == (False, "transfer_unconfirmed")
    assert outcome.mismatch.is_open

    again = repair(office, mismatch)
    assert (again.applied, again.mismatch.status) == (True, MismatchStatus.REPAIRED)
    assert again.mismatch.repair is not None
    assert kinds(office).count(TransferKind.REVERSAL) == 1
    assert office.platform.balance == OPENING_MINOR


def test_whoever_dies_after_it_was_posted_is_known_all_the_same(office: Office) -> None:
    mismatch = failed_but_debited(office)
    office.platform.gateway.faults = [killed_after]
    with pytest.raises(Killed):
        repair(office, mismatch)

    run(office)

    left = stored(office, mismatch)
    assert left.status is MismatchStatus.REPAIRED
    assert left.repair is not None
    assert left.repair.by == "key_a"
    assert office.platform.balance == OPENING_MINOR


def test_what_was_not_applied_leaves_no_trace_and_may_be_asked_for_again(office: Office) -> None:
    mismatch = failed_but_debited(office)
    office.platform.gateway.faults = [not_applied]

    with pytest.raises(TransferNotApplied) as unavailable:
        repair(office, mismatch)
    assert unavailable.value.payment_id == "pay_k1"
    left = stored(office, mismatch)
    assert (left.status, left.repair) == (MismatchStatus.OPEN, None)

    assert repair(office, mismatch).applied
    assert office.platform.balance == OPENING_MINOR


def test_a_reversal_that_the_wallet_declines_changes_nothing_and_may_pass_later(
    office: Office,
) -> None:
    mismatch = failed_but_debited(office)
    wallets, wallet_id = office.platform.wallets, office.platform.wallet_id
    wallet = office.ledger.wallets[CLIENT, wallet_id]
    closed = replace(wallet, status=WalletStatus.CLOSED)
    office.ledger.wallets[CLIENT, wallet_id] = closed

    with pytest.raises(Declined) as declined:
        repair(office, mismatch)
    assert declined.value.reason == "wallet_closed"
    left = stored(office, mismatch)
    assert (left.status, left.repair) == (MismatchStatus.OPEN, None)

    office.ledger.wallets[CLIENT, wallet_id] = wallet
    assert repair(office, mismatch).mismatch.status is MismatchStatus.REPAIRED
    assert wallets.get(CLIENT, wallet_id).balance_minor == OPENING_MINOR


def test_a_payment_that_was_never_debited_is_debited(office: Office) -> None:
    mismatch = never_debited(office)

    outcome = repair(office, mismatch)

    assert outcome.mismatch.status is MismatchStatus.REPAIRED
    assert office.platform.balance == OPENING_MINOR - 400
    assert outcome.mismatch.repair is not None
    assert outcome.mismatch.repair.transfer_ids == (office.platform.stored().transfer_id_wanted,)


def test_for_a_payer_who_can_no_longer_pay_suspense_pays(office: Office) -> None:
    mismatch = never_debited(office)
    platform = office.platform
    platform.pay("k2", OPENING_MINOR)

    outcome = repair(office, mismatch)

    assert (outcome.applied, outcome.mismatch.status) == (True, MismatchStatus.REPAIRED)
    assert platform.balance == 0
    paid = office.ledger.records[CLIENT, suspense_id(platform.stored().transfer_id_wanted)]
    assert outcome.mismatch.repair is not None
    assert outcome.mismatch.repair.transfer_ids == (paid.id,)
    run(office)
    assert stored(office, mismatch).status is MismatchStatus.REPAIRED


def test_whoever_dies_between_the_refusal_and_suspense_is_followed_by_one_who_pays_once(
    office: Office,
) -> None:
    mismatch = never_debited(office)
    office.platform.pay("k2", OPENING_MINOR)

    def answered(ask: Callable[[], Posted]) -> Posted:
        return ask()

    def killed_before(_: Callable[[], Posted]) -> Posted:
        raise Killed

    office.platform.gateway.faults = [answered, killed_before]
    with pytest.raises(Killed):
        repair(office, mismatch)
    assert TransferKind.CORRECTION not in kinds(office)

    outcome = repair(office, mismatch)

    assert [step.action for step in outcome.plan.steps] == [Action.CORRECT]
    assert outcome.mismatch.status is MismatchStatus.REPAIRED
    assert kinds(office).count(TransferKind.CORRECTION) == 1


def test_a_capture_that_was_released_is_paid_from_suspense(office: Office) -> None:
    payment = held(office)
    office.platform.desk.holds.void(PaymentKey(CLIENT, payment.id), attempt())
    hold_id = payment.transfer_id_wanted
    says = replace(
        payment,
        status=PaymentStatus.COMPLETED,
        captured_minor=400,
        transfer_id=resolution_id(hold_id),
    )
    plant(office.platform, says)
    mismatch = found(office)

    outcome = repair(office, mismatch)

    assert outcome.mismatch.status is MismatchStatus.REPAIRED
    assert (CLIENT, suspense_id(resolution_id(hold_id))) in office.ledger.records
    assert office.platform.balance == OPENING_MINOR


def test_a_debit_whose_record_was_removed_is_not_asked_for_again(office: Office) -> None:
    """The wallet has paid: its chain says so, although the record is gone."""
    payment = office.platform.pay()
    del office.ledger.records[CLIENT, payment.transfer_id_wanted]
    run(office)
    [mismatch] = [
        each
        for each in office.mismatches.mismatches.values()
        if each.finding.type is MismatchType.COMPLETED_LEDGER_MISSING
    ]

    outcome = repair(office, mismatch)

    assert (outcome.applied, outcome.plan.why) == (False, whys.UNSOUND)
    assert office.platform.balance == OPENING_MINOR - 400
    assert stored(office, mismatch).is_open


def test_what_only_a_person_can_decide_is_not_applied(office: Office) -> None:
    payment = office.platform.pay()
    wallet = office.ledger.wallets[CLIENT, office.platform.wallet_id]
    drifted = replace(wallet, credits_posted=wallet.credits_posted + 1)
    office.ledger.wallets[CLIENT, wallet.id] = drifted
    mismatch = found(office)
    assert mismatch.finding.type is MismatchType.BALANCE_DRIFT

    outcome = repair(office, mismatch)
    assert (outcome.applied, outcome.plan.policy) == (False, Policy.HUMAN)
    assert outcome.mismatch.is_open

    office.ledger.wallets[CLIENT, wallet.id] = wallet
    assert repair(office, mismatch).mismatch.status is MismatchStatus.RESOLVED
    assert office.platform.stored() == payment


def test_the_hold_of_a_cancelled_payment_is_released_by_the_scheduled_run_itself(
    office: Office,
) -> None:
    payment = held(office)
    plant(office.platform, replace(payment, status=PaymentStatus.CANCELLED))

    mismatch = found(office, Trigger.SCHEDULE)

    assert (mismatch.finding.type, mismatch.status) == (
        MismatchType.STALE_HOLD,
        MismatchStatus.REPAIRED,
    )
    assert mismatch.repair is not None
    assert mismatch.repair.by == RECONCILIATION
    wallet = office.platform.wallets.get(CLIENT, office.platform.wallet_id)
    assert (wallet.available_minor, wallet.debits_pending) == (OPENING_MINOR, 0)
    run(office, Trigger.SCHEDULE)
    assert stored(office, mismatch) == mismatch


def test_a_run_that_a_client_has_asked_for_moves_no_money(office: Office) -> None:
    payment = held(office)
    plant(office.platform, replace(payment, status=PaymentStatus.CANCELLED))

    assert found(office, Trigger.MANUAL).is_open
    assert TransferKind.RELEASE not in kinds(office)


def test_what_a_run_cannot_release_now_is_released_by_the_next_one(office: Office) -> None:
    payment = held(office)
    plant(office.platform, replace(payment, status=PaymentStatus.CANCELLED))
    office.platform.gateway.faults = [not_applied]

    mismatch = found(office, Trigger.SCHEDULE)
    assert mismatch.is_open
    run(office, Trigger.SCHEDULE)

    assert stored(office, mismatch).status is MismatchStatus.REPAIRED
    assert kinds(office).count(TransferKind.RELEASE) == 1


def test_what_the_sweeper_settles_is_left_to_it_by_everybody(office: Office) -> None:
    payment = held(office)
    plant(office.platform, payment)
    office.platform.wait(days=8)
    mismatch = found(office, Trigger.SCHEDULE)
    assert mismatch.finding.type is MismatchType.STALE_HOLD

    outcome = repair(office, mismatch)

    assert (outcome.applied, outcome.plan.why) == (False, whys.SWEPT)
    assert TransferKind.RELEASE not in kinds(office)


def test_what_is_posted_is_not_said_not_to_be_when_it_cannot_be_looked_at_again(
    office: Office,
) -> None:
    mismatch = failed_but_debited(office)

    def posted_then_busy(ask: Callable[[], Posted]) -> Posted:
        answer = ask()
        office.books.faults = [StoreBusy()] * 9
        return answer

    office.platform.gateway.faults = [posted_then_busy]
    outcome = repair(office, mismatch)

    assert (outcome.applied, outcome.cause) == (True, StoreBusy.code)
    office.books.faults = []
    assert repair(office, mismatch).mismatch.status is MismatchStatus.REPAIRED
    assert kinds(office).count(TransferKind.REVERSAL) == 1
