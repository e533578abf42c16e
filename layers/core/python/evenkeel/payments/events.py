"""What a change of a payment means to others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from evenkeel.events.model import Event, EventType, Subject
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import Refund, RefundStatus
from evenkeel.payments.states import PaymentStatus

# How a payment, and perhaps a refund of it, is shown to those outside. The domain does not know.
Show = Callable[[Payment, Refund | None], Mapping[str, Any]]

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
        types = [EventType.PAYMENT_CREATED]
        if after.anomaly.is_flagged:
            types.append(EventType.PAYMENT_FLAGGED)
        return [Event.of(type_, subject, after.created_at, show(after, None)) for type_ in types]
    events = []
    if before.unusual is None and after.unusual is not None:
        data, at = show(after, None), after.unusual.at
        events.append(Event.of(EventType.PAYMENT_FLAGGED, subject, at, data, part="unusual"))
    type_ = TOLD.get(after.status)
    if type_ is not None and after.status is not before.status:
        events.append(Event.of(type_, subject, after.updated_at, show(after, None)))
    for refund in _refunded(before, after):
        data = show(after, refund)
        # The id of the refund, because one change may bring several to their end.
        events.append(
            Event.of(EventType.PAYMENT_REFUNDED, subject, after.updated_at, data, part=refund.id)
        )
    return events


def _refunded(before: Payment, after: Payment) -> Iterator[Refund]:
    """Yield the refunds that have succeeded with this change."""
    for refund in after.refunds.values():
        known = before.refunds.get(refund.id)
        was_told = known is not None and known.status is RefundStatus.SUCCEEDED
        if refund.status is RefundStatus.SUCCEEDED and not was_told:
            yield refund
