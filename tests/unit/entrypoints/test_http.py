"""What every API function answers alike, on routes made up for these tests."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_lambda_powertools.event_handler import Response

from evenkeel import bootstrap
from evenkeel.access.model import Scope
from evenkeel.access.service import Keyring
from evenkeel.entrypoints import http
from evenkeel.entrypoints.body import BODY_BYTES_MAX
from evenkeel.entrypoints.http import Access, Api, reply
from evenkeel.entrypoints.schema import Amount, IdempotencyKey, Limit, Reply, Request
from evenkeel.errors import ObjectNotFound, StoreBusy, WalletUnavailable
from tests.context import Context
from tests.events import REQUEST_ID, event
from tests.unit.answer import Answer
from tests.unit.logs import Logs

THING = "/things/{id}"
SOME_THING = {"id": "thing_1"}


class Item(Request):
    amount: Amount


class Basket(Request):
    items: list[Item]
    deliver_to: str | None = None


class Sold(Reply):
    thing_id: str
    client_id: str
    key: str | None
    note: str | None = None


@dataclass
class Shop:
    """An API of one resource: sold over POST, looked at over GET."""

    api: Api = field(default_factory=lambda: Api("Things"))
    look: Callable[[], Sold] = lambda: Sold(thing_id="thing_1", client_id="cli_a", key=None)

    def __post_init__(self) -> None:
        @self.api.post(THING, Access(Scope.PAYMENTS_WRITE, is_keyed=True, takes_body=True))
        def sell(id: str, request: Basket, idempotency_key: IdempotencyKey) -> Response[Sold]:
            caller = self.api.caller
            return reply(
                Sold(thing_id=id, client_id=caller.client_id, key=caller.idempotency_key),
                replayed=len(request.items) > 1,
            )

        @self.api.get(THING, Access(Scope.PAYMENTS_READ))
        def look(id: str, limit: Limit = 25) -> Response[Sold]:
            return reply(self.look())

        @self.api.get("/open", Access())
        def say() -> Response[Sold]:
            return reply(self.look())

    def ask(self, raw: dict[str, Any]) -> Answer:
        return Answer.of(self.api.answer(raw, Context()))


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def key(keyring: Keyring) -> str:
    return keyring.issue("cli_a", "till 1", [Scope.PAYMENTS_READ, Scope.PAYMENTS_WRITE])[1]


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    return Logs(monkeypatch, http.logger)


def sale(
    key: str | None, body: Any = None, *, idempotency_key: str | None = "order-1"
) -> dict[str, Any]:
    headers = {"X-API-Key": key, "Idempotency-Key": idempotency_key}
    sent = {name: value for name, value in headers.items() if value is not None}
    return event("POST", THING, SOME_THING, body or {"items": [{"amount": 5}]}, sent)


def look(key: str, query: dict[str, str] | None = None) -> dict[str, Any]:
    return event("GET", THING, SOME_THING, None, {"X-API-Key": key}, query)


def test_a_route_answers_with_json(shop: Shop, key: str) -> None:
    answer = shop.ask(sale(key))

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == {
        "thingId": "thing_1",
        "clientId": "cli_a",
        "key": "order-1",
        "note": None,
    }


def test_a_request_is_refused_for_what_comes_first_in_order(
    shop: Shop, key: str, keyring: Keyring
) -> None:
    _, reader = keyring.issue("cli_a", "reader", [Scope.PAYMENTS_READ])
    too_large, malformed, invalid = "{" * (BODY_BYTES_MAX + 1), "{", {"items": [{"amount": 0}]}
    codes = [
        shop.ask(sale(None, too_large, idempotency_key=None)).code,
        shop.ask(sale(reader, too_large, idempotency_key=None)).code,
        shop.ask(sale(key, too_large, idempotency_key=None)).code,
        shop.ask(sale(key, malformed, idempotency_key=None)).code,
        shop.ask(sale(key, invalid, idempotency_key=None)).code,
        shop.ask(sale(key, invalid)).code,
    ]

    assert codes == [
        "unauthorized",
        "forbidden",
        "payload_too_large",
        "malformed_request",
        "idempotency_key_missing",
        "validation_failed",
    ]


@pytest.mark.parametrize("key", [None, "", "ek_unknown", "constructor", "__proto__", "ключ"])
def test_who_has_no_key_in_force_is_unauthorized(
    shop: Shop, keyring: Keyring, key: str | None
) -> None:
    answer = shop.ask(sale(key))

    assert (answer.status, answer.code) == (401, "unauthorized")


def test_headers_may_be_missing_altogether(shop: Shop, keyring: Keyring) -> None:
    bare = event("GET", THING, SOME_THING) | {"headers": None, "multiValueHeaders": None}

    assert shop.ask(bare).code == "unauthorized"


def test_a_missing_scope_is_named(shop: Shop, keyring: Keyring) -> None:
    _, writer = keyring.issue("cli_a", "writer", [Scope.PAYMENTS_WRITE, Scope.OPS_READ])
    answer = shop.ask(look(writer))

    assert (answer.status, answer.code) == (403, "forbidden")
    assert "payments:read" in answer.json["detail"]


def test_an_open_route_asks_for_no_key(shop: Shop) -> None:
    assert shop.ask(event("GET", "/open")).status == 200


@pytest.mark.parametrize("change", [str.lower, str.upper, str.title, str.swapcase])
def test_the_names_of_headers_have_no_case(
    shop: Shop, key: str, change: Callable[[str], str]
) -> None:
    headers = {change("X-API-Key"): key, change("Idempotency-Key"): "order-1"}
    answer = shop.ask(event("POST", THING, SOME_THING, {"items": []}, headers))

    assert answer.json["key"] == "order-1"


@pytest.mark.parametrize("key_sent", ["a", "!", "~" * 255, 'pay-"1"', "constructor"])
def test_an_idempotency_key_is_up_to_255_visible_letters(
    shop: Shop, key: str, key_sent: str
) -> None:
    assert shop.ask(sale(key, idempotency_key=key_sent)).json["key"] == key_sent


@pytest.mark.parametrize("key_sent", [None, "", " ", "a b", "a\n", "\x7f", "\x1f", "é", "~" * 256])
def test_anything_else_is_no_idempotency_key(shop: Shop, key: str, key_sent: str | None) -> None:
    answer = shop.ask(sale(key, idempotency_key=key_sent))

    assert (answer.status, answer.code) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("query", [None, {"limit": "1"}, {"limit": "100"}, {"other": "1"}])
def test_a_query_is_optional(shop: Shop, key: str, query: dict[str, str] | None) -> None:
    assert shop.ask(look(key, query)).status == 200


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1e1", "true", ""])
def test_a_faulty_query_is_named(shop: Shop, key: str, limit: str) -> None:
    assert shop.ask(look(key, {"limit": limit})).faulty_fields == ["limit"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_is_json_whatever_it_is_called(shop: Shop, key: str, content_type: str) -> None:
    raw = sale(key)
    raw["headers"] |= {"Content-Type": content_type}
    raw["multiValueHeaders"] |= {"Content-Type": [content_type]}

    assert shop.ask(raw).status == 200


@pytest.mark.parametrize("body", [None, "", "{", "{'a': 1}", "NaN", '{"items": [], "items": []}'])
def test_what_is_not_json_is_malformed(shop: Shop, key: str, body: str | None) -> None:
    answer = shop.ask(sale(key) | {"body": body})

    assert (answer.status, answer.code) == (400, "malformed_request")


@pytest.mark.parametrize("raw", [b"\xff", b'{"items": ["\xc3\x28"]}', "{}".encode("utf-16")])
def test_what_is_not_utf_8_is_malformed(shop: Shop, key: str, raw: bytes) -> None:
    body = {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}

    assert shop.ask(sale(key) | body).code == "malformed_request"


@pytest.mark.parametrize("text", ["[" * 16_000 + "]" * 16_000, '{"items":' * 3_000, "[" * 32_768])
def test_what_is_too_deep_is_malformed(shop: Shop, key: str, text: str) -> None:
    assert shop.ask(sale(key, text)).code == "malformed_request"


def test_a_body_over_the_limit_is_too_large(shop: Shop, key: str) -> None:
    answer = shop.ask(sale(key, "[" * 100_000 + "]" * 100_000))

    assert (answer.status, answer.code) == (413, "payload_too_large")


def test_a_body_of_the_limit_is_read(shop: Shop, key: str) -> None:
    body = '{"items": []}'.ljust(BODY_BYTES_MAX)

    assert shop.ask(sale(key, body)).status == 200


def test_a_body_that_nobody_asks_for_is_not_looked_at(shop: Shop, key: str) -> None:
    assert shop.ask(look(key) | {"body": "{"}).status == 200


def test_a_body_may_come_in_base64(shop: Shop, key: str) -> None:
    body = {"body": base64.b64encode(b'{"items": []}').decode(), "isBase64Encoded": True}

    assert shop.ask(sale(key) | body).status == 200


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ("null", ["body"]),
        ("[]", ["body"]),
        ('"x"', ["body"]),
        ("1", ["body"]),
        ("true", ["body"]),
        ("{}", ["items"]),
        ({"items": [{}]}, ["items.0.amount"]),
        ({"items": [{"amount": 5}, {"amount": "5"}]}, ["items.1.amount"]),
        ({"items": [{"amount": 5, "tip": 1}]}, ["items.0.tip"]),
        ({"items": {}, "deliverTo": 1}, ["items", "deliverTo"]),
        ({"items": [], "deliver_to": "home"}, ["deliver_to"]),
        ({"items": [], "__proto__": 1}, ["__proto__"]),
    ],
)
def test_faulty_fields_are_named_by_their_dotted_paths(
    shop: Shop, key: str, body: Any, fields: list[str]
) -> None:
    answer = shop.ask(sale(key, body))

    assert answer.status == 422
    assert answer.faulty_fields == fields


def test_a_replay_says_that_it_is_one(shop: Shop, key: str) -> None:
    first = shop.ask(sale(key, {"items": [{"amount": 5}]}))
    replay = shop.ask(sale(key, {"items": [{"amount": 5}, {"amount": 5}]}))

    assert "Idempotent-Replayed" not in first.headers
    assert replay.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("method", "resource"),
    [("GET", "/"), ("GET", "/things"), ("DELETE", THING), ("PUT", THING), ("HEAD", THING)],
)
def test_an_unknown_route_is_not_found_whoever_asks(shop: Shop, method: str, resource: str) -> None:
    answer = shop.ask(event(method, resource, SOME_THING))

    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize(
    "thing_id",
    [
        *("a b", "é", "%", "a%2Fb", ".", "..", "$&+,:;=@", "'", "[]{}|^", "x" * 3000),
        *('"', "#", "?", "`", "\\", "a\nb", "\x00", "😀", "a/b"),
    ],
)
def test_whatever_is_asked_for_the_answer_is_one_of_the_contract(
    shop: Shop, key: str, thing_id: str
) -> None:
    def not_there() -> Sold:
        raise ObjectNotFound

    shop.look = not_there
    answer = shop.ask(event("GET", THING, {"id": thing_id}, None, {"X-API-Key": key}))

    assert (answer.status, answer.code) == (404, "not_found")


def broken() -> Sold:
    message = "the password is sesame"
    raise OSError(message)


def unfit() -> Any:
    return Item(amount=5)


@pytest.mark.parametrize("look_up", [broken, unfit])
def test_an_error_of_our_own_is_an_internal_error_that_says_nothing(
    shop: Shop, key: str, logs: Logs, look_up: Callable[[], Sold]
) -> None:
    shop.look = look_up
    answer = shop.ask(look(key))

    assert (answer.status, answer.code) == (500, "internal_error")
    assert answer.json["retryable"] is True
    assert "sesame" not in answer.text
    assert "Error" not in answer.text
    assert "exception" in logs.lines[0]


def test_a_door_that_fails_is_an_internal_error_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "doorkeeper", broken)

    assert shop.ask(look("ek_any")).code == "internal_error"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StoreBusy(), 503, "wallet_unavailable"),
        (WalletUnavailable("pay_a"), 503, "wallet_unavailable"),
        (ObjectNotFound(), 404, "not_found"),
    ],
    ids=repr,
)
def test_an_expected_error_is_answered_as_its_problem(
    shop: Shop, key: str, error: Exception, status: int, code: str
) -> None:
    def fail() -> Sold:
        raise error

    shop.look = fail
    answer = shop.ask(look(key))

    assert (answer.status, answer.code) == (status, code)


def answers_of_every_kind(shop: Shop, key: str) -> list[Answer]:
    answers = [
        shop.ask(event("GET", "/open")),
        shop.ask(sale(key)),
        shop.ask(look(key)),
        shop.ask(look("ek_unknown")),
        shop.ask(sale(key, "{")),
        shop.ask(sale(key, {"items": 1})),
        shop.ask(event("DELETE", THING, SOME_THING)),
    ]
    shop.look = broken
    return [*answers, shop.ask(look(key)), shop.ask(event("GET", "/open"))]


def test_every_answer_carries_the_id_of_its_request(shop: Shop, key: str) -> None:
    answers = answers_of_every_kind(shop, key)

    assert {answer.headers["X-Request-Id"] for answer in answers} == {REQUEST_ID}
    assert {answer.json["requestId"] for answer in answers if answer.status >= 400} == {REQUEST_ID}


def test_every_line_of_the_log_carries_the_id_of_its_request(
    shop: Shop, key: str, logs: Logs
) -> None:
    answers = answers_of_every_kind(shop, key)
    answered = [line for line in logs.lines if line["message"] == "answered"]

    assert {line["request_id"] for line in logs.lines} == {REQUEST_ID}
    assert [line["status"] for line in answered] == [answer.status for answer in answers]


def test_the_log_says_who_asked_for_what_and_nothing_of_the_one_before(
    shop: Shop, key: str, logs: Logs
) -> None:
    shop.ask(look(key))
    shop.ask(event("GET", "/open"))
    shop.ask(look("ek_unknown"))
    first, second, third = logs.lines

    assert (first["route"], first["client_id"]) == (f"GET {THING}", "cli_a")
    assert (second["route"], second.get("client_id")) == ("GET /open", None)
    assert (third["error"], third.get("client_id")) == ("unauthorized", None)


def test_no_key_is_ever_in_the_log(shop: Shop, key: str, logs: Logs) -> None:
    answers_of_every_kind(shop, key)

    assert key not in logs.text
    assert key.removeprefix("ek_") not in logs.text


def test_a_caller_is_known_only_while_its_request_is_answered(shop: Shop, key: str) -> None:
    shop.ask(look(key))

    with pytest.raises(KeyError):
        _ = shop.api.caller
