"""In what the refunds of a payment are not what the ledger holds of them."""

from __future__ import annotations

from collections.abc import Iterator

from evenkeel.ledger.transfer import TransferKind
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import Refund, RefundStatus
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.claim import facts_of, refund_claim, subject_of
from evenkeel.reconciliation.evidence import Evidence
from evenkeel.reconciliation.mismatch import Finding, MismatchType


def refund_findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield what is wrong with the refunds that the payment knows of, and with their sum."""
    for transfer_id, refund in evidence.refunds.items():
        if refund.status is RefundStatus.SUCCEEDED:
            yield from _succeeded(evidence, transfer_id, refund)
        elif refund.status is not RefundStatus.PENDING:
            yield from _came_to_nothing(evidence, transfer_id, refund)
    yield from _sums(evidence)


def refunded_minor(evidence: Evidence, *, with_strays: bool) -> int:
    """Return how much the ledger says was paid back, of what the payment knows of or of all."""
    ids = evidence.records if with_strays else evidence.refunds
    found = (evidence.standing(id_, TransferKind.REFUND) for id_ in ids)
    return sum(transfer.amount.amount_minor for transfer in found if transfer is not None)


def _succeeded(evidence: Evidence, transfer_id: str, refund: Refund) -> Iterator[Finding]:
    claim = refund_claim(evidence.payment, refund, transfer_id)
    transfer = evidence.standing(transfer_id, TransferKind.REFUND)
    if transfer is None:
        yield claim.unmet(evidence.records.get(transfer_id))
    else:
        yield from claim.differences(transfer)


def _came_to_nothing(evidence: Evidence, transfer_id: str, refund: Refund) -> Iterator[Finding]:
    subject = subject_of(evidence.payment, transfer_id)
    expected = {"status": refund.status.value, "transferId": None}
    transfer = evidence.standing(transfer_id, TransferKind.REFUND)
    if transfer is not None:
        facts = facts_of(transfer)
        yield Finding(MismatchType.FAILED_BUT_DEBITED, subject, expected, facts)
    elif refund.status is RefundStatus.FAILED and transfer_id not in evidence.records:
        # A late copy of the refused request would find the id free.
        yield Finding(MismatchType.ENTRY_ALTERED, subject, expected, facts_of(None))


def _sums(evidence: Evidence) -> Iterator[Finding]:
    payment, subject = evidence.payment, subject_of(evidence.payment)
    succeeded = [each for each in payment.refunds.values() if each.status is RefundStatus.SUCCEEDED]
    sum_minor = sum(refund.amount_minor for refund in succeeded)
    says = {"status": payment.status.value, "refundedAmount": payment.refunded_minor}
    if payment.refunded_minor != sum_minor or not _suits_status(payment):
        facts = {"refundedAmount": sum_minor, "capturedAmount": payment.captured_minor}
        yield Finding(MismatchType.AMOUNT_MISMATCH, subject, says, facts)
    posted_minor = refunded_minor(evidence, with_strays=False)
    if max(payment.refunded_minor, posted_minor) > payment.captured_minor:
        expected = {"capturedAmount": payment.captured_minor}
        actual = {**says, "transferredAmount": posted_minor}
        yield Finding(MismatchType.REFUND_EXCEEDS_CAPTURE, subject, expected, actual)


def _suits_status(payment: Payment) -> bool:
    """Tell whether so much is paid back as the status says: all, a part, or nothing."""
    if payment.status is PaymentStatus.REFUNDED:
        return payment.refunded_minor == payment.captured_minor
    if payment.status is PaymentStatus.PARTIALLY_REFUNDED:
        return 0 < payment.refunded_minor < payment.captured_minor
    return payment.refunded_minor == 0
