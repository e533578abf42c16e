"""Who may ask for what: each route against the keys that clients hold."""

from typing import Any

import pytest

from evenkeel.access.model import Scope
from tests.events import event
from tests.unit.functions.site import FUNCTIONS, OTHER, Site

# Method, path, the scope that it asks for, whether it needs an idempotency key.
ROUTES = [
    ("POST", "/api/payments", Scope.PAYMENTS_WRITE, True),
    ("POST", "/api/payments/{id}/process", Scope.PAYMENTS_WRITE, False),
    ("POST", "/api/payments/{id}/capture", Scope.PAYMENTS_WRITE, False),
    ("POST", "/api/payments/{id}/void", Scope.PAYMENTS_WRITE, False),
    ("POST", "/api/payments/{id}/refund", Scope.PAYMENTS_WRITE, True),
    ("GET", "/api/payments/{id}/refunds", Scope.PAYMENTS_READ, False),
    ("GET", "/api/payments/{id}", Scope.PAYMENTS_READ, False),
    ("GET", "/api/payments/user/{userId}", Scope.PAYMENTS_READ, False),
    ("GET", "/api/payments/{id}/events", Scope.PAYMENTS_READ, False),
    ("POST", "/api/wallets/create", Scope.WALLETS_WRITE, False),
    ("POST", "/api/wallets/credit", Scope.WALLETS_FUND, True),
    ("POST", "/api/wallets/debit", Scope.WALLETS_WRITE, True),
    ("POST", "/api/wallets/transfer", Scope.WALLETS_WRITE, True),
    ("POST", "/api/wallets/{id}/freeze", Scope.WALLETS_WRITE, False),
    ("POST", "/api/wallets/{id}/unfreeze", Scope.WALLETS_WRITE, False),
    ("POST", "/api/wallets/{id}/close", Scope.WALLETS_WRITE, False),
    ("GET", "/api/wallets/{id}", Scope.WALLETS_READ, False),
    ("GET", "/api/wallets/{id}/transactions", Scope.WALLETS_READ, False),
    ("GET", "/api/wallets/{id}/reconcile", Scope.WALLETS_READ, False),
    ("POST", "/api/webhooks", Scope.PAYMENTS_WRITE, True),
    ("GET", "/api/webhooks", Scope.PAYMENTS_READ, False),
    ("GET", "/api/webhooks/{id}", Scope.PAYMENTS_READ, False),
    ("DELETE", "/api/webhooks/{id}", Scope.PAYMENTS_WRITE, False),
    ("POST", "/api/webhooks/{id}/rotate-secret", Scope.PAYMENTS_WRITE, False),
    ("POST", "/api/webhooks/{id}/enable", Scope.PAYMENTS_WRITE, False),
    ("GET", "/api/webhooks/{id}/deliveries", Scope.PAYMENTS_READ, False),
    (
        "POST",
        "/api/webhooks/{id}/deliveries/{deliveryId}/redeliver",
        Scope.PAYMENTS_WRITE,
        False,
    ),
    ("GET", "/api/payments/reconcile/run", Scope.OPS_READ, False),
    ("GET", "/api/payments/reconcile/reports", Scope.OPS_READ, False),
    ("GET", "/api/payments/reconcile/reports/{id}", Scope.OPS_READ, False),
    ("GET", "/api/payments/reconcile/reports/{id}/mismatches", Scope.OPS_READ, False),
    ("POST", "/api/payments/reconcile/mismatches/{id}/repair", Scope.OPS_WRITE, False),
    ("GET", "/api/payments/anomaly/check/{userId}", Scope.OPS_READ, False),
    ("GET", "/api/payments/anomalies", Scope.OPS_READ, False),
    ("GET", "/api/ops/health", Scope.OPS_READ, False),
    ("GET", "/api/ops/breakers", Scope.OPS_READ, False),
    ("GET", "/api/ops/breakers/{name}", Scope.OPS_READ, False),
    ("POST", "/api/ops/breakers/{name}", Scope.OPS_WRITE, False),
]
OPEN_ROUTES = [("GET", "/health"), ("GET", "/openapi.json"), ("GET", "/docs")]
PARAMS = {
    "id": "wal_nobody",
    "userId": "nobody",
    "name": "nothing",
    "deliveryId": "dlv_nobody",
}

each_route = pytest.mark.parametrize(
    ("method", "path", "scope"), [(method, path, scope) for method, path, scope, _ in ROUTES]
)


def test_these_are_all_the_routes_that_there_are() -> None:
    routed = {route for function in FUNCTIONS for route in function.api.accesses}

    assert routed == {(method, path) for method, path, *_ in ROUTES} | set(OPEN_ROUTES)


@each_route
def test_a_route_needs_a_key(site: Site, method: str, path: str, scope: Scope) -> None:
    assert site.ask(event(method, path, PARAMS)).code == "unauthorized"


@each_route
def test_all_other_scopes_do_not_make_up_for_the_one_that_a_route_asks_for(
    site: Site, method: str, path: str, scope: Scope
) -> None:
    key = site.key_of("cli_a", set(Scope) - {scope})
    answer = site.ask(event(method, path, PARAMS, None, {"X-API-Key": key}))

    assert answer.code == "forbidden"
    assert scope in answer.json["detail"]


@each_route
def test_the_scope_that_a_route_asks_for_is_enough(
    site: Site,
    method: str,
    path: str,
    scope: Scope,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("evenkeel.bootstrap.dependencies", dict)
    key = site.key_of("cli_a", {scope})
    answer = site.ask(event(method, path, PARAMS, None, {"X-API-Key": key}))

    assert answer.status not in {401, 403, 500}


def test_money_is_moved_only_under_an_idempotency_key() -> None:
    keyed = {
        route
        for function in FUNCTIONS
        for route, access in function.api.accesses.items()
        if access.is_keyed
    }

    assert keyed == {(method, path) for method, path, _, is_keyed in ROUTES if is_keyed}


@pytest.mark.parametrize("path", [path for _, path, _, is_keyed in ROUTES if is_keyed])
def test_a_missing_idempotency_key_is_said_to_be_missing(site: Site, path: str) -> None:
    answer = site.ask(event("POST", path, None, {}, {"X-API-Key": site.key}))

    assert (answer.status, answer.code) == (400, "idempotency_key_missing")


@pytest.mark.parametrize(("method", "path"), OPEN_ROUTES)
def test_some_routes_are_open_to_everybody(site: Site, method: str, path: str) -> None:
    assert site.ask(event(method, path)).status == 200


def bodies(wallet_id: str) -> dict[str, Any]:
    return {
        "/api/payments/{id}/process": {"walletId": wallet_id},
        "/api/wallets/credit": {"walletId": wallet_id, "amount": 5},
        "/api/wallets/debit": {"walletId": wallet_id, "amount": 5},
    }


def owned_of(site: Site, path: str) -> str | None:
    """Return a run, a payment or a webhook of ours, where the path is of one."""
    if "reconcile/reports" in path:
        return site.run()
    if "payments" in path:
        return site.payment()
    return site.webhook() if "webhooks" in path else None


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for method, path, *_ in ROUTES if "{id}" in path]
)
def test_somebody_elses_object_reads_like_none(site: Site, method: str, path: str) -> None:
    wallet_id = site.wallet(balance=100)
    owned = owned_of(site, path) or wallet_id
    headers = {"X-API-Key": site.key_of(OTHER, Scope), "Idempotency-Key": "any"}
    body = bodies(wallet_id).get(path)
    nobodys = owned.partition("_")[0] + "_nobody"
    others = site.ask(event(method, path, PARAMS | {"id": owned}, body, headers))
    none = site.ask(event(method, path, PARAMS | {"id": nobodys}, body, headers))

    assert (others.status, others.code) == (404, "not_found")
    assert others == none


@pytest.mark.parametrize("path", ["/api/wallets/credit", "/api/wallets/debit"])
def test_somebody_elses_wallet_reads_like_none_in_a_body_too(site: Site, path: str) -> None:
    wallet_id, key = site.wallet(balance=100), site.key_of(OTHER, Scope)
    others = site.post(path, {"walletId": wallet_id, "amount": 5}, key=key)
    none = site.post(path, {"walletId": "wal_nobody", "amount": 5}, key=key)

    assert (others.status, others.code) == (404, "not_found")
    assert others == none


@pytest.mark.parametrize("side", ["fromWalletId", "toWalletId"])
def test_nothing_is_moved_from_or_to_somebody_elses_wallet(site: Site, side: str) -> None:
    key = site.key_of(OTHER, Scope)
    others = site.wallet(balance=100)
    mine = site.post(
        "/api/wallets/create",
        {"userId": "bob", "currency": "EUR", "initialBalance": 100},
        key=key,
    ).json["id"]
    wish = {"fromWalletId": mine, "toWalletId": mine, "amount": 5} | {side: others}
    answer = site.post("/api/wallets/transfer", wish, key=key)

    assert (answer.status, answer.code) == (404, "not_found")
    assert site.get("/api/wallets/{id}", id=others).json["balance"] == 100
    assert site.get("/api/wallets/{id}", id=mine, key=key).json["balance"] == 100


def test_a_payment_is_not_taken_from_somebody_elses_wallet(site: Site) -> None:
    key = site.key_of(OTHER, Scope)
    body = {
        "userId": "alice",
        "merchantId": "coffee",
        "amount": 5,
        "currency": "EUR",
        "walletId": site.wallet(balance=100),
        "process": True,
    }
    answer = site.post("/api/payments", body, key=key)

    assert (answer.code, answer.json["reason"]) == ("payment_declined", "wallet_not_found")


def test_the_same_user_of_two_clients_is_two_users(site: Site) -> None:
    site.payment(userId="alice")
    key = site.key_of(OTHER, Scope)
    listed = site.get("/api/payments/user/{userId}", userId="alice", key=key)

    assert listed.json == {"items": [], "nextCursor": None}
