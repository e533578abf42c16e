"""A payment as clients see it: the same in an answer and in an event."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from evenkeel.entrypoints.schema import Reply, Time
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import Refund, RefundStatus
from evenkeel.screening.anomaly import Anomaly, Rule


class FailureReply(Reply):
    code: str
    message: str


class AnomalyReply(Reply):
    status: Literal["CLEAR", "FLAGGED", "UNAVAILABLE"]
    reasons: Annotated[list[str], Field(description=f"Of {', '.join(Rule)}; others may come.")]
    severity: Annotated[
        str | None, Field(description="The highest of its reasons': MEDIUM or HIGH.")
    ]

    @classmethod
    def of(cls, anomaly: Anomaly) -> AnomalyReply:
        return cls(
            status=anomaly.status.value,
            reasons=[rule.value for rule in anomaly.reasons],
            severity=anomaly.severity,
        )


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
    amount_authorized: Annotated[
        int, Field(description="What the wallet has agreed to pay, whatever was made of it.")
    ]
    amount_captured: int
    amount_refunded: int
    transfer_id: Annotated[
        str | None, Field(description="The ledger's, once the money was taken; a hold takes none.")
    ]
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
            amount_authorized=payment.authorized_minor,
            amount_captured=payment.captured_minor,
            amount_refunded=payment.refunded_minor,
            transfer_id=payment.transfer_id,
            failure=FailureReply(code=failure.reason, message=failure.message) if failure else None,
            anomaly=AnomalyReply.of(payment.anomaly_now),
            attempts=payment.attempts,
            description=order.description,
            metadata=dict(order.metadata),
            created_at=payment.created_at,
            updated_at=payment.updated_at,
            processed_at=payment.processed_at,
            version=payment.version,
        )


class RefundReply(Reply):
    """Money on its way back to the wallet that paid, or arrived there."""

    id: str
    amount: int
    status: Annotated[
        str,
        Field(description="SUCCEEDED, FAILED, or PENDING: nobody knows yet whether it arrived."),
    ]
    transfer_id: Annotated[
        str | None, Field(description="The ledger's, once the wallet has the money.")
    ]
    reason: str | None
    failure: FailureReply | None
    created_at: Time

    @classmethod
    def of(cls, refund: Refund) -> RefundReply:
        failure, status = refund.failure, refund.status
        return cls(
            id=refund.id,
            amount=refund.amount_minor,
            status=status,
            transfer_id=refund.transfer_id if status is RefundStatus.SUCCEEDED else None,
            reason=refund.reason,
            failure=FailureReply(code=failure.reason, message=failure.message) if failure else None,
            created_at=refund.created_at,
        )


class RefundedReply(PaymentReply):
    """A payment, and the refund that was asked for."""

    refund: RefundReply

    @classmethod
    def of_refund(cls, payment: Payment, refund: Refund) -> RefundedReply:
        return cls(**dict(PaymentReply.of(payment)), refund=RefundReply.of(refund))
