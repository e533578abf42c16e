"""The ways in which money moves, as requests to the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.ids import derived_id
from evenkeel.ledger import accounts
from evenkeel.ledger.commands import Correction, Debit, HoldEnd, Refund, Reversal
from evenkeel.ledger.transfer import IRREVERSIBLE_KINDS, REFUNDABLE_KINDS, Transfer, TransferKind
from evenkeel.wallets.posting import TransferRequest


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked, and under which key: what makes a repeated request the same one.

    Attributes:
        transfer_id: Derived from the client, the route and the idempotency key.
        fingerprint: Of the request's contents.
    """

    client_id: str
    transfer_id: str
    fingerprint: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Amount:
    """How much, in minor units of the wallet's currency, and what the client says of it."""

    amount_minor: int
    reference: str | None = None
    description: str | None = None


def credit(asked: Asked, wallet_id: str, amount: Amount) -> TransferRequest:
    """Money from outside into a wallet."""
    return _request(asked, TransferKind.CREDIT, accounts.EXTERNAL, wallet_id, amount)


def debit(asked: Asked, wallet_id: str, amount: Amount) -> TransferRequest:
    """Money from a wallet to the outside."""
    return _request(asked, TransferKind.DEBIT, wallet_id, accounts.EXTERNAL, amount)


def transfer(
    asked: Asked, from_wallet_id: str, to_wallet_id: str, amount: Amount
) -> TransferRequest:
    """Money from one wallet to another of the same client."""
    return _request(asked, TransferKind.TRANSFER, from_wallet_id, to_wallet_id, amount)


def _request(
    asked: Asked, kind: TransferKind, debited: str, credited: str, amount: Amount
) -> TransferRequest:
    return TransferRequest(
        id=asked.transfer_id,
        client_id=asked.client_id,
        kind=kind,
        debit_account_id=debited,
        credit_account_id=credited,
        amount_minor=amount.amount_minor,
        fingerprint=asked.fingerprint,
        reference=amount.reference,
        description=amount.description,
        request_id=asked.request_id,
    )


def payment(debit: Debit) -> TransferRequest:
    """Money from a user's wallet to a merchant, at once or on hold."""
    kind = TransferKind.HOLD if debit.is_hold else TransferKind.PAYMENT
    amount = (str(debit.amount.amount_minor), debit.amount.currency)
    contents = (debit.payment_id, debit.wallet_id, debit.user_id, debit.merchant_id, *amount)
    return TransferRequest(
        id=debit.transfer_id,
        client_id=debit.client_id,
        kind=kind,
        debit_account_id=debit.wallet_id,
        credit_account_id=accounts.merchant(debit.merchant_id),
        amount_minor=debit.amount.amount_minor,
        currency=debit.amount.currency,
        owner_user_id=debit.user_id,
        payment_id=debit.payment_id,
        fingerprint=derived_id("fpr", kind, *contents),
        request_id=debit.request_id,
    )


def hold_end(end: HoldEnd, hold: Transfer) -> TransferRequest:
    """What was held for a merchant: paid, all or part of it, or given back."""
    assert hold.kind is TransferKind.HOLD
    assert hold.debit.account_id == end.wallet_id
    assert end.captured_minor <= hold.amount.amount_minor
    kind = TransferKind.CAPTURE if end.captured_minor else TransferKind.RELEASE
    return TransferRequest(
        id=end.transfer_id,
        client_id=end.client_id,
        kind=kind,
        debit_account_id=end.wallet_id,
        credit_account_id=_merchant(hold),
        amount_minor=end.captured_minor or hold.amount.amount_minor,
        currency=hold.amount.currency,
        payment_id=end.payment_id,
        fingerprint=derived_id("fpr", kind, end.original_id, str(end.captured_minor)),
        request_id=end.request_id,
        original_id=hold.id,
        held_minor=hold.amount.amount_minor,
    )


def refund(wish: Refund, original: Transfer) -> TransferRequest:
    """Money from a merchant back to the wallet that paid."""
    assert original.kind in REFUNDABLE_KINDS
    assert original.debit.account_id == wish.wallet_id
    assert wish.amount_minor <= original.amount.amount_minor
    return TransferRequest(
        id=wish.transfer_id,
        client_id=wish.client_id,
        kind=TransferKind.REFUND,
        debit_account_id=_merchant(original),
        credit_account_id=wish.wallet_id,
        amount_minor=wish.amount_minor,
        currency=original.amount.currency,
        payment_id=wish.payment_id,
        fingerprint=refund_fingerprint(wish),
        request_id=wish.request_id,
        original_id=original.id,
    )


def refund_fingerprint(wish: Refund) -> str:
    contents = (wish.payment_id, wish.original_id, wish.wallet_id, str(wish.amount_minor))
    return derived_id("fpr", TransferKind.REFUND, *contents)


def reversal(wish: Reversal, original: Transfer) -> TransferRequest:
    """All of a transfer, from where it went to where it came from."""
    assert original.id == wish.original_id
    assert original.kind not in IRREVERSIBLE_KINDS
    currency = original.amount.currency
    return TransferRequest(
        id=wish.transfer_id,
        client_id=wish.client_id,
        kind=TransferKind.REVERSAL,
        debit_account_id=accounts.named(original.credit.account_id, currency),
        credit_account_id=accounts.named(original.debit.account_id, currency),
        amount_minor=original.amount.amount_minor,
        currency=currency,
        payment_id=original.payment_id,
        fingerprint=derived_id("fpr", TransferKind.REVERSAL, original.id),
        request_id=wish.request_id,
        description=wish.reason,
        original_id=original.id,
    )


def correction(wish: Correction) -> TransferRequest:
    """Money from the suspense account to a merchant. It has no original: none was posted."""
    amount = (str(wish.amount.amount_minor), wish.amount.currency)
    contents = (wish.payment_id, wish.debit_id, wish.merchant_id, *amount)
    return TransferRequest(
        id=wish.transfer_id,
        client_id=wish.client_id,
        kind=TransferKind.CORRECTION,
        debit_account_id=accounts.SUSPENSE,
        credit_account_id=accounts.merchant(wish.merchant_id),
        amount_minor=wish.amount.amount_minor,
        currency=wish.amount.currency,
        payment_id=wish.payment_id,
        fingerprint=derived_id("fpr", TransferKind.CORRECTION, *contents),
        request_id=wish.request_id,
        description=wish.reason,
    )


def _merchant(original: Transfer) -> str:
    return accounts.named(original.credit.account_id, original.amount.currency)
