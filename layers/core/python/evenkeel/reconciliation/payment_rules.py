"""In what a payment and the ledger disagree.

Pure, and definite for a case in which nothing moves: what a payment says comes after what
the ledger holds of it, the begin of a refund or of a hold's end comes before, and records
never change. So nothing here is ever only *not yet* so, but for what is in flight: a payment
that is PROCESSING, an end that is begun, a refund that is PENDING. Those can only be late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain

from evenkeel.ledger import accounts
from evenkeel.ledger.transfer import Decline, Record, Transfer, TransferKind, suspense_id
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.case import Case
from evenkeel.reconciliation.claim import Claim, claims_of, facts_of, hold_claim, subject_of
from evenkeel.reconciliation.evidence import Evidence
from evenkeel.reconciliation.mismatch import Finding, MismatchType
from evenkeel.reconciliation.refund_rules import refund_findings
from evenkeel.reconciliation.stray_rules import orphans, stray_findings
from evenkeel.reconciliation.stuck_rules import stuck_findings


def judge(case: Case, now: datetime) -> Sequence[Finding]:
    """Return in what the payment and the ledger disagree; one finding of a type per subject."""
    if case.payment is None:
        return list(orphans(case))
    if len(case.records) == 1 and _is_plain(case.payment, case.records[0]):
        return ()
    evidence = Evidence.of(case.payment, case.records)
    return list(
        chain(
            _RULES[case.payment.status](evidence),
            refund_findings(evidence),
            stray_findings(evidence, _correction(evidence)),
            stuck_findings(evidence, now),
        )
    )


def _is_plain(payment: Payment, record: Record) -> bool:
    """Tell whether it is paid at once, and its one record all that there must be.

    That is most of all payments, so it must be quick: no rule has anything to say of it.
    """
    order = payment.order
    is_final = (
        payment.status is PaymentStatus.COMPLETED
        and order.capture is Capture.AUTOMATIC
        and payment.captured_minor == order.amount.amount_minor
        and payment.refunded_minor == 0
        and not payment.refunds
        and payment.ending is None
    )
    return (
        is_final
        and isinstance(record, Transfer)
        and record.kind is TransferKind.PAYMENT
        and record.payment_id == order.payment_id
        and record.amount == order.amount
        and record.debit.account_id == payment.wallet_id
        and record.credit.account_id == _merchant_account(payment)
        and record.id == payment.transfer_id == payment.transfer_id_wanted
    )


def _completed(evidence: Evidence) -> Iterator[Finding]:
    met: list[tuple[Claim, Transfer]] = []
    for claim in claims_of(evidence.payment, evidence.debit_id, evidence.end_id):
        transfer = evidence.standing(claim.transfer_id, claim.kind)
        if transfer is None:
            for earlier, standing in met:
                yield from earlier.differences(standing)
            if _correction(evidence) is None:
                yield claim.unmet(evidence.records.get(claim.transfer_id))
            return
        met.append((claim, transfer))
    claim, paid = met[-1]
    named_id = evidence.payment.transfer_id
    # One that names none is as right as its money: what was debited late was asked for by others.
    if named_id not in (None, paid.id):
        yield claim.misnamed(named_id, paid)
    for claim, transfer in met:
        yield from claim.differences(transfer)


def _authorized(evidence: Evidence) -> Iterator[Finding]:
    payment, end = evidence.payment, evidence.end
    claim = hold_claim(payment, evidence.debit_id)
    if evidence.hold is None:
        yield claim.unmet(evidence.records.get(evidence.debit_id))
    else:
        yield from claim.differences(evidence.hold)
    if end is None or payment.ending is not None:
        return
    if evidence.captured is not None:
        subject = subject_of(payment, end.id)
        yield Finding(MismatchType.FAILED_BUT_DEBITED, subject, claim.facts, facts_of(end))
    else:
        yield Finding(MismatchType.STALE_HOLD, claim.subject, claim.facts, facts_of(end))


def _failed(evidence: Evidence) -> Iterator[Finding]:
    if evidence.debit_id not in evidence.records:
        # Of whatever was refused there is a decline: it holds the id.
        subject = subject_of(evidence.payment, evidence.debit_id)
        expected = {"status": evidence.payment.status.value}
        yield Finding(MismatchType.ENTRY_ALTERED, subject, expected, facts_of(None))
    yield from _unpaid(evidence)


def _unpaid(evidence: Evidence) -> Iterator[Finding]:
    if evidence.taken is not None:
        yield _taken(evidence, evidence.taken, MismatchType.FAILED_BUT_DEBITED)


def _cancelled(evidence: Evidence) -> Iterator[Finding]:
    if evidence.taken is not None:
        is_held = evidence.taken.kind is TransferKind.HOLD
        type_ = MismatchType.STALE_HOLD if is_held else MismatchType.FAILED_BUT_DEBITED
        yield _taken(evidence, evidence.taken, type_)


def _in_flight(evidence: Evidence) -> Iterator[Finding]:
    """Whatever the ledger holds, the payment may not have heard of it yet."""
    return iter(())


_RULES: Mapping[PaymentStatus, Callable[[Evidence], Iterator[Finding]]] = {
    PaymentStatus.PENDING: _unpaid,
    PaymentStatus.PROCESSING: _in_flight,
    PaymentStatus.AUTHORIZED: _authorized,
    PaymentStatus.COMPLETED: _completed,
    PaymentStatus.PARTIALLY_REFUNDED: _completed,
    PaymentStatus.REFUNDED: _completed,
    PaymentStatus.FAILED: _failed,
    PaymentStatus.CANCELLED: _cancelled,
}


def _taken(evidence: Evidence, transfer: Transfer, type_: MismatchType) -> Finding:
    subject = subject_of(evidence.payment, transfer.id)
    expected = {"status": evidence.payment.status.value, "transferId": None}
    return Finding(type_, subject, expected, facts_of(transfer))


def _correction(evidence: Evidence) -> Transfer | None:
    """Return what settles a payment that says it is paid, if no debit stands and this does."""
    payment = evidence.payment
    if evidence.paid is not None or _RULES[payment.status] is not _completed:
        return None
    if evidence.end_id is None and payment.captured_minor != payment.order.amount.amount_minor:
        return None
    transfer = next(filter(None, map(partial(_in_place_of, evidence), _unpaid_ids(evidence))), None)
    if transfer is None:
        return None
    amount, currency = transfer.amount, payment.order.amount.currency
    sides = (transfer.debit.account_id, transfer.credit.account_id)
    if sides != (accounts.booked(accounts.SUSPENSE, currency), _merchant_account(payment)):
        return None
    is_owed = (amount.amount_minor, amount.currency) == (payment.captured_minor, currency)
    return transfer if is_owed else None


def _unpaid_ids(evidence: Evidence) -> Sequence[str]:
    return [each for each in (evidence.debit_id, evidence.end_id) if each is not None]


def _in_place_of(evidence: Evidence, id_: str) -> Transfer | None:
    """Return the correction in place of a debit that was refused, or a capture that was released.

    The id must be taken by that: a free one may still be posted, beside the correction.
    """
    record = evidence.records.get(id_)
    is_released = isinstance(record, Transfer) and record.kind is TransferKind.RELEASE
    if not is_released and not isinstance(record, Decline):
        return None
    return evidence.standing(suspense_id(id_), TransferKind.CORRECTION)


def _merchant_account(payment: Payment) -> str:
    order = payment.order
    return accounts.booked(accounts.merchant(order.merchant_id), order.amount.currency)
