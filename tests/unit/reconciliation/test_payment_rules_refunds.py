"""What a payment says of its refunds, each by itself and all together."""

from dataclasses import replace
from typing import Any

import pytest

from evenkeel.ledger.transfer import Leg, Record, TransferKind
from evenkeel.payments import refunding
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import RefundStatus
from evenkeel.payments.states import PaymentStatus
from tests.fakes.clock import NOON
from tests.unit.reconciliation.cases import (
    MERCHANT,
    captured,
    debited,
    decline,
    findings,
    found,
    of_amount,
    other,
    refund_begun,
    refund_failed,
    refunded,
    reversal,
)


def with_refund(payment: Payment, **changes: Any) -> Payment:
    refund = replace(payment.refunds["ref_f"], **changes)
    return replace(payment, refunds={"ref_f": refund})


def test_refunds_agree_with_their_transfers() -> None:
    payment, debit = debited()
    payment, first = refunded(payment, debit, 100, "a")
    payment, second = refunded(payment, debit, 300, "b")

    assert payment.status is PaymentStatus.REFUNDED
    assert found(payment, debit, first, second) == []


def test_a_refund_of_a_capture_agrees_with_its_transfer() -> None:
    payment, hold, capture = captured(150)
    payment, refund = refunded(payment, capture, 150)

    assert found(payment, hold, capture, refund) == []


@pytest.mark.parametrize("instead", ["nothing", "a decline", "another kind", "taken back"])
def test_a_refund_that_succeeded_needs_its_transfer(instead: str) -> None:
    payment, debit = debited()
    payment, refund = refunded(payment, debit, 100)
    records: dict[str, list[Record]] = {
        "nothing": [],
        "a decline": [decline(refund.id)],
        "another kind": [replace(refund, kind=TransferKind.CREDIT)],
        "taken back": [refund, reversal(refund)],
    }

    assert ("COMPLETED_LEDGER_MISSING", refund.id) in found(payment, debit, *records[instead])


def test_a_refund_of_another_amount_is_told() -> None:
    payment, debit = debited()
    payment, refund = refunded(payment, debit, 100)

    (finding,) = findings(payment, debit, of_amount(refund, 101))

    assert (finding.type, finding.subject.transfer_id) == ("AMOUNT_MISMATCH", refund.id)
    assert (finding.expected["amount"], finding.actual["amount"]) == (100, 101)
    assert finding.expected["status"] == "SUCCEEDED"


def test_a_refund_in_another_currency_is_told() -> None:
    payment, debit = debited()
    payment, refund = refunded(payment, debit, 100)
    in_yen = replace(of_amount(refund, 101, "JPY"), debit=Leg("merchant:coffee:JPY"))

    assert found(payment, debit, in_yen) == [("CURRENCY_MISMATCH", refund.id)]


@pytest.mark.parametrize(
    "moved",
    [{"credit": Leg("wal_b")}, {"debit": Leg("merchant:tea:EUR")}, {"debit": Leg("wal_b")}],
    ids=str,
)
def test_a_refund_goes_from_the_merchant_to_the_wallet_that_paid(moved: dict[str, Leg]) -> None:
    payment, debit = debited()
    payment, refund = refunded(payment, debit, 100)
    assert (refund.debit.account_id, refund.credit.account_id) == (MERCHANT, "wal_a")

    spoiled = replace(refund, **moved)  # type: ignore[arg-type]  # Fields.

    assert found(payment, debit, spoiled) == [("WALLET_MISMATCH", refund.id)]


def test_a_refund_that_is_on_its_way_may_have_arrived_or_not() -> None:
    payment, debit = debited()
    payment, refund = refund_begun(payment, debit, 100)

    for records in ([], [refund], [decline(refund.id)]):
        assert found(payment, debit, *records) == []


def test_a_refund_that_failed_agrees_with_its_decline() -> None:
    payment, _, refusal = refund_failed(*debited())

    assert found(payment, debited()[1], refusal) == []


def test_a_refund_that_failed_without_any_record_has_lost_its_decline() -> None:
    payment, refund, _ = refund_failed(*debited())

    assert found(payment, debited()[1]) == [("ENTRY_ALTERED", refund.id)]


def test_a_refund_that_failed_and_arrived_is_told() -> None:
    payment, refund, _ = refund_failed(*debited())
    _, debit = debited()

    (finding,) = findings(payment, debit, refund)

    assert (finding.type, finding.subject.transfer_id) == ("FAILED_BUT_DEBITED", refund.id)
    assert finding.expected == {"status": "FAILED", "transferId": None}
    assert found(payment, debit, refund, reversal(refund)) == []


def test_a_refund_that_was_given_up_has_not_arrived() -> None:
    payment, debit = debited()
    begun, refund = refund_begun(payment, debit, 100)
    released = refunding.released(begun, begun.refunds["ref_f"], NOON, "not_applied")

    assert found(released, debit) == []
    assert found(released, debit, refund) == [("FAILED_BUT_DEBITED", refund.id)]


def test_a_payment_that_says_another_sum_than_its_refunds_is_told() -> None:
    payment, debit = debited()
    payment, refund = refunded(payment, debit, 100)

    (finding,) = findings(replace(payment, refunded_minor=99), debit, refund)

    assert (finding.type, finding.subject.transfer_id) == ("AMOUNT_MISMATCH", None)
    assert finding.expected == {"status": "PARTIALLY_REFUNDED", "refundedAmount": 99}
    assert finding.actual == {"refundedAmount": 100, "capturedAmount": 400}


def test_refunds_that_came_to_nothing_or_are_on_their_way_are_in_no_sum() -> None:
    payment, debit = debited()
    begun, refund = refund_begun(payment, debit, 100)

    assert found(replace(begun, refunded_minor=100), debit, refund) == [("AMOUNT_MISMATCH", None)]


@pytest.mark.parametrize(
    "status", [PaymentStatus.COMPLETED, PaymentStatus.REFUNDED], ids=["nothing", "all"]
)
def test_a_status_that_says_other_than_a_part_of_it_is_told(status: PaymentStatus) -> None:
    payment, debit = debited()
    payment, refund = refunded(payment, debit, 100)

    assert found(replace(payment, status=status), debit, refund) == [("AMOUNT_MISMATCH", None)]


def test_a_payment_of_which_all_is_paid_back_is_not_so_in_part() -> None:
    payment, debit = debited()
    payment, refund = refunded(payment, debit, 400)
    spoiled = replace(payment, status=PaymentStatus.PARTIALLY_REFUNDED)

    assert found(spoiled, debit, refund) == [("AMOUNT_MISMATCH", None)]


@pytest.mark.parametrize("status", [PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED])
def test_a_status_of_refunds_without_any_is_told(status: PaymentStatus) -> None:
    payment, debit = debited()

    assert found(replace(payment, status=status), debit) == [("AMOUNT_MISMATCH", None)]


def test_a_payment_that_says_more_was_paid_back_than_captured_is_told() -> None:
    payment, debit = debited()
    payment, refund = refunded(payment, debit, 400)
    spoiled = with_refund(replace(payment, refunded_minor=401), amount_minor=401)

    assert found(spoiled, debit, of_amount(refund, 401)) == [
        ("AMOUNT_MISMATCH", None),
        ("REFUND_EXCEEDS_CAPTURE", None),
    ]


def test_transfers_that_pay_back_more_than_was_captured_are_told() -> None:
    payment, debit = debited()
    payment, first = refunded(payment, debit, 300, "a")
    payment, second = refund_begun(payment, debit, 100, "b")

    assert found(payment, debit, first, second) == []
    (finding,) = findings(payment, debit, first, of_amount(second, 101))

    assert (finding.type, finding.subject.transfer_id) == ("REFUND_EXCEEDS_CAPTURE", None)
    assert finding.expected == {"capturedAmount": 400}
    assert finding.actual["transferredAmount"] == 401


def test_what_was_taken_back_of_a_refund_is_not_paid_back() -> None:
    payment, debit = debited()
    payment, first = refunded(payment, debit, 400, "a")
    second = other(first)

    assert found(payment, debit, first, second, reversal(second)) == []


def test_every_state_of_a_refund_has_a_rule() -> None:
    payment, debit = debited()
    payment, refund = refunded(payment, debit, 100)
    moved = {
        status: found(with_refund(payment, status=status), debit, refund) for status in RefundStatus
    }

    assert moved[RefundStatus.SUCCEEDED] == []
    assert moved[RefundStatus.PENDING] == [("AMOUNT_MISMATCH", None)]
    for status in (RefundStatus.FAILED, RefundStatus.RELEASED):
        assert moved[status] == [("FAILED_BUT_DEBITED", refund.id), ("AMOUNT_MISMATCH", None)]
