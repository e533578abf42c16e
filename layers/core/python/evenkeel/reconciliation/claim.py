"""What is said of a transfer, and in what the ledger says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from evenkeel.ledger import accounts
from evenkeel.ledger.transfer import Decline, Record, Transfer, TransferKind
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import Refund
from evenkeel.reconciliation.mismatch import Facts, Finding, MismatchType, Subject


@dataclass(frozen=True, slots=True)
class Claim:
    """A transfer that must be there.

    Attributes:
        subject: The payment that it is of, and the transfer.
        debit_account_id: Named, like the other one, without its currency.
        is_as_ordered: Whether the order allows that amount at all.
    """

    subject: Subject
    status: str
    transfer_id: str
    kind: TransferKind
    amount_minor: int
    currency: str
    debit_account_id: str | None
    credit_account_id: str | None
    is_as_ordered: bool = True

    @property
    def facts(self) -> Facts:
        return {
            "status": self.status,
            "transferId": self.transfer_id,
            "kind": self.kind.value,
            "amount": self.amount_minor,
            "currency": self.currency,
        }

    def unmet(self, record: Record | None) -> Finding:
        """Return the finding that something else, or nothing, is there."""
        return self._finding(MismatchType.COMPLETED_LEDGER_MISSING, self.facts, facts_of(record))

    def misnamed(self, transfer_id: str, transfer: Transfer) -> Finding:
        """Return the finding that the payment names another transfer than the one that is right."""
        expected = {"status": self.status, "transferId": transfer_id}
        type_ = MismatchType.COMPLETED_LEDGER_MISSING
        return self._finding(type_, expected, facts_of(transfer))

    def differences(self, transfer: Transfer) -> Iterator[Finding]:
        """Yield in what the transfer that is there is not as claimed."""
        amount, facts = transfer.amount, facts_of(transfer)
        if amount.currency != self.currency:
            yield self._finding(MismatchType.CURRENCY_MISMATCH, self.facts, facts)
        elif amount.amount_minor != self.amount_minor or not self.is_as_ordered:
            yield self._finding(MismatchType.AMOUNT_MISMATCH, self.facts, facts)
        wanted = _accounts(self.debit_account_id, self.credit_account_id)
        moved = _accounts(*_accounts_of(transfer))
        if wanted != moved:
            yield self._finding(MismatchType.WALLET_MISMATCH, wanted, moved)

    def _finding(self, type_: MismatchType, expected: Facts, actual: Facts) -> Finding:
        return Finding(type_, self.subject, expected, actual)


def claims_of(payment: Payment, debit_id: str, end_id: str | None) -> Iterator[Claim]:
    """Yield what must be there of a payment that is completed; what has paid comes last."""
    captured_minor, ordered_minor = payment.captured_minor, _ordered_minor(payment)
    if end_id is None:
        is_as_ordered = captured_minor == ordered_minor
        kind, paid_id = TransferKind.PAYMENT, debit_id
    else:
        yield hold_claim(payment, debit_id)
        is_as_ordered = captured_minor <= ordered_minor
        kind, paid_id = TransferKind.CAPTURE, end_id
    claim = _debit_claim(payment, paid_id, kind, captured_minor)
    yield replace(claim, is_as_ordered=is_as_ordered)


def hold_claim(payment: Payment, debit_id: str) -> Claim:
    return _debit_claim(payment, debit_id, TransferKind.HOLD, _ordered_minor(payment))


def refund_claim(payment: Payment, refund: Refund, transfer_id: str) -> Claim:
    return Claim(
        subject_of(payment, transfer_id),
        refund.status.value,
        transfer_id,
        TransferKind.REFUND,
        refund.amount_minor,
        payment.order.amount.currency,
        debit_account_id=accounts.merchant(payment.order.merchant_id),
        credit_account_id=payment.wallet_id,
    )


def reversal_claim(payment: Payment, reversal: Transfer, original: Transfer) -> Claim:
    """Return what a transfer must be that takes another one back."""
    debited, credited = _accounts_of(original)
    return Claim(
        subject_of(payment, reversal.id),
        payment.status.value,
        reversal.id,
        TransferKind.REVERSAL,
        original.amount.amount_minor,
        original.amount.currency,
        debit_account_id=credited,
        credit_account_id=debited,
    )


def subject_of(payment: Payment, transfer_id: str | None = None) -> Subject:
    return Subject(payment.client_id, payment.id, transfer_id)


def facts_of(record: Record | None) -> Facts:
    if record is None:
        return {"transferId": None}
    if isinstance(record, Decline):
        return {"transferId": None, "declineReason": record.reason.value}
    return {
        "transferId": record.id,
        "kind": record.kind.value,
        "amount": record.amount.amount_minor,
        "currency": record.amount.currency,
    }


def _debit_claim(
    payment: Payment, transfer_id: str, kind: TransferKind, amount_minor: int
) -> Claim:
    return Claim(
        subject_of(payment, transfer_id),
        payment.status.value,
        transfer_id,
        kind,
        amount_minor,
        payment.order.amount.currency,
        debit_account_id=payment.wallet_id,
        credit_account_id=accounts.merchant(payment.order.merchant_id),
    )


def _ordered_minor(payment: Payment) -> int:
    return payment.order.amount.amount_minor


def _accounts_of(transfer: Transfer) -> tuple[str, str]:
    """Return the accounts that it debits and credits, named without its currency."""
    currency = transfer.amount.currency
    debited, credited = transfer.debit.account_id, transfer.credit.account_id
    return accounts.named(debited, currency), accounts.named(credited, currency)


def _accounts(debited: str | None, credited: str | None) -> Facts:
    return {"debitAccountId": debited, "creditAccountId": credited}
