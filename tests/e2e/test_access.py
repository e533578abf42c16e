"""Keys, scopes and tenants, through HTTP."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import aws
from infra.local.http import Answer, Caller
from infra.routes import ROUTES, Route
from tests.e2e.conftest import Shop
from tests.stack import Stack

PUBLIC = {"/health", "/openapi.json", "/docs"}
GUARDED = [route for route in ROUTES if route.path not in PUBLIC]

MADE_UP = ["", "ek_", "constructor", "__proto__", "toString", "hasOwnProperty", "ek_" + "A" * 43]

BODIES = {
    "/api/payments": {
        "userId": "u",
        "merchantId": "m",
        "amount": 1,
        "currency": "EUR",
    },
    "/api/wallets/create": {"userId": "u", "currency": "EUR"},
}


def ask(caller: Caller, method: str, path: str, body: object = None) -> Answer:
    raw = None if body is None else json.dumps(body).encode()
    return caller.send(method, path, raw, {"Idempotency-Key": "k"})


def filled(path: str, id_: str) -> str:
    return path.replace("{id}", id_).replace("{userId}", "alice")


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
def test_no_route_answers_without_a_key(shop: Shop, route: Route) -> None:
    method, path = route.method, filled(route.path, "pay_1")

    for key in ("", "ek_made-up"):
        answer = ask(replace(shop.caller, key=key), method, path)
        assert (answer.status, answer.body["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("key", MADE_UP)
def test_a_key_named_like_something_else_is_an_unknown_key(shop: Shop, key: str) -> None:
    answer = replace(shop.caller, key=key).get("/api/payments/user/alice")

    assert (answer.status, answer.body["code"]) == (401, "unauthorized")


def command(stack: Stack, action: str, **fields: object) -> dict[str, str]:
    """Do what an operator does, as an operator does it."""
    answer = aws.client("lambda", stack["awsEndpointUrl"]).invoke(
        FunctionName=stack["functions"]["access_commands"],
        Payload=json.dumps({"action": action, **fields}),
    )
    done: dict[str, str] = json.loads(answer["Payload"].read())
    return done


def issued(stack: Stack, *scopes: str) -> Caller:
    """A new key of the demo client."""
    fields = {"clientId": "cli_demo", "name": "tested", "scopes": list(scopes)}
    return Caller(stack["apiUrl"], command(stack, "issue-key", **fields)["key"])


def test_a_client_made_by_an_operator_can_pay_until_its_key_is_revoked(
    stack: Stack, shop: Shop
) -> None:
    client_id = command(stack, "create-client", name="Corner Cafe")["clientId"]
    fields = {"clientId": client_id, "name": "checkout", "scopes": ["wallets:write"]}
    first = command(stack, "issue-key", **fields)
    second = command(stack, "issue-key", **fields)
    body = {"userId": shop.user("alice"), "currency": "EUR"}

    opened = Caller(stack["apiUrl"], first["key"]).post("/api/wallets/create", body)
    command(stack, "revoke-key", keyId=second["keyId"])
    refused = Caller(stack["apiUrl"], second["key"]).post("/api/wallets/create", body)

    assert (opened.status, refused.status) == (201, 401)


def test_every_route_needs_its_own_scope(stack: Stack) -> None:
    """What the OpenAPI document says is what is enforced."""
    document = json.loads(Path("functions/ops_api/openapi.json").read_text())
    scopes = {
        (method.upper(), path): scope
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for security in operation.get("security", [])
        for scope in security["ApiKey"]
    }
    everything = set(scopes.values())
    callers = {scope: issued(stack, *sorted(everything - {scope})) for scope in everything}

    refused = {
        (method, path): ask(callers[scope], method, filled(path, "pay_1"), {})
        for (method, path), scope in scopes.items()
    }

    assert {route: answer.status for route, answer in refused.items()} == dict.fromkeys(scopes, 403)
    for route, answer in refused.items():
        assert answer.body["code"] == "forbidden"
        assert scopes[route] in answer.body["detail"]


def test_a_balance_to_begin_with_needs_the_scope_to_fund(stack: Stack, shop: Shop) -> None:
    caller = issued(stack, "wallets:write")
    body = {"userId": shop.user("alice"), "currency": "EUR"}

    assert caller.post("/api/wallets/create", body | {"initialBalance": 1}).status == 403
    assert caller.post("/api/wallets/create", body).status == 201


def test_another_clients_objects_are_not_there(shop: Shop, stranger: Caller) -> None:
    wallet = shop.wallet("alice", 1000)
    payment = shop.pay("alice", wallet, 1, "k").body["id"]
    own = stranger.post(
        "/api/wallets/create", {"userId": shop.user("eve"), "currency": "EUR"}
    ).body["id"]
    attempts = {
        "get payment": stranger.get(f"/api/payments/{payment}"),
        "its history": stranger.get(f"/api/payments/{payment}/events"),
        "process it": stranger.post(f"/api/payments/{payment}/process", {"walletId": own}),
        "get wallet": stranger.get(f"/api/wallets/{wallet}"),
        "its entries": stranger.get(f"/api/wallets/{wallet}/transactions"),
        "check it": stranger.get(f"/api/wallets/{wallet}/reconcile"),
        "freeze": stranger.post(f"/api/wallets/{wallet}/freeze"),
        "unfreeze": stranger.post(f"/api/wallets/{wallet}/unfreeze"),
        "close": stranger.post(f"/api/wallets/{wallet}/close"),
        "credit": stranger.post(
            "/api/wallets/credit", {"walletId": wallet, "amount": 1}, key=shop.key("1")
        ),
        "debit": stranger.post(
            "/api/wallets/debit", {"walletId": wallet, "amount": 1}, key=shop.key("2")
        ),
        "take": stranger.post(
            "/api/wallets/transfer",
            {"fromWalletId": wallet, "toWalletId": own, "amount": 1},
            key=shop.key("3"),
        ),
        "give": stranger.post(
            "/api/wallets/transfer",
            {"fromWalletId": own, "toWalletId": wallet, "amount": 1},
            key=shop.key("4"),
        ),
    }
    nobodys = stranger.get("/api/wallets/wal_nobody")

    assert {what: answer.status for what, answer in attempts.items()} == dict.fromkeys(
        attempts, 404
    )
    for answer in attempts.values():
        assert unsigned(answer) == unsigned(nobodys)
    assert shop.balance(wallet) == 999


def unsigned(answer: Answer) -> dict[str, object]:
    """The body of a problem, without the one thing that differs from answer to answer."""
    return {name: value for name, value in answer.body.items() if name != "requestId"}


def test_a_strangers_wallet_pays_nobody(shop: Shop, stranger: Caller) -> None:
    wallet = shop.wallet("alice", 1000)
    body = {
        "userId": shop.user("alice"),
        "merchantId": "m",
        "amount": 1,
        "currency": "EUR",
        "walletId": wallet,
        "process": True,
    }
    answer = stranger.post("/api/payments", body, key=shop.key("k"))

    assert (answer.status, answer.body["reason"]) == (402, "wallet_not_found")
    assert shop.balance(wallet) == 1000


def test_a_strangers_list_is_empty_and_a_strangers_key_is_another(
    shop: Shop, stranger: Caller
) -> None:
    body = {"userId": shop.user("alice"), "merchantId": "m", "amount": 1, "currency": "EUR"}
    ours = shop.caller.post("/api/payments", body, key=shop.key("k"))
    listed = stranger.get(f"/api/payments/user/{shop.user('alice')}")
    theirs = stranger.post("/api/payments", body, key=shop.key("k"))

    assert listed.body["items"] == []
    assert (theirs.status, theirs.body["clientId"]) == (201, "cli_other")
    assert theirs.body["id"] != ours.body["id"]


def test_the_health_of_each_dependency_is_for_operators(shop: Shop, operator: Caller) -> None:
    health = operator.get("/api/ops/health")

    assert shop.caller.get("/api/ops/health").status == 403
    assert (health.status, health.body["status"]) == (200, "ok")
    assert {each["status"] for each in health.body["dependencies"]} == {"ok"}


def test_the_document_and_its_page_are_for_everybody(stack: Stack) -> None:
    nobody = Caller(stack["apiUrl"], "")

    assert nobody.get("/health").body["status"] == "ok"
    assert nobody.get("/openapi.json").body["openapi"].startswith("3.1")
    assert "swagger-ui" in nobody.get("/docs").text
