"""The JSON of the webhooks API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from evenkeel.entrypoints.schema import Description, ListReply, Reply, Request, Time
from evenkeel.webhooks.addresses import URL_LENGTH_MAX
from evenkeel.webhooks.delivery import Attempt, Delivery, DeliveryStatus
from evenkeel.webhooks.model import EVENT_TYPES, EVERY_EVENT, Endpoint, Wish


def _known(event: str) -> str:
    if event not in (*EVENT_TYPES, EVERY_EVENT):
        message = f"none of {', '.join(EVENT_TYPES)}, nor {EVERY_EVENT}"
        raise ValueError(message)
    return event


def _distinct(events: list[str]) -> list[str]:
    if len(set(events)) < len(events):
        message = "names an event twice"
        raise ValueError(message)
    if EVERY_EVENT in events and len(events) > 1:
        message = f"{EVERY_EVENT} stands for all of them, alone"
        raise ValueError(message)
    return events


Event = Annotated[
    str,
    AfterValidator(_known),
    Field(json_schema_extra={"enum": [*EVENT_TYPES, EVERY_EVENT]}),
]


class CreateWebhook(Request):
    url: Annotated[
        str,
        Field(
            max_length=URL_LENGTH_MAX,
            description="Of https, at a public name, on port 443 or 8443.",
            examples=["https://example.com/webhooks"],
        ),
    ]
    events: Annotated[
        list[Event],
        Field(
            min_length=1,
            max_length=len(EVENT_TYPES),
            description="Types of events, or only * for all of them.",
            examples=[["PaymentCompleted"]],
        ),
        AfterValidator(_distinct),
    ]
    description: Description | None = None

    def wish(self, *, endpoint_id: str, client_id: str, fingerprint: str) -> Wish:
        return Wish(
            endpoint_id, client_id, fingerprint, self.url, tuple(self.events), self.description
        )


class WebhookReply(Reply):
    """A webhook, without its secret."""

    id: str
    url: str
    events: list[str]
    description: str | None
    status: Literal["ENABLED", "DISABLED"]
    disabled_reason: Annotated[
        Literal["gone", "failing"] | None,
        Field(description="gone: it has answered 410. failing: nothing arrived for three days."),
    ]
    created_at: Time
    version: int

    @classmethod
    def of(cls, endpoint: Endpoint) -> WebhookReply:
        return cls.model_validate(_fields(endpoint))


class SecretReply(WebhookReply):
    """A webhook with its newest secret, which is shown here and nowhere else."""

    secret: Annotated[str, Field(description="Of Standard Webhooks.", examples=["whsec_…"])]

    @classmethod
    def of(cls, endpoint: Endpoint) -> SecretReply:
        return cls.model_validate(_fields(endpoint) | {"secret": endpoint.secret})


class DeletedReply(Reply):
    id: str
    deleted: Literal[True] = True


class AttemptReply(Reply):
    at: Time
    status_code: Annotated[int | None, Field(description="What the receiver has answered.")]
    error: Annotated[str | None, Field(description="Why there was no answer.")]
    duration_ms: int

    @classmethod
    def of(cls, attempt: Attempt) -> AttemptReply:
        outcome = attempt.outcome
        return cls(
            at=attempt.at,
            status_code=outcome.status_code,
            error=outcome.failure,
            duration_ms=outcome.duration_ms,
        )


class DeliveryReply(Reply):
    """One event on its way to one webhook; attempts are the latest fifty, oldest first."""

    id: str
    event_id: str
    event_type: str
    status: DeliveryStatus
    attempts: list[AttemptReply]
    next_attempt_at: Time | None
    created_at: Time

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryReply:
        return cls(
            id=delivery.id,
            event_id=delivery.event_id,
            event_type=delivery.event_type,
            status=delivery.status,
            attempts=[AttemptReply.of(attempt) for attempt in delivery.attempts],
            next_attempt_at=delivery.next_attempt_at,
            created_at=delivery.created_at,
        )


WebhookList = ListReply[WebhookReply]
DeliveryList = ListReply[DeliveryReply]


def _fields(endpoint: Endpoint) -> dict[str, object]:
    return {
        "id": endpoint.id,
        "url": endpoint.wish.url,
        "events": list(endpoint.wish.events),
        "description": endpoint.wish.description,
        "status": endpoint.status.value,
        "disabled_reason": endpoint.disabled_reason,
        "created_at": endpoint.created_at,
        "version": endpoint.version,
    }
