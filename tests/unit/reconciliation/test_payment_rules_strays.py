"""Transfers that name a payment which has not asked for them, or no payment at all."""

from dataclasses import replace

import pytest

from evenkeel.ledger.transfer import Leg, TransferKind
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.case import Case
from evenkeel.reconciliation.mismatch import MismatchType, Subject
from evenkeel.reconciliation.payment_rules import judge
from evenkeel.reconciliation.stray_rules import unnamed
from tests.fakes.clock import NOON
from tests.unit.reconciliation.cases import (
    CLIENT,
    KEY,
    cancelled,
    captured,
    claimed,
    correction,
    debited,
    decline,
    declined,
    findings,
    found,
    held,
    of_amount,
    other,
    refund_begun,
    refunded,
    reversal,
    voided,
)

OF_PAYMENTS = ["payment", "hold", "capture", "release", "refund"]


@pytest.mark.parametrize("kind", OF_PAYMENTS)
def test_every_transfer_of_a_payment_that_is_not_there_is_an_orphan(kind: str) -> None:
    _, debit = debited()

    (finding,) = findings(None, replace(debit, kind=TransferKind(kind)))

    assert finding.type is MismatchType.ORPHAN_TRANSFER
    assert finding.subject == Subject(CLIENT, KEY.payment_id, debit.id)
    assert (finding.expected, finding.actual["kind"]) == ({"transferId": None}, kind)


def test_each_orphan_is_told_by_itself() -> None:
    _, hold, capture = captured()

    assert found(None, hold, capture) == [
        ("ORPHAN_TRANSFER", hold.id),
        ("ORPHAN_TRANSFER", capture.id),
    ]


def test_a_refusal_of_a_payment_that_is_not_there_is_harmless() -> None:
    assert found(None, decline("trf_x")) == []


def test_an_orphan_that_was_taken_back_is_at_peace() -> None:
    _, debit = debited()
    back = reversal(debit)

    assert found(None, debit, back) == []
    assert found(None, back) == [("ORPHAN_TRANSFER", back.id)]


def test_what_takes_back_another_payments_transfer_is_an_orphan() -> None:
    _, debit = debited()
    back = reversal(debit)

    assert found(None, replace(debit, payment_id="pay_k2"), back) == [("ORPHAN_TRANSFER", back.id)]


@pytest.mark.parametrize("kind", OF_PAYMENTS)
def test_a_transfer_for_payments_that_names_none_is_an_orphan(kind: str) -> None:
    _, debit = debited()

    finding = unnamed(replace(debit, kind=TransferKind(kind), payment_id=None))

    assert finding is not None
    assert finding.type is MismatchType.ORPHAN_TRANSFER
    assert finding.subject == Subject(CLIENT, None, debit.id)


@pytest.mark.parametrize("kind", ["credit", "debit", "transfer", "reversal", "correction"])
def test_other_transfers_need_not_name_a_payment(kind: str) -> None:
    _, debit = debited()

    assert unnamed(replace(debit, kind=TransferKind(kind), payment_id=None)) is None


def test_what_names_a_payment_is_judged_beside_it() -> None:
    assert unnamed(debited()[1]) is None
    assert unnamed(replace(decline("trf_x"), payment_id=None)) is None


def test_a_second_debit_of_a_payment_is_a_duplicate() -> None:
    payment, debit = debited()

    (finding,) = findings(payment, debit, other(debit))

    assert (finding.type, finding.subject.transfer_id) == ("DUPLICATE_DEBIT", "trf_other")
    assert finding.expected == {"status": "COMPLETED", "transferId": debit.id}


@pytest.mark.parametrize("kind", ["payment", "capture"])
def test_a_second_debit_beside_a_capture_is_a_duplicate(kind: str) -> None:
    payment, hold, capture = captured()

    assert found(payment, hold, capture, other(capture, kind=TransferKind(kind))) == [
        ("DUPLICATE_DEBIT", "trf_other")
    ]


def test_a_second_debit_while_the_first_is_in_process_is_a_duplicate() -> None:
    _, debit = debited()

    assert found(claimed(), debit, other(debit)) == [("DUPLICATE_DEBIT", "trf_other")]


def test_a_second_debit_that_was_taken_back_is_at_peace() -> None:
    payment, debit = debited()
    second = other(debit)

    assert found(payment, debit, second, reversal(second)) == []


def test_a_debit_under_another_id_of_a_payment_that_was_not_paid_is_told() -> None:
    _, debit = debited()
    failed, refusal = declined()
    waiting = claimed().released(NOON, "not_applied")

    assert found(failed, refusal, other(debit)) == [("FAILED_BUT_DEBITED", "trf_other")]
    assert found(cancelled(), other(debit)) == [("FAILED_BUT_DEBITED", "trf_other")]
    assert found(waiting, other(debit)) == [("FAILED_BUT_DEBITED", "trf_other")]


def test_a_debit_under_another_id_of_a_payment_without_its_own_is_an_orphan() -> None:
    payment, hold = held()
    _, debit = debited()

    assert found(payment, hold, other(debit)) == [("ORPHAN_TRANSFER", "trf_other")]
    assert found(claimed(), other(debit)) == [("ORPHAN_TRANSFER", "trf_other")]


def test_a_capture_under_the_id_of_the_debit_is_none_of_a_failed_payment() -> None:
    payment, _ = declined()
    _, debit = debited()

    assert found(payment, replace(debit, kind=TransferKind.CAPTURE)) == [
        ("FAILED_BUT_DEBITED", debit.id)
    ]


def test_a_refund_that_the_payment_does_not_know_is_an_orphan() -> None:
    payment, debit = debited()
    payment, refund = refunded(payment, debit, 100)

    assert found(payment, debit, refund, of_amount(other(refund), 300)) == [
        ("ORPHAN_TRANSFER", "trf_other")
    ]


def test_an_unknown_refund_with_which_more_is_paid_back_than_captured_is_told() -> None:
    payment, debit = debited()
    payment, refund = refunded(payment, debit, 100)

    assert found(payment, debit, refund, of_amount(other(refund), 301)) == [
        ("REFUND_EXCEEDS_CAPTURE", "trf_other")
    ]


@pytest.mark.parametrize("kind", ["hold", "release", "credit", "debit", "transfer"])
def test_anything_else_that_names_the_payment_is_an_orphan(kind: str) -> None:
    payment, debit = debited()

    assert found(payment, debit, other(debit, kind=TransferKind(kind))) == [
        ("ORPHAN_TRANSFER", "trf_other")
    ]


def test_a_refusal_under_another_id_is_harmless() -> None:
    payment, debit = debited()

    assert found(payment, debit, decline("trf_other")) == []


def test_what_takes_nothing_back_is_an_orphan() -> None:
    payment, debit = debited()
    back = reversal(other(debit))

    assert found(payment, debit, back) == [("ORPHAN_TRANSFER", back.id)]
    assert found(payment, debit, replace(back, original_id=None)) == [("ORPHAN_TRANSFER", back.id)]


def test_what_was_taken_back_is_not_taken_back_twice() -> None:
    payment, refusal = declined()
    _, debit = debited()
    back = reversal(debit)

    assert found(payment, debit, back, other(back)) == [("ORPHAN_TRANSFER", "trf_other")]
    assert found(payment, debit, other(back)) == [
        ("FAILED_BUT_DEBITED", debit.id),
        ("ORPHAN_TRANSFER", "trf_other"),
    ]
    assert found(payment, refusal, back) == [("ORPHAN_TRANSFER", back.id)]


def test_what_takes_back_less_than_all_has_not_taken_it_back() -> None:
    payment, debit = debited()
    back = of_amount(reversal(debit), 399)

    assert found(payment, debit, back) == [("AMOUNT_MISMATCH", back.id)]
    assert found(declined()[0], debit, back) == [
        ("FAILED_BUT_DEBITED", debit.id),
        ("AMOUNT_MISMATCH", back.id),
    ]


def test_what_goes_back_to_another_wallet_has_not_gone_back() -> None:
    payment, _ = declined()
    _, debit = debited()
    back = replace(reversal(debit), credit=Leg("wal_b"))

    assert found(payment, debit, back) == [
        ("FAILED_BUT_DEBITED", debit.id),
        ("WALLET_MISMATCH", back.id),
    ]


def test_a_correction_that_nobody_is_owed_is_an_orphan() -> None:
    payment, refusal = declined()
    paid = correction(payment)

    assert found(payment, refusal, paid) == [("ORPHAN_TRANSFER", paid.id)]


def test_a_release_beside_a_payment_at_once_is_an_orphan() -> None:
    payment, debit = debited()
    _, _, release = voided()

    assert found(payment, debit, release) == [("ORPHAN_TRANSFER", release.id)]


def test_a_refund_of_a_payment_that_has_forgotten_it_is_an_orphan() -> None:
    payment, debit = debited()
    _, refund = refund_begun(payment, debit, 100)

    assert payment.status is PaymentStatus.COMPLETED
    assert found(payment, debit, refund) == [("ORPHAN_TRANSFER", refund.id)]
    assert [each.id for each in judge(Case(KEY, payment, [debit, refund, refund]), NOON)] == [
        each.id for each in findings(payment, debit, refund)
    ]
