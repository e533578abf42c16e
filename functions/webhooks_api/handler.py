"""Webhooks over HTTP: register, look, rotate secrets, enable, delete; deliveries and their log."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.access.model import Scope
from evenkeel.entrypoints.cursors import page_of
from evenkeel.entrypoints.delivery_cursors import read_delivery, write_delivery
from evenkeel.entrypoints.http import Access, Api, reply
from evenkeel.entrypoints.schema import PAGE_LIMIT_DEFAULT, Cursor, IdempotencyKey, Limit
from evenkeel.webhooks.model import ENDPOINT_PREFIX
from evenkeel.webhooks.ports import EndpointQuery
from functions.webhooks_api.schema import (
    CreateWebhook,
    DeletedReply,
    DeliveryList,
    DeliveryReply,
    SecretReply,
    WebhookList,
    WebhookReply,
)

api = Api("Webhooks")

READ = Access(Scope.PAYMENTS_READ)
CHANGE = Access(Scope.PAYMENTS_WRITE)


@api.post(
    "/api/webhooks",
    Access(Scope.PAYMENTS_WRITE, is_keyed=True, takes_body=True),
    answers=(201,),
    refuses=(409,),
)
def create_webhook(
    request: CreateWebhook, idempotency_key: IdempotencyKey
) -> Response[SecretReply]:
    """Register a webhook; the same request is answered with the same secret."""
    caller = api.caller
    registered = bootstrap.webhooks().register(
        request.wish(
            endpoint_id=caller.keyed_id(ENDPOINT_PREFIX),
            client_id=caller.client_id,
            fingerprint=caller.require_fingerprint(),
        )
    )
    answer = SecretReply.of(registered.endpoint)
    return reply(answer, HTTPStatus.CREATED, replayed=registered.replayed)


@api.get("/api/webhooks", READ, refuses=(422,))
def list_webhooks(
    limit: Limit = PAGE_LIMIT_DEFAULT, cursor: Cursor = None
) -> Response[WebhookList]:
    """List the webhooks, newest first."""
    page = page_of(bootstrap.webhooks().of_client(api.caller.client_id), limit, cursor)
    return reply(
        WebhookList(
            items=[WebhookReply.of(endpoint) for endpoint in page.items], next_cursor=page.next
        )
    )


@api.get("/api/webhooks/{id}", READ, refuses=(404,))
def get_webhook(id: str) -> Response[WebhookReply]:
    """Get a webhook as it is now."""
    return reply(WebhookReply.of(bootstrap.webhooks().get(api.caller.client_id, id)))


@api.delete("/api/webhooks/{id}", CHANGE, refuses=(404,))
def delete_webhook(id: str) -> Response[DeletedReply]:
    """Delete a webhook, with all that is still on its way to it; again is answered the same."""
    bootstrap.webhooks().delete(api.caller.client_id, id)
    return reply(DeletedReply(id=id))


@api.post("/api/webhooks/{id}/rotate-secret", CHANGE, refuses=(404, 409))
def rotate_webhook_secret(id: str) -> Response[SecretReply]:
    """Give a webhook a new secret; the one before goes on signing for 24 hours."""
    return reply(SecretReply.of(bootstrap.webhooks().rotate(api.caller.client_id, id)))


@api.post("/api/webhooks/{id}/enable", CHANGE, refuses=(404,))
def enable_webhook(id: str) -> Response[WebhookReply]:
    """Have a webhook that was disabled hear again of what happens from now on."""
    return reply(WebhookReply.of(bootstrap.webhooks().enable(api.caller.client_id, id)))


@api.get("/api/webhooks/{id}/deliveries", READ, refuses=(404, 422))
def list_webhook_deliveries(
    id: str, limit: Limit = PAGE_LIMIT_DEFAULT, cursor: Cursor = None
) -> Response[DeliveryList]:
    """List what was sent to a webhook in the last 30 days, newest first."""
    query = EndpointQuery(api.caller.client_id, id, limit, after=read_delivery(cursor))
    page = bootstrap.webhooks().log(query)
    return reply(
        DeliveryList(
            items=[DeliveryReply.of(delivery) for delivery in page.deliveries],
            next_cursor=write_delivery(page.next),
        )
    )


@api.post("/api/webhooks/{id}/deliveries/{deliveryId}/redeliver", CHANGE, refuses=(404, 409))
def redeliver_webhook(id: str, deliveryId: str) -> Response[DeliveryReply]:
    """Send an event once more, now, whatever has become of it."""
    return reply(
        DeliveryReply.of(bootstrap.webhooks().redeliver(api.caller.client_id, id, deliveryId))
    )


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.answer(event, context)
