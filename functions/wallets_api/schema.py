"""The JSON of the wallets API."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from evenkeel.entrypoints.schema import (
    Amount,
    ClientString,
    Currency,
    Description,
    ListReply,
    Reply,
    Request,
    Time,
    WalletId,
)
from evenkeel.ledger.transfer import Transfer
from evenkeel.money import AMOUNT_MINOR_MAX
from evenkeel.wallets import requests
from evenkeel.wallets.chronicle import WalletCheck
from evenkeel.wallets.model import WalletSnapshot
from evenkeel.wallets.service import Moved

REFERENCE_LENGTH_MAX = 64


class OpenWallet(Request):
    user_id: ClientString
    currency: Currency
    initial_balance: Annotated[
        int, Field(strict=True, ge=0, le=AMOUNT_MINOR_MAX, description="In minor units.")
    ] = 0


class MoveMoney(Request):
    wallet_id: WalletId
    amount: Amount
    reference: Annotated[str | None, Field(max_length=REFERENCE_LENGTH_MAX)] = None
    description: Description | None = None

    def money(self) -> requests.Amount:
        return requests.Amount(self.amount, self.reference, self.description)


class TransferMoney(Request):
    from_wallet_id: WalletId
    to_wallet_id: WalletId
    amount: Amount

    @field_validator("to_wallet_id")
    @classmethod
    def _is_another(cls, wallet_id: str, info: ValidationInfo) -> str:
        if wallet_id == info.data.get("from_wallet_id"):
            message = "a wallet cannot pay itself"
            raise ValueError(message)
        return wallet_id


class WalletReply(Reply):
    id: str
    user_id: str
    currency: str
    status: str
    balance: int
    available: Annotated[int, Field(description="The balance less what is on hold.")]
    pending: int
    version: int
    created_at: Time

    @classmethod
    def of(cls, wallet: WalletSnapshot) -> WalletReply:
        return cls(
            id=wallet.id,
            user_id=wallet.user_id,
            currency=wallet.currency,
            status=wallet.status,
            balance=wallet.balance_minor,
            available=wallet.available_minor,
            pending=wallet.pending_minor,
            version=wallet.version,
            created_at=wallet.created_at,
        )


class TransferReply(Reply):
    id: str
    kind: str
    debit_account_id: str
    credit_account_id: str
    amount: int
    currency: str
    reference: str | None
    description: str | None
    posted_at: Time

    @classmethod
    def of(cls, transfer: Transfer) -> TransferReply:
        return cls(
            id=transfer.id,
            kind=transfer.kind,
            debit_account_id=transfer.debit.account_id,
            credit_account_id=transfer.credit.account_id,
            amount=transfer.amount.amount_minor,
            currency=transfer.amount.currency,
            reference=transfer.reference,
            description=transfer.description,
            posted_at=transfer.posted_at,
        )


class MovedReply(Reply):
    """The transfer, and the wallet as it was right after it."""

    wallet: WalletReply
    transfer: TransferReply

    @classmethod
    def of(cls, moved: Moved, wallet_id: str) -> MovedReply:
        return cls(
            wallet=WalletReply.of(moved.wallets[wallet_id]),
            transfer=TransferReply.of(moved.transfer),
        )


class TransferredReply(Reply):
    """The transfer, the wallet that it left and the one it reached, as they were right after it."""

    wallet: WalletReply
    to_wallet: WalletReply
    transfer: TransferReply

    @classmethod
    def of(cls, moved: Moved, request: TransferMoney) -> TransferredReply:
        return cls(
            wallet=WalletReply.of(moved.wallets[request.from_wallet_id]),
            to_wallet=WalletReply.of(moved.wallets[request.to_wallet_id]),
            transfer=TransferReply.of(moved.transfer),
        )


class EntryReply(Reply):
    """A transfer, seen from the wallet."""

    number: Annotated[int, Field(description="1, 2, 3 … without a gap.")]
    side: str
    amount: int
    currency: str
    balance_after: int
    pending_after: Annotated[int, Field(description="What is on hold of the balance then.")]
    transfer_id: str
    original_id: Annotated[
        str | None, Field(description="The transfer that this one ends or corrects, if it does.")
    ]
    payment_id: str | None
    counterparty_account_id: str
    kind: Annotated[
        str, Field(description="A hold or a release changes what is pending, not the balance.")
    ]
    reference: str | None
    description: str | None
    hash: Annotated[str, Field(description="Covers this entry and the hash of the one before.")]
    posted_at: Time

    @classmethod
    def of(cls, transfer: Transfer, wallet_id: str) -> EntryReply:
        entry = transfer.entry_of(wallet_id)
        return cls(
            number=entry.number,
            side=transfer.side_of(wallet_id),
            amount=transfer.amount.amount_minor,
            currency=transfer.amount.currency,
            balance_after=entry.balance_after_minor,
            pending_after=entry.pending_after_minor,
            transfer_id=transfer.id,
            original_id=transfer.original_id,
            payment_id=transfer.payment_id,
            counterparty_account_id=transfer.counterparty_of(wallet_id),
            kind=transfer.kind,
            reference=transfer.reference,
            description=transfer.description,
            hash=entry.hash,
            posted_at=transfer.posted_at,
        )


class CheckReply(Reply):
    """The wallet against the sum of its entries, and their chain."""

    wallet_balance: int
    ledger_balance: int
    is_balanced: Annotated[
        bool, Field(description="No difference, and every entry is there, in order and unaltered.")
    ]
    difference: int
    entries_checked: int

    @classmethod
    def of(cls, check: WalletCheck) -> CheckReply:
        return cls(
            wallet_balance=check.wallet_balance_minor,
            ledger_balance=check.chain.ledger_balance_minor,
            is_balanced=check.is_balanced,
            difference=check.difference_minor,
            entries_checked=check.chain.entries_checked,
        )


EntryList = ListReply[EntryReply]
