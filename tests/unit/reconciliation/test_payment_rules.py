"""What a payment says of its debit or its hold, and what the ledger holds of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evenkeel.ledger.transfer import Leg, Record, TransferKind
from evenkeel.payments import ending
from evenkeel.payments.ending import EndingKind
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from evenkeel.payments.states import PaymentStatus
from tests.fakes.clock import NOON
from tests.unit.reconciliation.cases import (
    MERCHANT,
    cancelled,
    captured,
    claimed,
    correction,
    debited,
    decline,
    declined,
    ending_begun,
    findings,
    found,
    held,
    of_amount,
    refunded,
    reversal,
    voided,
)

LATE = NOON + timedelta(days=365)


def pending() -> Payment:
    return claimed().released(NOON, "not_applied")


def test_a_payment_that_the_wallet_has_paid_agrees_with_its_debit() -> None:
    assert found(*debited()) == []


@pytest.mark.parametrize("is_declined", [False, True], ids=["nothing", "a decline"])
def test_a_completed_payment_without_its_debit_says_what_did_not_happen(
    *, is_declined: bool
) -> None:
    payment, debit = debited()
    records = [decline(debit.id)] if is_declined else []

    (finding,) = findings(payment, *records)

    assert found(payment, *records) == [("COMPLETED_LEDGER_MISSING", debit.id)]
    assert finding.expected == {
        "status": "COMPLETED",
        "transferId": debit.id,
        "kind": "payment",
        "amount": 400,
        "currency": "EUR",
    }
    assert finding.actual["transferId"] is None


def test_a_refunded_payment_needs_its_debit_too() -> None:
    payment, debit = debited()
    partly, first = refunded(payment, debit, 100, "a")
    wholly, second = refunded(partly, debit, 300, "b")

    assert found(partly, debit, first) == found(wholly, debit, first, second) == []
    assert found(partly, first) == [("COMPLETED_LEDGER_MISSING", debit.id)]
    assert found(wholly, first, second) == [("COMPLETED_LEDGER_MISSING", debit.id)]


def test_a_hold_in_place_of_a_debit_has_paid_nothing() -> None:
    payment, debit = debited()

    held_only = replace(debit, kind=TransferKind.HOLD)

    assert found(payment, held_only) == [("COMPLETED_LEDGER_MISSING", debit.id)]


def test_a_debit_that_was_taken_back_is_missing() -> None:
    payment, debit = debited()

    assert found(payment, debit, reversal(debit)) == [("COMPLETED_LEDGER_MISSING", debit.id)]


def test_a_payment_that_names_another_debit_than_its_own_is_told() -> None:
    payment, debit = debited()

    (finding,) = findings(replace(payment, transfer_id="trf_other"), debit)

    assert (finding.type, finding.subject.transfer_id) == ("COMPLETED_LEDGER_MISSING", debit.id)
    assert finding.expected == {"status": "COMPLETED", "transferId": "trf_other"}
    assert finding.actual["transferId"] == debit.id


def test_a_payment_that_names_no_debit_is_as_right_as_its_money() -> None:
    payment, debit = debited()

    assert found(replace(payment, transfer_id=None), debit) == []
    assert found(replace(payment, transfer_id=None)) == [("COMPLETED_LEDGER_MISSING", debit.id)]


def test_a_payment_and_a_record_under_another_id_do_not_vouch_for_each_other() -> None:
    payment, debit = debited()
    payment, other = replace(payment, transfer_id="trf_other"), replace(debit, id="trf_other")

    assert found(payment, other) == [
        ("COMPLETED_LEDGER_MISSING", debit.id),
        ("ORPHAN_TRANSFER", "trf_other"),
    ]


def test_a_record_that_names_another_payment_is_not_this_ones() -> None:
    payment, debit = debited()

    assert found(payment, replace(debit, payment_id="pay_k2")) == [
        ("COMPLETED_LEDGER_MISSING", debit.id)
    ]


@pytest.mark.parametrize("amount_minor", [399, 401])
def test_a_debit_of_another_amount_is_told(amount_minor: int) -> None:
    payment, debit = debited()

    (finding,) = findings(payment, of_amount(debit, amount_minor))

    assert (finding.type, finding.subject.transfer_id) == ("AMOUNT_MISMATCH", debit.id)
    assert (finding.expected["amount"], finding.actual["amount"]) == (400, amount_minor)


def test_a_payment_and_a_debit_that_agree_on_another_amount_than_the_order_are_told() -> None:
    payment, debit = debited()

    assert found(replace(payment, captured_minor=401), of_amount(debit, 401)) == [
        ("AMOUNT_MISMATCH", debit.id)
    ]


def test_in_another_currency_the_amount_says_nothing() -> None:
    payment, debit = debited()
    in_yen = replace(of_amount(debit, 399, "JPY"), credit=Leg("merchant:coffee:JPY"))

    assert found(payment, in_yen) == [("CURRENCY_MISMATCH", debit.id)]


@pytest.mark.parametrize(
    "moved",
    [
        {"debit": Leg("wal_b")},
        {"credit": Leg("merchant:tea:EUR")},
        {"credit": Leg("merchant:coffee:JPY")},
        {"credit": Leg("wal_b")},
        {"debit": Leg(MERCHANT), "credit": Leg("wal_a")},
    ],
    ids=str,
)
def test_other_accounts_than_the_payments_are_told(moved: dict[str, Leg]) -> None:
    payment, debit = debited()
    spoiled = replace(debit, **moved)  # type: ignore[arg-type]  # Fields.

    (finding,) = findings(payment, spoiled)

    assert (finding.type, finding.subject.transfer_id) == ("WALLET_MISMATCH", debit.id)
    assert finding.expected == {"debitAccountId": "wal_a", "creditAccountId": "merchant:coffee"}
    assert finding.actual != finding.expected


@pytest.mark.parametrize("amount_minor", [400, 150])
def test_a_captured_payment_agrees_with_its_hold_and_its_capture(amount_minor: int) -> None:
    assert found(*captured(amount_minor)) == []


def test_a_captured_payment_needs_its_hold_and_its_capture() -> None:
    payment, hold, capture = captured()

    assert found(payment, capture) == [("COMPLETED_LEDGER_MISSING", hold.id)]
    assert found(payment, hold) == [("COMPLETED_LEDGER_MISSING", capture.id)]
    assert found(payment) == [("COMPLETED_LEDGER_MISSING", hold.id)]


def test_a_release_in_place_of_the_capture_has_paid_nothing() -> None:
    payment, hold, _ = captured()
    _, _, release = voided()

    assert found(payment, hold, release) == [("COMPLETED_LEDGER_MISSING", release.id)]


def test_a_captured_payment_names_its_capture_and_not_its_hold() -> None:
    payment, hold, capture = captured()

    assert found(replace(payment, transfer_id=hold.id), hold, capture) == [
        ("COMPLETED_LEDGER_MISSING", capture.id)
    ]


def test_a_capture_of_another_amount_than_the_payments_is_told() -> None:
    payment, hold, capture = captured(150)

    assert found(payment, hold, of_amount(capture, 151)) == [("AMOUNT_MISMATCH", capture.id)]


def test_more_than_was_ordered_cannot_be_captured() -> None:
    payment, hold, capture = captured()

    assert found(replace(payment, captured_minor=401), hold, of_amount(capture, 401)) == [
        ("AMOUNT_MISMATCH", capture.id)
    ]


def test_a_hold_of_another_amount_than_the_order_is_told() -> None:
    payment, hold, capture = captured(150)
    authorized, _ = held()

    assert found(payment, of_amount(hold, 150), capture) == [("AMOUNT_MISMATCH", hold.id)]
    assert found(authorized, of_amount(hold, 401)) == [("AMOUNT_MISMATCH", hold.id)]


def test_a_merchant_paid_out_of_suspense_settles_a_debit_that_never_happened() -> None:
    payment, debit = debited()
    manual, hold, _ = captured()

    assert found(payment, correction(payment), decline(debit.id)) == []
    assert found(manual, decline(hold.id), correction(manual)) == []


def test_a_correction_settles_nothing_while_the_debit_may_still_be_posted() -> None:
    payment, debit = debited()
    manual, hold, _ = captured()

    assert ("COMPLETED_LEDGER_MISSING", debit.id) in found(payment, correction(payment))
    assert found(manual, hold, correction(manual)) != []


def test_a_correction_that_suspense_has_not_paid_settles_nothing() -> None:
    payment, debit = debited()
    paid = replace(correction(payment), debit=Leg("external:EUR"))

    missing = ("COMPLETED_LEDGER_MISSING", debit.id)
    assert missing in found(payment, paid, decline(debit.id))


@pytest.mark.parametrize("spoil", ["amount", "currency", "merchant", "id", "reversed"])
def test_what_does_not_pay_the_right_merchant_as_much_settles_nothing(spoil: str) -> None:
    payment, debit = debited()
    paid = correction(payment)
    spoiled = {
        "amount": [of_amount(paid, 399)],
        "currency": [of_amount(paid, 400, "JPY")],
        "merchant": [replace(paid, credit=Leg("merchant:tea:EUR"))],
        "id": [replace(paid, id="trf_other")],
        "reversed": [paid, reversal(paid)],
    }

    assert ("COMPLETED_LEDGER_MISSING", debit.id) in found(payment, *spoiled[spoil])


def test_a_merchant_who_has_the_debit_is_not_owed_it_by_suspense() -> None:
    payment, debit = debited()
    paid = correction(payment)

    assert found(payment, debit, paid) == [("ORPHAN_TRANSFER", paid.id)]


def test_a_failed_payment_agrees_with_its_decline() -> None:
    assert found(*declined()) == []


def test_a_failed_payment_that_was_debited_is_told() -> None:
    payment, _ = declined()
    _, debit = debited()

    (finding,) = findings(payment, debit)

    assert (finding.type, finding.subject.transfer_id) == ("FAILED_BUT_DEBITED", debit.id)
    assert finding.expected == {"status": "FAILED", "transferId": None}
    assert (finding.actual["transferId"], finding.actual["amount"]) == (debit.id, 400)


def failed_hold() -> Payment:
    payment, _ = declined()
    return replace(payment, order=replace(payment.order, capture=Capture.MANUAL))


def test_a_failed_payment_whose_money_is_held_or_captured_is_told() -> None:
    _, hold, capture = captured()

    assert found(failed_hold(), hold) == [("FAILED_BUT_DEBITED", hold.id)]
    assert found(failed_hold(), hold, capture) == [("FAILED_BUT_DEBITED", capture.id)]


def test_a_failed_payment_that_was_given_all_back_is_at_peace() -> None:
    _, debit = debited()
    _, hold, release = voided()

    assert found(declined()[0], debit, reversal(debit)) == []
    assert found(failed_hold(), hold, release) == []


def test_a_failed_payment_without_any_record_has_lost_its_decline() -> None:
    payment, decline = declined()

    assert found(payment) == [("ENTRY_ALTERED", decline.id)]


def test_a_cancelled_payment_needs_no_record() -> None:
    assert found(cancelled()) == []
    assert found(*voided()) == []


def test_a_cancelled_payment_that_was_debited_is_told() -> None:
    _, debit = debited()

    assert found(cancelled(), debit) == [("FAILED_BUT_DEBITED", debit.id)]
    assert found(cancelled(), debit, reversal(debit)) == []


def test_a_cancelled_payment_whose_hold_was_not_released_holds_money_for_nothing() -> None:
    payment, hold, _ = voided()
    _, _, capture = captured()

    assert found(payment, hold) == [("STALE_HOLD", hold.id)]
    assert found(payment, hold, decline(capture.id)) == [("STALE_HOLD", hold.id)]
    assert found(payment, hold, capture) == [("FAILED_BUT_DEBITED", capture.id)]
    assert found(payment, hold, capture, reversal(capture)) == []


def test_a_hold_agrees_with_its_payment() -> None:
    assert found(*held()) == []


def test_an_authorized_payment_without_its_hold_says_what_did_not_happen() -> None:
    payment, hold = held()

    assert found(payment) == [("COMPLETED_LEDGER_MISSING", hold.id)]
    assert found(payment, decline(hold.id)) == [("COMPLETED_LEDGER_MISSING", hold.id)]


def test_a_hold_of_other_accounts_is_told() -> None:
    payment, hold = held()

    assert found(payment, replace(hold, debit=Leg("wal_b"))) == [("WALLET_MISMATCH", hold.id)]


@pytest.mark.parametrize("kind", list(EndingKind))
def test_a_hold_whose_end_is_begun_may_have_ended_either_way(kind: EndingKind) -> None:
    begun, hold = ending_begun(kind)
    _, _, capture = captured()
    _, _, release = voided()

    for end in ([], [capture], [release]):
        assert found(begun, hold, *end) == []


def test_a_hold_that_has_ended_although_nobody_has_begun_to_end_it_is_told() -> None:
    payment, hold = held()
    _, _, capture = captured()
    _, _, release = voided()

    assert found(payment, hold, capture) == [("FAILED_BUT_DEBITED", capture.id)]
    assert found(payment, hold, release) == [("STALE_HOLD", hold.id)]
    assert found(payment, hold, capture, reversal(capture)) == [("STALE_HOLD", hold.id)]


def test_a_hold_that_was_given_back_stands_as_before() -> None:
    begun, hold = ending_begun(EndingKind.CAPTURE)

    assert found(ending.released(begun, NOON, "not_applied"), hold) == []


def test_a_payment_that_was_given_back_is_not_debited() -> None:
    _, debit = debited()
    _, hold = held()

    assert found(pending()) == []
    assert found(pending(), debit) == [("FAILED_BUT_DEBITED", debit.id)]
    assert found(pending(), hold) == [("FAILED_BUT_DEBITED", hold.id)]
    assert found(pending(), debit, reversal(debit)) == []


def test_a_payment_in_process_may_not_have_heard_of_anything_yet() -> None:
    _, debit = debited()
    _, refusal = declined()

    records: tuple[list[Record], ...] = ([], [debit], [refusal])
    for each in records:
        assert found(claimed(), *each) == []


@pytest.mark.parametrize("status", list(PaymentStatus))
def test_whatever_is_stored_gets_a_verdict(status: PaymentStatus) -> None:
    """What was tampered with may be nothing that our own code can make."""
    for payment, *records in (debited(), held(), captured(), voided(), declined()):
        spoiled = replace(payment, status=status, processed_at=None, wallet_id=None)
        for each in (spoiled, replace(spoiled, captured_minor=0, transfer_id=None)):
            assert isinstance(found(each, *records, now=LATE), list)
            assert isinstance(found(each, now=LATE), list)
