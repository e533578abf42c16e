"""The JSON of the payments API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

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
from evenkeel.payments.model import Capture, Change, Order, Payment

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
    capture: Literal["automatic"] = "automatic"

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


class FailureReply(Reply):
    code: str
    message: str


class AnomalyReply(Reply):
    status: Literal["CLEAR", "FLAGGED", "UNAVAILABLE"]
    reasons: list[str]
    severity: Literal["LOW", "MEDIUM", "HIGH"] | None


# No rule looks at payments yet, and a payment that nobody has looked at is not clear.
NOT_CHECKED = AnomalyReply(status="UNAVAILABLE", reasons=[], severity=None)


class PaymentReply(Reply):
    id: str
    client_id: str
    user_id: str
    merchant_id: str
    wallet_id: str | None
    amount: int
    currency: str
    status: str
    capture: str
    amount_authorized: int
    amount_captured: int
    amount_refunded: int
    transfer_id: str | None
    failure: FailureReply | None
    anomaly: AnomalyReply
    attempts: int
    description: str | None
    metadata: dict[str, str]
    created_at: Time
    updated_at: Time
    processed_at: Time | None
    version: int

    @classmethod
    def of(cls, payment: Payment) -> PaymentReply:
        order, failure = payment.order, payment.failure
        return cls(
            id=payment.id,
            client_id=order.client_id,
            user_id=order.user_id,
            merchant_id=order.merchant_id,
            wallet_id=payment.wallet_id,
            amount=order.amount.amount_minor,
            currency=order.amount.currency,
            status=payment.status,
            capture=order.capture,
            amount_authorized=payment.captured_minor,
            amount_captured=payment.captured_minor,
            amount_refunded=payment.refunded_minor,
            transfer_id=payment.transfer_id,
            failure=FailureReply(code=failure.reason, message=failure.message) if failure else None,
            anomaly=NOT_CHECKED,
            attempts=payment.attempts,
            description=order.description,
            metadata=dict(order.metadata),
            created_at=payment.created_at,
            updated_at=payment.updated_at,
            processed_at=payment.processed_at,
            version=payment.version,
        )


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
