"""What is planned for each kind of mismatch, and what is left to people."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from evenkeel.ledger.commands import Correction, Debit, HoldEnd, Refund, Reversal
from evenkeel.ledger.transfer import Decline, Record, Transfer
from evenkeel.money import Money
from evenkeel.payments.ending import EndingKind
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import RefundStatus
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation import whys
from evenkeel.reconciliation.case import Case
from evenkeel.reconciliation.mismatch import Finding, MismatchType, Subject
from evenkeel.reconciliation.payment_rules import judge
from evenkeel.reconciliation.policy import Plan, Policy, by_hand_always, is_ever_planned, plan
from evenkeel.reconciliation.remedy import Action, Asker
from evenkeel.reconciliation.survey import Survey
from tests.fakes.clock import NOON
from tests.unit.reconciliation.cases import (
    CLIENT,
    FULL,
    KEY,
    captured,
    claimed,
    correction,
    debited,
    decline,
    ending_begun,
    held,
    other,
    refund_begun,
    refund_failed,
    refunded,
    reversal,
    voided,
)

ASKER = Asker("r9", "a mistake")
LATER = NOON + timedelta(days=30)


def survey(payment: Payment | None, *records: Record, unsound: bool = False) -> Survey:
    return Survey(Case(KEY, payment, records), frozenset(), [FULL.id] if unsound else ())


def planned(
    payment: Payment | None,
    *records: Record,
    unsound: bool = False,
    type_: MismatchType | None = None,
) -> Plan:
    """Return the plan for the one thing that is found, or for the one of that type."""
    found = judge(Case(KEY, payment, records), LATER if type_ in STUCK else NOON)
    [finding] = [each for each in found if type_ in (None, each.type)]
    return plan(finding, survey(payment, *records, unsound=unsound), ASKER)


STUCK = (MismatchType.STUCK_PENDING, MismatchType.STUCK_PROCESSING)


def status(payment: Payment, status: PaymentStatus) -> Payment:
    return replace(payment, status=status)


@pytest.mark.parametrize("over", [PaymentStatus.FAILED, PaymentStatus.CANCELLED])
def test_a_debit_of_a_payment_that_is_over_is_proposed_to_be_reversed(over: PaymentStatus) -> None:
    payment, debit = debited()
    found = planned(status(payment, over), debit)

    assert found.policy is Policy.PROPOSED
    [step] = found.steps
    assert step.command == Reversal(CLIENT, debit.id, KEY.payment_id, "a mistake", "r9")
    assert (step.action, step.amount, step.debited, step.credited) == (
        Action.REVERSE,
        debit.amount,
        "merchant:coffee",
        FULL.id,
    )


def test_a_capture_of_a_cancelled_payment_is_proposed_to_be_reversed() -> None:
    payment, hold, capture = captured()
    found = planned(status(payment, PaymentStatus.CANCELLED), hold, capture)

    assert [step.command.transfer_id for step in found.steps] == [reversal(capture).id]


def test_a_pending_payment_may_still_find_its_debit_so_nothing_is_planned() -> None:
    payment, debit = debited()
    found = planned(
        status(payment, PaymentStatus.PENDING), debit, type_=MismatchType.FAILED_BUT_DEBITED
    )

    assert (found.policy, found.why, found.steps) == (Policy.HUMAN, whys.MAY_STILL_GO_ON, ())


def test_a_strange_debit_of_a_pending_payment_is_proposed_to_be_reversed() -> None:
    _, debit = debited()
    pending = Payment.created(claimed().order, NOON)
    found = planned(pending, other(debit))

    assert [step.action for step in found.steps] == [Action.REVERSE]


def test_a_hold_of_a_failed_payment_is_proposed_to_be_released() -> None:
    payment, hold = held()
    found = planned(status(payment, PaymentStatus.FAILED), hold)

    assert found.policy is Policy.PROPOSED
    assert [step.action for step in found.steps] == [Action.RELEASE]


def test_a_debit_of_which_something_was_refunded_is_never_reversed() -> None:
    payment, debit = debited()
    after, refund = refunded(payment, debit, 100)
    found = planned(
        status(after, PaymentStatus.FAILED), debit, refund, type_=MismatchType.FAILED_BUT_DEBITED
    )

    assert (found.policy, found.why) == (Policy.HUMAN, whys.REFUNDED)


def test_a_debit_is_not_reversed_while_a_refund_is_on_its_way() -> None:
    payment, debit = debited()
    after, _ = refund_begun(payment, debit, 100)
    found = planned(
        status(after, PaymentStatus.FAILED), debit, type_=MismatchType.FAILED_BUT_DEBITED
    )

    assert (found.policy, found.why) == (Policy.HUMAN, whys.REFUND_OPEN)


def test_a_failed_refund_that_was_posted_is_proposed_to_be_taken_back_from_the_wallet() -> None:
    payment, debit = debited()
    after, refund, _ = refund_failed(payment, debit)
    found = planned(after, debit, refund)

    [step] = found.steps
    assert (step.action, step.debited, step.credited) == (
        Action.REVERSE,
        FULL.id,
        "merchant:coffee",
    )


def test_a_released_refund_may_be_asked_for_again_so_nothing_is_planned() -> None:
    payment, debit = debited()
    after, refund, _ = refund_failed(payment, debit)
    released = replace(after.refunds["ref_f"], status=RefundStatus.RELEASED, failure=None)
    found = planned(replace(after, refunds={"ref_f": released}), debit, refund)

    assert (found.policy, found.why) == (Policy.HUMAN, whys.MAY_STILL_GO_ON)


def test_the_capture_of_an_authorized_payment_is_its_own() -> None:
    payment, hold = held()
    _, _, capture = captured()
    found = planned(payment, hold, capture)

    assert (found.policy, found.why) == (Policy.HUMAN, whys.MAY_STILL_GO_ON)


def test_a_second_debit_is_proposed_to_be_reversed_and_the_first_is_not() -> None:
    payment, debit = debited()
    found = planned(payment, debit, other(debit))

    [step] = found.steps
    assert isinstance(step.command, Reversal)
    assert step.command.original_id == "trf_other"


def test_a_second_debit_that_the_payment_names_is_for_people() -> None:
    payment, debit = debited()
    found = planned(
        replace(payment, transfer_id="trf_other"),
        debit,
        other(debit),
        type_=MismatchType.DUPLICATE_DEBIT,
    )

    assert (found.policy, found.why) == (Policy.HUMAN, whys.NAMED_BY_PAYMENT)


def test_a_debit_without_a_payment_is_proposed_to_be_reversed_and_a_hold_is_not() -> None:
    _, debit = debited()
    _, hold = held()

    assert [step.action for step in planned(None, debit).steps] == [Action.REVERSE]
    assert planned(None, hold) == Plan(Policy.HUMAN, whys.NOT_A_DEBIT)


def test_a_missing_debit_is_asked_for_as_the_payment_would_and_else_paid_from_suspense() -> None:
    payment, debit = debited()
    found = planned(payment)

    assert found.policy is Policy.PROPOSED
    first, second = found.steps
    assert isinstance(first.command, Debit)
    assert first.command == claimed().debit("r9")
    assert first.transfer_id == debit.id
    assert isinstance(second.command, Correction)
    assert second.command.transfer_id == correction(payment).id
    assert [step.is_fallback for step in found.steps] == [False, True]


def refused(debit: Transfer) -> Decline:
    return replace(decline(debit.id), fingerprint=debit.fingerprint)


def test_a_debit_that_was_refused_is_paid_from_suspense() -> None:
    payment, debit = debited()
    found = planned(payment, refused(debit))

    assert [(step.action, step.debited) for step in found.steps] == [(Action.CORRECT, "suspense")]


@pytest.mark.parametrize(
    "spoiled",
    [{"amount": Money(400_000, "EUR")}, {"amount": Money(400, "KWD")}, {"merchant_id": "evil"}],
    ids=["amount", "currency", "merchant"],
)
def test_suspense_pays_nothing_that_was_never_asked_for(spoiled: dict[str, Any]) -> None:
    payment, debit = debited()
    order = replace(payment.order, **spoiled)
    edited = replace(payment, order=order, captured_minor=order.amount.amount_minor)

    assert planned(edited, refused(debit)) == Plan(Policy.HUMAN, whys.CONTRADICTED)


def test_suspense_does_not_pay_again_what_it_has_paid_otherwise() -> None:
    payment, debit = debited()
    paid = correction(payment)
    other = replace(paid, amount=Money(399, "EUR"))
    missing = MismatchType.COMPLETED_LEDGER_MISSING

    found = planned(payment, refused(debit), other, type_=missing)

    assert found == Plan(Policy.HUMAN, whys.PAID_OTHERWISE)


def test_suspense_pays_no_part_of_what_is_paid_at_once() -> None:
    payment, debit = debited()

    found = planned(replace(payment, captured_minor=1), refused(debit))

    assert found == Plan(Policy.HUMAN, whys.STRANGE_AMOUNT)


def test_a_hold_that_contradicts_the_payment_is_not_captured() -> None:
    payment, hold, _ = captured(300)
    edited = replace(payment, order=replace(payment.order, merchant_id="evil"))

    missing = MismatchType.COMPLETED_LEDGER_MISSING
    assert planned(edited, hold, type_=missing) == Plan(Policy.HUMAN, whys.CONTRADICTED)


def test_a_debit_that_was_taken_back_is_for_people() -> None:
    payment, debit = debited()

    assert planned(payment, debit, reversal(debit)) == Plan(Policy.HUMAN, whys.TAKEN_BACK)


def test_a_missing_debit_waits_for_a_decision_about_another_one() -> None:
    payment, debit = debited()
    found = planned(payment, other(debit), type_=MismatchType.COMPLETED_LEDGER_MISSING)

    assert found == Plan(Policy.HUMAN, whys.ANOTHER_STANDS)


def test_a_missing_capture_is_asked_for_while_its_hold_stands() -> None:
    payment, hold, _ = captured(300)
    found = planned(payment, hold)

    [step] = found.steps
    assert isinstance(step.command, HoldEnd)
    assert (step.command.captured_minor, step.amount.amount_minor) == (300, 300)


def test_a_release_in_place_of_the_capture_is_paid_from_suspense() -> None:
    payment, hold, _ = captured(300)
    _, _, release = voided()
    found = planned(payment, hold, release)

    [step] = found.steps
    assert isinstance(step.command, Correction)
    assert (step.command.debit_id, step.amount.amount_minor) == (release.id, 300)


def test_a_hold_that_is_gone_is_for_people() -> None:
    payment, _, capture = captured()

    assert planned(payment) == Plan(Policy.HUMAN, whys.HOLD_GONE)
    assert planned(payment, capture) == Plan(Policy.HUMAN, whys.NAMES_ANOTHER)


def test_a_payment_that_names_another_transfer_is_for_people() -> None:
    payment, debit = debited()
    found = planned(replace(payment, transfer_id="trf_other"), debit)

    assert found == Plan(Policy.HUMAN, whys.NAMES_ANOTHER)


def test_an_authorized_payment_without_its_hold_is_for_people() -> None:
    payment, _ = held()

    assert planned(payment) == Plan(Policy.HUMAN, whys.NOT_COMPLETED)


def test_a_missing_refund_is_asked_for_again() -> None:
    payment, debit = debited()
    after, refund = refunded(payment, debit, 100)
    found = planned(after, debit)

    [step] = found.steps
    assert isinstance(step.command, Refund)
    assert (step.transfer_id, step.amount.amount_minor) == (refund.id, 100)
    assert (step.debited, step.credited) == ("merchant:coffee", FULL.id)


def test_a_missing_refund_is_for_people_if_it_was_refused_or_there_is_nothing_to_refund() -> None:
    payment, debit = debited()
    after, refund = refunded(payment, debit, 100)
    type_ = MismatchType.COMPLETED_LEDGER_MISSING

    assert planned(after, debit, decline(refund.id)).why == whys.REFUND_REFUSED
    found = [each for each in judge(Case(KEY, after, ()), NOON) if each.type is type_]
    [finding] = [each for each in found if each.subject.transfer_id == refund.id]
    assert plan(finding, survey(after), ASKER).why == whys.NOTHING_TO_REFUND


def test_the_hold_of_a_cancelled_payment_is_released_by_itself() -> None:
    payment, hold, _ = voided()
    found = planned(payment, hold)

    assert found.policy is Policy.AUTOMATIC
    [step] = found.steps
    assert isinstance(step.command, HoldEnd)
    assert (step.action, step.command.captured_minor) == (Action.RELEASE, 0)
    assert (step.debited, step.amount) == (FULL.id, hold.amount)


def test_a_hold_that_is_over_under_an_authorized_payment_is_for_people() -> None:
    payment, hold = held()
    _, _, release = voided()

    assert planned(payment, hold, release) == Plan(Policy.HUMAN, whys.HOLD_ENDED)


def test_the_sweeper_settles_what_is_stuck_or_has_lapsed() -> None:
    pending = Payment.created(claimed().order, NOON)
    begun, hold = ending_begun(EndingKind.VOID)
    lapsed, _ = held()
    swept = Plan(Policy.AUTOMATIC, whys.SWEPT)

    assert planned(pending, type_=MismatchType.STUCK_PENDING) == swept
    assert planned(claimed(), type_=MismatchType.STUCK_PROCESSING) == swept
    assert planned(begun, hold, type_=MismatchType.STUCK_PROCESSING) == swept
    [finding] = judge(Case(KEY, lapsed, [hold]), LATER)
    assert finding.type is MismatchType.STALE_HOLD
    assert plan(finding, survey(lapsed, hold), ASKER) == swept


def test_nothing_is_posted_to_a_wallet_that_does_not_hold_together() -> None:
    payment, _ = debited()

    assert planned(payment, unsound=True) == Plan(Policy.HUMAN, whys.UNSOUND)


def test_nothing_is_posted_for_what_cannot_be_read() -> None:
    payment, debit = debited()
    failed = status(payment, PaymentStatus.FAILED)
    [finding] = judge(Case(KEY, failed, [debit]), NOON)
    unreadable = replace(survey(failed, debit), is_readable=False)

    assert plan(finding, unreadable, ASKER) == Plan(Policy.HUMAN, whys.UNREADABLE)


@pytest.mark.parametrize("type_", whys.BY_HAND)
def test_what_no_entry_puts_right_is_always_for_people(type_: MismatchType) -> None:
    finding = Finding(type_, Subject(CLIENT, KEY.payment_id), {}, {})

    assert not is_ever_planned(finding)
    assert by_hand_always(finding) == Plan(Policy.HUMAN, whys.BY_HAND[type_])


def test_each_type_has_a_policy() -> None:
    subject = Subject(CLIENT, KEY.payment_id)
    planned_types = {
        each for each in MismatchType if is_ever_planned(Finding(each, subject, {}, {}))
    }

    assert planned_types | set(whys.BY_HAND) == set(MismatchType)
    assert not planned_types & set(whys.BY_HAND)
