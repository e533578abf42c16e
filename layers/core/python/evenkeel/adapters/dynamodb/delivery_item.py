"""A delivery as an item, and back."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from evenkeel.adapters.dynamodb.item import (
    DocumentAttribute,
    IntegerAttribute,
    Item,
    TimeAttribute,
    client_of,
    id_of,
    key_of,
)
from evenkeel.clock import from_rfc3339, to_rfc3339
from evenkeel.webhooks.delivery import (
    KEPT_FOR,
    Attempt,
    Delivery,
    DeliveryRef,
    DeliveryStatus,
    Failure,
    Lease,
    Outcome,
)


class ByEndpoint(GlobalSecondaryIndex["DeliveryItem"]):
    """The deliveries to an endpoint in the order of their creation. Keys only: written once."""

    class Meta:
        index_name = "by_endpoint"
        projection = KeysOnlyProjection()

    endpoint_key = UnicodeAttribute(hash_key=True)
    created_key = UnicodeAttribute(range_key=True)


class DeliveryItem(Item):
    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)  # <client id>/<delivery id>
    endpoint_key = UnicodeAttribute()  # <client id>/<endpoint id>
    created_key = UnicodeAttribute()  # <time>/<delivery id>
    by_endpoint = ByEndpoint()
    event_id = UnicodeAttribute()
    event_type = UnicodeAttribute()
    body = UnicodeAttribute()
    expires_at = IntegerAttribute()  # For DynamoDB, which deletes it some time after.

    since = TimeAttribute()
    next_attempt_at = TimeAttribute(null=True)
    status = UnicodeAttribute()
    round_count = IntegerAttribute()
    attempt_count = IntegerAttribute()
    lease = DocumentAttribute(null=True)
    attempts = DocumentAttribute()
    version = IntegerAttribute()

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryItem:
        return cls(
            key_of(delivery.client_id, delivery.id),
            endpoint_key=key_of(delivery.client_id, delivery.endpoint_id),
            created_key=created_key(delivery.ref),
            event_id=delivery.event_id,
            event_type=delivery.event_type,
            body=delivery.body,
            **_mutable(delivery),
        )

    @classmethod
    def changes(cls, delivery: Delivery) -> list[Action]:
        """Return what an update writes: all that can change, and not the body."""
        return [
            getattr(cls, name).remove() if value is None else getattr(cls, name).set(value)
            for name, value in _mutable(delivery).items()
        ]

    def delivery(self) -> Delivery:
        return Delivery(
            id=id_of(self.id),
            client_id=client_of(self.id),
            endpoint_id=id_of(self.endpoint_key),
            event_id=self.event_id,
            event_type=self.event_type,
            body=self.body,
            created_at=ref_of(self.created_key).created_at,
            since=self.since,
            next_attempt_at=self.next_attempt_at,
            status=DeliveryStatus(self.status),
            round_count=self.round_count,
            attempt_count=self.attempt_count,
            lease=_lease(self.lease),
            attempts=tuple(_attempt(*stored) for stored in self.attempts),
            version=self.version,
        )


def created_key(ref: DeliveryRef) -> str:
    return f"{to_rfc3339(ref.created_at)}/{ref.delivery_id}"


def ref_of(key: str) -> DeliveryRef:
    created_at, _, delivery_id = key.partition("/")
    return DeliveryRef(from_rfc3339(created_at), delivery_id)


def _mutable(delivery: Delivery) -> dict[str, Any]:
    lease = delivery.lease
    return {
        "expires_at": int((delivery.since + KEPT_FOR).timestamp()),
        "since": delivery.since,
        "next_attempt_at": delivery.next_attempt_at,
        "status": delivery.status.value,
        "round_count": delivery.round_count,
        "attempt_count": delivery.attempt_count,
        "lease": [lease.number, to_rfc3339(lease.since), to_rfc3339(lease.until)]
        if lease
        else None,
        "attempts": [_written(attempt) for attempt in delivery.attempts],
        "version": delivery.version,
    }


def _written(attempt: Attempt) -> list[Any]:
    # What the receiver said of its next attempt is in the record's own time by now.
    outcome = attempt.outcome
    return [
        attempt.number,
        to_rfc3339(attempt.at),
        outcome.duration_ms,
        outcome.status_code,
        outcome.failure,
    ]


def _attempt(
    number: int, at: str, duration_ms: int, status_code: int | None, failure: str | None
) -> Attempt:
    outcome = Outcome(duration_ms, status_code, Failure(failure) if failure else None)
    return Attempt(number, from_rfc3339(at), outcome)


def _lease(stored: Any) -> Lease | None:
    if stored is None:
        return None
    number, since, until = stored
    return Lease(number, from_rfc3339(since), from_rfc3339(until))
