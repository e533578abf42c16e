"""Every row of the error table, through HTTP; each answer is a problem with a code."""

import json
from collections.abc import Callable

import pytest

from infra.local.http import Answer
from tests.e2e.conftest import Shop

PAYMENT = {"userId": "alice", "merchantId": "m", "amount": 1, "currency": "EUR"}


def declined(shop: Shop) -> Answer:
    return shop.pay("alice", shop.wallet("alice"), 1, "k")


def reused(shop: Shop) -> Answer:
    shop.caller.post("/api/payments", PAYMENT, key=shop.key("k"))
    return shop.caller.post("/api/payments", PAYMENT | {"amount": 2}, key=shop.key("k"))


def of_another_wallet(shop: Shop) -> Answer:
    wallet = shop.wallet("alice", 10)
    payment = shop.pay("alice", wallet, 1, "k").body
    path = f"/api/payments/{payment['id']}/process"
    return shop.caller.post(path, {"walletId": shop.wallet("bob")})


def opened_otherwise(shop: Shop) -> Answer:
    shop.wallet("alice", 1)
    body = {"userId": shop.user("alice"), "currency": "EUR", "initialBalance": 2}
    return shop.caller.post("/api/wallets/create", body)


def sent(body: bytes) -> Callable[[Shop], Answer]:
    return lambda shop: shop.caller.send(
        "POST", "/api/payments", body, {"Idempotency-Key": shop.key("k")}
    )


def posted(**fields: object) -> Callable[[Shop], Answer]:
    return sent(json.dumps(PAYMENT | fields).encode())


ROWS: dict[str, tuple[Callable[[Shop], Answer], int, str]] = {
    "not JSON": (sent(b'{"amount": '), 400, "malformed_request"),
    "not UTF-8": (sent(b'{"userId": "\xff"}'), 400, "malformed_request"),
    "100,000 brackets": (sent(b"[" * 30_000), 400, "malformed_request"),
    "no body": (sent(b""), 400, "malformed_request"),
    "a member twice": (sent(b'{"amount": 1, "amount": 2}'), 400, "malformed_request"),
    "no idempotency key": (
        lambda shop: shop.caller.post("/api/payments", PAYMENT),
        400,
        "idempotency_key_missing",
    ),
    "a key too long": (
        lambda shop: shop.caller.post("/api/payments", PAYMENT, key="x" * 256),
        400,
        "idempotency_key_missing",
    ),
    "a key with a space": (
        lambda shop: shop.caller.post("/api/payments", PAYMENT, key="a b"),
        400,
        "idempotency_key_missing",
    ),
    "lack of funds": (declined, 402, "payment_declined"),
    "no such payment": (lambda shop: shop.caller.get("/api/payments/pay_x"), 404, "not_found"),
    "no such wallet": (lambda shop: shop.caller.get("/api/wallets/wal_x"), 404, "not_found"),
    "no such path": (lambda shop: shop.caller.get("/api/nothing"), 404, "not_found"),
    "no such method": (
        lambda shop: shop.caller.send("DELETE", "/api/payments"),
        404,
        "not_found",
    ),
    "another wallet": (of_another_wallet, 409, "invalid_state"),
    "wallet opened otherwise": (opened_otherwise, 409, "wallet_exists"),
    "too large": (posted(description="x" * 33_000), 413, "payload_too_large"),
    "amount as text": (posted(amount="5"), 422, "validation_failed"),
    "amount as truth": (posted(amount=True), 422, "validation_failed"),
    "amount with decimals": (posted(amount=5.5), 422, "validation_failed"),
    "amount as a float": (sent(b'{"amount": 1e30}'), 422, "validation_failed"),
    "amount of nothing": (posted(amount=0), 422, "validation_failed"),
    "amount too large": (posted(amount=10**15 + 1), 422, "validation_failed"),
    "unknown field": (posted(surprise=1), 422, "validation_failed"),
    "unknown currency": (posted(currency="XXX"), 422, "validation_failed"),
    "processing without a wallet": (posted(process=True), 422, "validation_failed"),
    "a cursor made up": (
        lambda shop: shop.caller.get("/api/payments/user/alice?cursor=abc"),
        422,
        "validation_failed",
    ),
    "a page too large": (
        lambda shop: shop.caller.get("/api/payments/user/alice?limit=101"),
        422,
        "validation_failed",
    ),
    "a time without a zone": (
        lambda shop: shop.caller.get("/api/payments/user/alice?from=2026-01-01T00:00:00"),
        422,
        "validation_failed",
    ),
    "a key reused": (reused, 422, "idempotency_key_reused"),
}


@pytest.mark.parametrize("row", ROWS)
def test_every_refusal_is_a_problem_with_its_code(shop: Shop, row: str) -> None:
    ask, status, code = ROWS[row]
    answer = ask(shop)
    problem = answer.body

    assert (answer.status, problem["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "detail", "requestId"} <= set(problem)
    assert (problem["status"], problem["retryable"]) == (status, False)
    assert answer.headers["X-Request-Id"] == problem["requestId"]
    assert ("errors" in problem) == (code == "validation_failed")


def test_every_field_that_is_wrong_is_named(shop: Shop) -> None:
    body = PAYMENT | {"userId": "a b", "amount": "5", "metadata": {"a": 1}, "surprise": 1}
    problem = shop.caller.post("/api/payments", body, key=shop.key("k")).body

    fields = {error["field"] for error in problem["errors"]}
    assert fields == {"userId", "amount", "metadata.a", "surprise"}


@pytest.mark.parametrize("refused", ["no idempotency key", "amount as text", "too large"])
def test_a_request_that_was_not_looked_at_leaves_its_key_free(shop: Shop, refused: str) -> None:
    ROWS[refused][0](shop)
    answer = shop.caller.post("/api/payments", PAYMENT, key=shop.key("k"))

    assert answer.status == 201


def test_a_declined_payment_says_which_it_is_and_why(shop: Shop) -> None:
    problem = declined(shop).body

    assert problem["reason"] == "insufficient_funds"
    assert shop.caller.get(f"/api/payments/{problem['paymentId']}").body["status"] == "FAILED"


def test_a_conflict_says_where_the_payment_is(shop: Shop) -> None:
    assert of_another_wallet(shop).body["paymentStatus"] == "COMPLETED"
