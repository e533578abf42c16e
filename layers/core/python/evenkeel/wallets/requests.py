"""The ways in which money moves, as requests to the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.ids import derived_id
from evenkeel.ledger import accounts
from evenkeel.ledger.transfer import Transfer, TransferKind, resolution_id
from evenkeel.money import Money
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


@dataclass(frozen=True, slots=True)
class PaymentDebit:
    """Money from a user's wallet to a merchant, as the payments side asks for it.

    Attributes:
        is_hold: Whether it is only to be held for the merchant, until that is captured or released.
    """

    client_id: str
    transfer_id: str
    payment_id: str
    wallet_id: str
    user_id: str
    merchant_id: str
    amount: Money
    request_id: str
    is_hold: bool = False

    def request(self) -> TransferRequest:
        kind = TransferKind.HOLD if self.is_hold else TransferKind.PAYMENT
        amount = (str(self.amount.amount_minor), self.amount.currency)
        contents = (self.payment_id, self.wallet_id, self.user_id, self.merchant_id, *amount)
        return TransferRequest(
            id=self.transfer_id,
            client_id=self.client_id,
            kind=kind,
            debit_account_id=self.wallet_id,
            credit_account_id=accounts.merchant(self.merchant_id),
            amount_minor=self.amount.amount_minor,
            currency=self.amount.currency,
            owner_user_id=self.user_id,
            payment_id=self.payment_id,
            fingerprint=derived_id("fpr", kind, *contents),
            request_id=self.request_id,
        )


@dataclass(frozen=True, slots=True)
class HoldEnd:
    """The end of a hold: all or part of it is captured and the rest released, or all of it.

    Attributes:
        captured_minor: 0 for a release.
    """

    client_id: str
    payment_id: str
    original_id: str
    wallet_id: str
    captured_minor: int
    request_id: str

    @property
    def id(self) -> str:
        return resolution_id(self.original_id)

    def request(self, hold: Transfer) -> TransferRequest:
        assert hold.kind is TransferKind.HOLD
        assert hold.debit.account_id == self.wallet_id
        assert self.captured_minor <= hold.amount.amount_minor
        kind = TransferKind.CAPTURE if self.captured_minor else TransferKind.RELEASE
        return TransferRequest(
            id=self.id,
            client_id=self.client_id,
            kind=kind,
            debit_account_id=self.wallet_id,
            credit_account_id=accounts.named(hold.credit.account_id, hold.amount.currency),
            amount_minor=self.captured_minor or hold.amount.amount_minor,
            currency=hold.amount.currency,
            payment_id=self.payment_id,
            fingerprint=derived_id("fpr", kind, self.original_id, str(self.captured_minor)),
            request_id=self.request_id,
            original_id=hold.id,
            held_minor=hold.amount.amount_minor,
        )


@dataclass(frozen=True, slots=True)
class PaymentRefund:
    """Money from a merchant back to the wallet that paid, all or part of what was captured."""

    client_id: str
    id: str  # Of the refund's own transfer.
    payment_id: str
    original_id: str
    wallet_id: str
    amount_minor: int
    request_id: str

    def request(self, original: Transfer) -> TransferRequest:
        assert original.kind in (TransferKind.PAYMENT, TransferKind.CAPTURE)
        assert original.debit.account_id == self.wallet_id
        assert self.amount_minor <= original.amount.amount_minor
        contents = (self.payment_id, self.original_id, self.wallet_id, str(self.amount_minor))
        return TransferRequest(
            id=self.id,
            client_id=self.client_id,
            kind=TransferKind.REFUND,
            debit_account_id=accounts.named(original.credit.account_id, original.amount.currency),
            credit_account_id=self.wallet_id,
            amount_minor=self.amount_minor,
            currency=original.amount.currency,
            payment_id=self.payment_id,
            fingerprint=derived_id("fpr", TransferKind.REFUND, *contents),
            request_id=self.request_id,
            original_id=original.id,
        )
