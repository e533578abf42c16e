"""Payments and the records of them, as our own code writes both; tests spoil them by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from evenkeel.errors import Declined, DeclineReason
from evenkeel.ledger.commands import Correction, Posted, Reversal
from evenkeel.ledger.transfer import Decline, Record, Transfer
from evenkeel.money import Money
from evenkeel.payments import ending, refunding
from evenkeel.payments.ending import Ending, EndingKind
from evenkeel.payments.failure import Failure
from evenkeel.payments.leases import Lease
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.refunding import RefundOrder
from evenkeel.reconciliation.case import Case
from evenkeel.reconciliation.mismatch import Finding
from evenkeel.reconciliation.payment_rules import judge
from evenkeel.wallets import requests
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.posting import TransferRequest, draft
from tests.fakes.clock import NOON
from tests.payments import order

CLIENT = "cli_a"
KEY = PaymentKey(CLIENT, "pay_k1")
MERCHANT = "merchant:coffee:EUR"
FULL = Wallet("wal_a", CLIENT, "alice", "EUR", NOON, credits_posted=10_000, debits_pending=5_000)
DECLINED = Declined(DeclineReason.INSUFFICIENT_FUNDS, "too little")
LEASE = Lease.taken("r2", NOON)


def claimed(key: str = "k1", *, capture: Capture = Capture.AUTOMATIC) -> Payment:
    wanted = order(key, CLIENT, wallet_id=FULL.id, capture=capture)
    return Payment.created_and_claimed(wanted, NOON, "r1")


def debited(key: str = "k1", *, capture: Capture = Capture.AUTOMATIC) -> tuple[Payment, Transfer]:
    """Return a payment of 400 that the wallet has paid, or holds, and the record of that."""
    before = claimed(key, capture=capture)
    debit = recorded(requests.payment(before.debit("r1")))
    return before.debited(NOON, debit.id), debit


def held() -> tuple[Payment, Transfer]:
    return debited(capture=Capture.MANUAL)


def ending_begun(kind: EndingKind, amount_minor: int | None = None) -> tuple[Payment, Transfer]:
    payment, hold = held()
    return ending.begun(payment, Ending(kind, amount_minor), LEASE, NOON), hold


def captured(amount_minor: int = 400) -> tuple[Payment, Transfer, Transfer]:
    """Return a payment of whose 400 so much was captured, its hold and its capture."""
    begun, hold = ending_begun(EndingKind.CAPTURE, amount_minor)
    return _ended(begun, hold)


def voided() -> tuple[Payment, Transfer, Transfer]:
    begun, hold = ending_begun(EndingKind.VOID)
    return _ended(begun, hold)


def declined() -> tuple[Payment, Decline]:
    before = claimed()
    return before.declined(NOON, DECLINED), decline(before.transfer_id_wanted)


def cancelled() -> Payment:
    """Return a payment that nobody has processed."""
    return Payment.created(order("k1", CLIENT, wallet_id=FULL.id), NOON).voided(NOON)


def refund_begun(
    payment: Payment, debit: Transfer, amount_minor: int, key: str = "f"
) -> tuple[Payment, Transfer]:
    """Return the payment with a refund on its way, and the record of that refund."""
    wanted = RefundOrder(f"ref_{key}", "same", amount_minor)
    begun = refunding.begun(payment, wanted, LEASE, NOON)
    wish = refunding.command(begun, begun.refunds[wanted.refund_id], "r3")
    return begun, recorded(requests.refund(wish, debit))


def refunded(
    payment: Payment, debit: Transfer, amount_minor: int, key: str = "f"
) -> tuple[Payment, Transfer]:
    begun, transfer = refund_begun(payment, debit, amount_minor, key)
    return refunding.succeeded(begun, begun.refunds[f"ref_{key}"], NOON), transfer


def refund_failed(payment: Payment, debit: Transfer) -> tuple[Payment, Transfer, Decline]:
    """Return the payment, the refund that it does not have, and the record of its refusal."""
    begun, transfer = refund_begun(payment, debit, 100)
    failure = Failure.of(DECLINED)
    return (
        refunding.failed(begun, begun.refunds["ref_f"], NOON, failure),
        transfer,
        decline(transfer.id),
    )


def recorded(request: TransferRequest) -> Transfer:
    return draft(request, {FULL.id: FULL}, NOON).transfer


def decline(transfer_id: str) -> Decline:
    reason = DeclineReason.INSUFFICIENT_FUNDS
    return Decline(transfer_id, CLIENT, reason, "too little", NOON, "same", KEY.payment_id)


def reversal(original: Transfer) -> Transfer:
    wish = Reversal(CLIENT, original.id, original.payment_id, "a mistake", "r9")
    return recorded(requests.reversal(wish, original))


def correction(payment: Payment) -> Transfer:
    wish = Correction(
        CLIENT,
        payment.transfer_id_wanted,
        payment.id,
        payment.order.merchant_id,
        payment.order.amount,
        "nobody has paid",
        "r9",
    )
    return recorded(requests.correction(wish))


def other(transfer: Transfer, **changes: object) -> Transfer:
    """Return the same transfer under an id that its payment would not give."""
    return replace(transfer, id="trf_other", **changes)  # type: ignore[arg-type]  # Fields.


def of_amount(transfer: Transfer, amount_minor: int, currency: str = "EUR") -> Transfer:
    return replace(transfer, amount=Money(amount_minor, currency))


def findings(payment: Payment | None, *records: Record, now: datetime = NOON) -> list[Finding]:
    return list(judge(Case(KEY, payment, records), now))


def found(
    payment: Payment | None, *records: Record, now: datetime = NOON
) -> list[tuple[str, str | None]]:
    """Return of what type each finding is, and of which transfer."""
    seen = findings(payment, *records, now=now)
    assert len({each.id for each in seen}) == len(seen), "a type is found once of a subject"
    named = {(each.subject.client_id, each.subject.payment_id) for each in seen}
    assert named <= {(CLIENT, KEY.payment_id)}
    return [(each.type.value, each.subject.transfer_id) for each in seen]


def _ended(begun: Payment, hold: Transfer) -> tuple[Payment, Transfer, Transfer]:
    end = recorded(requests.hold_end(ending.command(begun, "r2"), hold))
    posted = Posted(end.id, end.kind, end.amount.amount_minor)
    return ending.ended(begun, posted, NOON), hold, end
