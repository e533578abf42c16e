"""The JSON of the payments API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from evenkeel.entrypoints.payment_reply import PaymentReply, RefundReply
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
from evenkeel.errors import FieldError, ValidationFailed
from evenkeel.money import Money
from evenkeel.payments.order import Capture, Order
from evenkeel.payments.refunding import RefundOrder
from evenkeel.payments.states import Change

METADATA_PAIR_COUNT_MAX = 50
METADATA_BYTES_MAX = 4096


def _small(metadata: dict[str, str]) -> dict[str, str]:
    size_bytes = sum(len(f"{name}{value}".encode()) for name, value in metadata.items())
    if size_bytes > METADATA_BYTES_MAX:
        message = f"names and values together may have {METADATA_BYTES_MAX} bytes"
        raise ValueError(message)
    return metadata


class CreatePayment(Request):
    user_id: ClientString
    merchant_id: ClientString
    amount: Amount
    currency: Currency
    process: Annotated[bool, Field(description="Create and debit in one call; needs walletId.")] = (
        False
    )
    wallet_id: WalletId | None = None
    description: Description | None = None
    metadata: Annotated[
        dict[str, str], Field(max_length=METADATA_PAIR_COUNT_MAX), AfterValidator(_small)
    ] = Field(default_factory=dict)
    capture: Annotated[
        Literal["automatic", "manual"],
        Field(description="Manual: the money is held, until it is captured or voided, or 7 days."),
    ] = "automatic"

    def require_wallet(self) -> None:
        """Raise ValidationFailed unless there is a wallet to debit."""
        if self.wallet_id is None:
            raise ValidationFailed(FieldError("walletId", "process needs it"))

    def order(self, *, payment_id: str, fingerprint: str, client_id: str) -> Order:
        return Order(
            payment_id=payment_id,
            fingerprint=fingerprint,
            client_id=client_id,
            user_id=self.user_id,
            merchant_id=self.merchant_id,
            amount=Money(self.amount, self.currency),
            wallet_id=self.wallet_id,
            capture=Capture(self.capture),
            description=self.description,
            metadata=self.metadata,
        )


class ProcessPayment(Request):
    wallet_id: WalletId


class CapturePayment(Request):
    amount: Annotated[
        Amount | None, Field(description="All that was authorized, unless it is less.")
    ] = None


class RefundPayment(Request):
    amount: Annotated[Amount | None, Field(description="All that is left, unless it is less.")] = (
        None
    )
    reason: Description | None = None

    def order(self, *, refund_id: str, fingerprint: str) -> RefundOrder:
        return RefundOrder(refund_id, fingerprint, self.amount, self.reason)


class EventReply(Reply):
    """A line of a payment's history."""

    version: int
    event: str
    status: str
    detail: str | None
    occurred_at: Time

    @classmethod
    def of(cls, change: Change) -> EventReply:
        return cls(
            version=change.version,
            event=change.event,
            status=change.status,
            detail=change.detail,
            occurred_at=change.at,
        )


PaymentList = ListReply[PaymentReply]
EventList = ListReply[EventReply]
RefundList = ListReply[RefundReply]
