"""The four ways in which money moves, as requests to the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.ids import derived_id
from evenkeel.ledger import accounts
from evenkeel.ledger.transfer import TransferKind
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
    """Money from a user's wallet to a merchant, as the payments side asks for it."""

    client_id: str
    transfer_id: str
    payment_id: str
    wallet_id: str
    user_id: str
    merchant_id: str
    amount: Money
    request_id: str

    def request(self) -> TransferRequest:
        amount = (str(self.amount.amount_minor), self.amount.currency)
        contents = (self.payment_id, self.wallet_id, self.user_id, self.merchant_id, *amount)
        return TransferRequest(
            id=self.transfer_id,
            client_id=self.client_id,
            kind=TransferKind.PAYMENT,
            debit_account_id=self.wallet_id,
            credit_account_id=accounts.merchant(self.merchant_id),
            amount_minor=self.amount.amount_minor,
            currency=self.amount.currency,
            owner_user_id=self.user_id,
            payment_id=self.payment_id,
            fingerprint=derived_id("fpr", *contents),
            request_id=self.request_id,
        )
