"""Endpoints, events and deliveries as tests make them."""

from datetime import datetime

from evenkeel.webhooks.delivery import Delivery
from evenkeel.webhooks.model import Endpoint, Notice, Wish
from tests.fakes.clock import NOON

# 32 bytes, as the specification has them.
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OTHER_SECRET = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
URL = "https://hooks.example/evenkeel"


def wish(
    key: str = "k1",
    client_id: str = "cli_a",
    *,
    url: str = URL,
    events: tuple[str, ...] = ("*",),
    fingerprint: str = "same",
) -> Wish:
    return Wish(f"whk_{key}", client_id, fingerprint, url, events, "for the books")


def endpoint(key: str = "k1", client_id: str = "cli_a", secret: str = SECRET) -> Endpoint:
    return Endpoint.created(wish(key, client_id), NOON, secret)


def notice(
    key: str = "e1",
    client_id: str = "cli_a",
    *,
    event_type: str = "PaymentCompleted",
    occurred_at: datetime = NOON,
) -> Notice:
    return Notice(
        f"evt_{key}", event_type, client_id, occurred_at, f'{{"id":"evt_{key}","data":{{}}}}'
    )


def delivery(key: str = "e1", client_id: str = "cli_a", created_at: datetime = NOON) -> Delivery:
    return Delivery.of(endpoint(client_id=client_id), notice(key, client_id), created_at)
