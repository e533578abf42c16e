"""The JSON of remarkable payments."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evenkeel.entrypoints.schema import ListReply, Reply, Time
from evenkeel.events.model import Severity
from evenkeel.payments.model import Payment
from evenkeel.person import Person
from evenkeel.screening.anomaly import Anomaly
from evenkeel.screening.windows import Sight


class CountersReply(Reply):
    """What the windows hold now."""

    velocity: Annotated[int, Field(description="Payments within the window of the velocity.")]
    duplicate_amount: Annotated[
        int, Field(description="Payments of the amount that there is most of, within its window.")
    ]
    failed_streak: Annotated[int, Field(description="Failures in a row.")]


class CheckReply(Reply):
    user_id: str
    flagged: bool
    reasons: list[str]
    severity: Severity | None
    counters: CountersReply

    @classmethod
    def of(cls, person: Person, sight: Sight, anomaly: Anomaly) -> CheckReply:
        counts = sight.counts
        return cls(
            user_id=person.user_id,
            flagged=anomaly.is_flagged,
            reasons=[rule.value for rule in anomaly.reasons],
            severity=anomaly.severity,
            counters=CountersReply(
                velocity=counts.payment_count,
                duplicate_amount=counts.same_amount_count,
                failed_streak=counts.failure_count,
            ),
        )


class FlagReply(Reply):
    """A payment that met a rule, or was found to be unlike what its user does."""

    payment_id: str
    user_id: str
    merchant_id: str
    amount: int
    currency: str
    status: Annotated[str, Field(description="Of the payment, now.")]
    reasons: list[str]
    severity: Severity
    causes: Annotated[list[str], Field(description="What made it unusual, where that was learned.")]
    created_at: Time

    @classmethod
    def of(cls, payment: Payment) -> FlagReply:
        order, anomaly, unusual = payment.order, payment.anomaly_now, payment.unusual
        assert anomaly.severity is not None
        return cls(
            payment_id=payment.id,
            user_id=order.user_id,
            merchant_id=order.merchant_id,
            amount=order.amount.amount_minor,
            currency=order.amount.currency,
            status=payment.status,
            reasons=[rule.value for rule in anomaly.reasons],
            severity=anomaly.severity,
            causes=list(unusual.causes) if unusual else [],
            created_at=payment.created_at,
        )


FlagList = ListReply[FlagReply]
