"""Transfers that speak of a payment which knows nothing of them, or which is not there."""

from __future__ import annotations

from collections.abc import Iterator

from evenkeel.ledger.transfer import Record, Transfer, TransferKind
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.case import Case
from evenkeel.reconciliation.claim import facts_of, reversal_claim, subject_of
from evenkeel.reconciliation.evidence import (
    Evidence,
    naming,
    original_of,
    reversed_in,
    transfers_in,
)
from evenkeel.reconciliation.mismatch import Finding, MismatchType, Subject
from evenkeel.reconciliation.refund_rules import refunded_minor

_POSTED_DEBITS = frozenset({TransferKind.PAYMENT, TransferKind.CAPTURE})
_OF_PAYMENTS = _POSTED_DEBITS | {TransferKind.HOLD, TransferKind.RELEASE, TransferKind.REFUND}
# They say that nothing has left the wallet.
_UNPAID = frozenset({PaymentStatus.PENDING, PaymentStatus.FAILED, PaymentStatus.CANCELLED})


def stray_findings(evidence: Evidence, correction: Transfer | None) -> Iterator[Finding]:
    """Yield what is wrong with the transfers that name the payment and are none of its own.

    That is each of them, but for what was taken back, what takes another one back as it
    should, and the *correction* that settles the payment.
    """
    payment = evidence.payment
    expected = {"status": payment.status.value, "transferId": payment.transfer_id}
    for stray in evidence.strays:
        if stray.id in evidence.reversed_ids or stray is correction:
            continue
        original = original_of(stray, evidence.records)
        if original is not None:
            yield from reversal_claim(payment, stray, original).differences(stray)
            continue
        subject = subject_of(payment, stray.id)
        yield Finding(_type_of(stray, evidence), subject, expected, facts_of(stray))


def orphans(case: Case) -> Iterator[Finding]:
    """Yield a finding for each transfer of a payment that is not there, but for what is undone."""
    payment_id = case.key.payment_id
    records = naming(payment_id, case.records)
    reversed_ids = reversed_in(records)
    for transfer in transfers_in(records):
        if transfer.id not in reversed_ids and original_of(transfer, records) is None:
            yield _orphan(transfer)


def unnamed(record: Record) -> Finding | None:
    """Return the finding that a transfer must be some payment's and names none, if it is so."""
    if not isinstance(record, Transfer) or record.payment_id is not None:
        return None
    return _orphan(record) if record.kind in _OF_PAYMENTS else None


def _type_of(stray: Transfer, evidence: Evidence) -> MismatchType:
    if stray.kind in _POSTED_DEBITS:
        if evidence.paid is not None:
            return MismatchType.DUPLICATE_DEBIT
        if evidence.payment.status in _UNPAID:
            return MismatchType.FAILED_BUT_DEBITED
    if stray.kind is TransferKind.REFUND:
        all_minor = refunded_minor(evidence, with_strays=True)
        if all_minor > evidence.payment.captured_minor:
            return MismatchType.REFUND_EXCEEDS_CAPTURE
    return MismatchType.ORPHAN_TRANSFER


def _orphan(transfer: Transfer) -> Finding:
    subject = Subject(transfer.client_id, transfer.payment_id, transfer.id)
    expected = {"transferId": None}
    return Finding(MismatchType.ORPHAN_TRANSFER, subject, expected, facts_of(transfer))
