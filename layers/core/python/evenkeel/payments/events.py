"""What a change of a payment means to others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evenkeel.events.model import Event, EventType, Subject
from evenkeel.payments.model import Payment
from evenkeel.payments.states import PaymentStatus

# How a payment is shown to those outside. The domain does not know.
Show = Callable[[Payment], Mapping[str, Any]]

# The states that others hear of when a payment comes into them. What lies between, a claim or a
# release, is our own business; refunds are told one by one.
TOLD: Mapping[PaymentStatus, EventType] = {
    PaymentStatus.AUTHORIZED: EventType.PAYMENT_AUTHORIZED,
    PaymentStatus.COMPLETED: EventType.PAYMENT_COMPLETED,
    PaymentStatus.FAILED: EventType.PAYMENT_FAILED,
    PaymentStatus.CANCELLED: EventType.PAYMENT_CANCELLED,
}


def events_between(before: Payment | None, after: Payment, show: Show) -> Sequence[Event]:
    """Return what has happened between two images of a payment, in order; often nothing."""
    subject = Subject(after.client_id, after.id, after.version)
    if before is None:
        return [Event.of(EventType.PAYMENT_CREATED, subject, after.created_at, show(after))]
    type_ = TOLD.get(after.status)
    if type_ is None or after.status is before.status:
        return []
    return [Event.of(type_, subject, after.updated_at, show(after))]
