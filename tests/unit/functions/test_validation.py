"""What a request may contain, field by field; nothing that is refused leaves a trace."""

from typing import Any

import pytest

from tests.unit.functions.site import Site, order

ODD_IDS = [
    *("x", "null", "constructor", "__proto__", "..", "é", "%00", "pay_", "pay_a b", "wal_a%2Fb"),
    *("pay_" + "x" * 61, "wal_" + "x" * 61, "x" * 3000),
]
MOVES = ["/api/wallets/credit", "/api/wallets/debit"]
AMOUNT_MAX = 1_000_000_000_000_000

NO_AMOUNTS = [0, -1, "5", True, False, None, 5.5, 5.0, [5], {}, AMOUNT_MAX + 1, 10**400]
NO_CURRENCIES = ["XAU", "XXX", "usd", "EURO", "EU", "", "EUR ", "EUR\n", " EUR", None, 978, ["EUR"]]
NO_CLIENT_STRINGS = ["", "x" * 65, "a b", "é", "a/b", "a\n", "\u0000", "<script>", None, 5, ["a"]]
NO_WALLET_IDS = ["", "wal_", "pay_a", "WAL_a", "wal_a/b", "wal_é", "wal_a ", "wal_" + "x" * 61, 5]


def move(**fields: Any) -> dict[str, Any]:
    return {"walletId": "wal_a", "amount": 5} | fields


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_what_is_no_amount_is_named(site: Site, amount: Any) -> None:
    answers = [
        site.post("/api/payments", order(amount=amount)),
        *(site.post(path, move(amount=amount)) for path in MOVES),
        site.post(
            "/api/wallets/transfer",
            {"fromWalletId": "wal_a", "toWalletId": "wal_b", "amount": amount},
        ),
    ]

    assert [answer.faulty_fields for answer in answers] == [["amount"]] * 4
    assert {answer.status for answer in answers} == {422}


@pytest.mark.parametrize("number", ["1e30", "1E2", "5e0", "5.0", "-5", "1e400"])
def test_a_number_that_is_not_written_as_an_integer_is_no_amount(site: Site, number: str) -> None:
    body = f'{{"userId":"a","merchantId":"b","amount":{number},"currency":"EUR"}}'

    assert site.post("/api/payments", body).faulty_fields == ["amount"]


@pytest.mark.parametrize("amount", [1, AMOUNT_MAX])
@pytest.mark.parametrize("currency", ["JPY", "USD", "KWD"])
def test_amounts_are_taken_up_to_both_limits_in_minor_units(
    site: Site, amount: int, currency: str
) -> None:
    created = site.post("/api/payments", order(amount=amount, currency=currency))

    assert created.status == 201
    assert (created.json["amount"], created.json["currency"]) == (amount, currency)


@pytest.mark.parametrize("currency", NO_CURRENCIES)
def test_what_is_no_currency_is_named(site: Site, currency: Any) -> None:
    opening = {"userId": "alice", "currency": currency}

    assert site.post("/api/payments", order(currency=currency)).faulty_fields == ["currency"]
    assert site.post("/api/wallets/create", opening).faulty_fields == ["currency"]


@pytest.mark.parametrize("balance", [-1, "5", True, None, 5.5, AMOUNT_MAX + 1])
def test_what_is_no_opening_balance_is_named(site: Site, balance: Any) -> None:
    opening = {"userId": "alice", "currency": "EUR", "initialBalance": balance}

    assert site.post("/api/wallets/create", opening).faulty_fields == ["initialBalance"]


@pytest.mark.parametrize("balance", [0, 1, AMOUNT_MAX])
def test_a_wallet_may_begin_with_nothing_or_much(site: Site, balance: int) -> None:
    wallet_id = site.wallet(balance=balance)

    assert site.get("/api/wallets/{id}", id=wallet_id).json["balance"] == balance


@pytest.mark.parametrize("text", NO_CLIENT_STRINGS)
def test_what_is_no_string_of_the_clients_is_named(site: Site, text: Any) -> None:
    answer = site.post("/api/payments", order(userId=text, merchantId=text))
    opening = {"userId": text, "currency": "EUR"}

    assert answer.faulty_fields == ["userId", "merchantId"]
    assert site.post("/api/wallets/create", opening).faulty_fields == ["userId"]


@pytest.mark.parametrize("text", ["a", "x" * 64, "A-z_0.9:", "constructor", "__proto__", "..", "-"])
def test_strings_of_the_clients_come_back_as_they_are(site: Site, text: str) -> None:
    created = site.post("/api/payments", order(userId=text, merchantId=text)).json
    listed = site.get("/api/payments/user/{userId}", userId=text).json

    assert (created["userId"], created["merchantId"]) == (text, text)
    assert listed["items"] == [created]


@pytest.mark.parametrize("wallet_id", NO_WALLET_IDS)
def test_what_is_no_wallet_is_named(site: Site, wallet_id: Any) -> None:
    processed = site.post("/api/payments/{id}/process", {"walletId": wallet_id}, id=site.payment())
    transferred = site.post(
        "/api/wallets/transfer",
        {"fromWalletId": wallet_id, "toWalletId": "wal_b", "amount": 5},
    )

    assert processed.faulty_fields == ["walletId"]
    assert transferred.faulty_fields == ["fromWalletId"]
    assert site.post("/api/payments", order(walletId=wallet_id)).faulty_fields == ["walletId"]
    for path in MOVES:
        assert site.post(path, move(walletId=wallet_id)).faulty_fields == ["walletId"]


def test_a_wallet_cannot_pay_itself(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    body = {"fromWalletId": wallet_id, "toWalletId": wallet_id, "amount": 5}

    assert site.post("/api/wallets/transfer", body).faulty_fields == ["toWalletId"]


@pytest.mark.parametrize("fields", [{"process": True}, {"process": True, "walletId": None}])
def test_processing_needs_a_wallet(site: Site, fields: dict[str, Any]) -> None:
    assert site.post("/api/payments", order(**fields)).faulty_fields == ["walletId"]


@pytest.mark.parametrize("process", ["true", 1, 0, None, "no"])
def test_what_is_not_yes_or_no_is_named(site: Site, process: Any) -> None:
    body = order(process=process, walletId="wal_a")

    assert site.post("/api/payments", body).faulty_fields == ["process"]


@pytest.mark.parametrize("capture", ["AUTOMATIC", "never", "", None, True])
def test_what_is_no_way_to_capture_is_named(site: Site, capture: Any) -> None:
    assert site.post("/api/payments", order(capture=capture)).faulty_fields == ["capture"]


@pytest.mark.parametrize("length", [0, 1, 255])
def test_a_description_has_up_to_255_letters(site: Site, length: int) -> None:
    description = "é" * length
    created = site.post("/api/payments", order(description=description))

    assert created.json["description"] == description


@pytest.mark.parametrize("description", ["x" * 256, 5, ["x"], True])
def test_any_other_description_is_named(site: Site, description: Any) -> None:
    assert site.post("/api/payments", order(description=description)).faulty_fields == [
        "description"
    ]
    for path in MOVES:
        assert site.post(path, move(description=description)).faulty_fields == ["description"]


@pytest.mark.parametrize("reference", ["x" * 65, 5, True])
def test_a_reference_that_is_no_short_text_is_named(site: Site, reference: Any) -> None:
    for path in MOVES:
        assert site.post(path, move(reference=reference)).faulty_fields == ["reference"]


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"": ""},
        {f"name {number}": "value" for number in range(50)},
        {"n" * 96: "v" * 4000},
        {"é": "é" * 2047},
        {"constructor": "a", "__proto__": "b", "a.b": "c", "\U0001f600": "\u0000"},
    ],
    ids=len,
)
def test_metadata_comes_back_as_it_was_up_to_its_limits(
    site: Site, metadata: dict[str, str]
) -> None:
    assert site.post("/api/payments", order(metadata=metadata)).json["metadata"] == metadata


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        ({f"name {number}": "value" for number in range(51)}, "metadata"),
        ({"n" * 97: "v" * 4000}, "metadata"),
        ({"é": "é" * 2047 + "a"}, "metadata"),
        ({"a": "\ud800"}, "metadata"),
        ({"a": 1}, "metadata.a"),
        ({"a": None}, "metadata.a"),
        ({"a": {"b": "c"}}, "metadata.a"),
        ([["a", "b"]], "metadata"),
        ("a", "metadata"),
        (None, "metadata"),
    ],
)
def test_other_metadata_is_named(site: Site, metadata: Any, field: str) -> None:
    assert site.post("/api/payments", order(metadata=metadata)).faulty_fields == [field]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/api/payments", ["userId", "merchantId", "amount", "currency"]),
        ("/api/payments/{id}/process", ["walletId"]),
        ("/api/wallets/create", ["userId", "currency"]),
        ("/api/wallets/credit", ["walletId", "amount"]),
        ("/api/wallets/debit", ["walletId", "amount"]),
        ("/api/wallets/transfer", ["fromWalletId", "toWalletId", "amount"]),
    ],
)
def test_missing_fields_are_named_all_at_once_and_so_is_one_too_many(
    site: Site, path: str, fields: list[str]
) -> None:
    answer = site.post(path, {"tip": 1}, id="pay_a")

    assert answer.status == 422
    assert answer.faulty_fields == [*fields, "tip"]


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "1"])
@pytest.mark.parametrize(
    "path", ["/api/payments", "/api/payments/{id}/process", "/api/wallets/create", *MOVES]
)
def test_what_is_no_object_is_invalid(site: Site, path: str, body: str) -> None:
    answer = site.post(path, body, id="pay_a")

    assert (answer.status, answer.faulty_fields) == (422, ["body"])


@pytest.mark.parametrize("name", ["user_id", "USERID", "userid", "clientId", "id", "status"])
def test_a_field_has_one_name(site: Site, name: str) -> None:
    assert site.post("/api/payments", order(**{name: "alice"})).faulty_fields == [name]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("status", text) for text in ("DONE", "pending", "")),
        *(("limit", text) for text in ("0", "101", "x")),
        *(("cursor", text) for text in ("", "x", "é", "A" * 300)),
        *(("from", text) for text in ("", "today", "5", "2026-01-01", "2026-01-01T00:00:00")),
        *(("to", text) for text in ("2026-13-01T00:00:00Z", "2026-01-01T00:00:00+25:00")),
        ("from", "0001-01-01T00:00:00+05:00"),
        ("to", "9999-12-31T23:59:59-05:00"),
    ],
)
def test_a_faulty_filter_is_named(site: Site, field: str, text: str) -> None:
    answer = site.get("/api/payments/user/{userId}", {field: text}, userId="alice")

    assert (answer.status, answer.faulty_fields) == (422, [field])


@pytest.mark.parametrize("path", ["/api/payments/{id}/events", "/api/wallets/{id}/transactions"])
@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "x"}, {"cursor": ""}]
)
def test_a_faulty_page_is_named(site: Site, path: str, query: dict[str, str]) -> None:
    owned = site.payment() if "payments" in path else site.wallet()

    assert site.get(path, query, id=owned).faulty_fields == list(query)


@pytest.mark.parametrize("odd", ODD_IDS)
@pytest.mark.parametrize(
    "path",
    [
        "/api/payments/{id}",
        "/api/payments/{id}/events",
        "/api/wallets/{id}",
        "/api/wallets/{id}/transactions",
        "/api/wallets/{id}/reconcile",
    ],
)
def test_an_id_that_nobody_has_is_not_found(site: Site, path: str, odd: str) -> None:
    answer = site.get(path, id=odd)

    assert (answer.status, answer.code) == (404, "not_found")


def test_what_is_refused_leaves_its_key_free(site: Site) -> None:
    refused = [
        site.post("/api/payments", order(amount=0), idempotency_key="order-1"),
        site.post("/api/payments", "{", idempotency_key="order-1"),
        site.post("/api/payments", order(), idempotency_key="order-1", key="ek_unknown"),
    ]
    created = site.post("/api/payments", order(), idempotency_key="order-1")

    assert [answer.status for answer in refused] == [422, 400, 401]
    assert created.status == 201
    assert "Idempotent-Replayed" not in created.headers
