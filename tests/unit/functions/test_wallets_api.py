from typing import Any

import pytest

from evenkeel.access.model import Scope
from tests.unit.functions.site import Site

CREATE = "/api/wallets/create"
CREDIT = "/api/wallets/credit"
DEBIT = "/api/wallets/debit"
TRANSFER = "/api/wallets/transfer"
WALLET = "/api/wallets/{id}"
TRANSACTIONS = "/api/wallets/{id}/transactions"
OPENING = {"userId": "alice", "currency": "EUR", "initialBalance": 100}


def balance(site: Site, wallet_id: str) -> int:
    held: int = site.get(WALLET, id=wallet_id).json["balance"]
    return held


def move(wallet_id: str, amount: int, **fields: Any) -> dict[str, Any]:
    return {"walletId": wallet_id, "amount": amount} | fields


def test_a_wallet_is_opened_with_what_it_is_given(site: Site) -> None:
    answer = site.post(CREATE, OPENING)
    opened = answer.json

    assert answer.status == 201
    assert opened.pop("id").startswith("wal_")
    assert opened == {
        "userId": "alice",
        "currency": "EUR",
        "status": "ACTIVE",
        "balance": 100,
        "available": 100,
        "pending": 0,
        "version": 1,
        "createdAt": "2026-01-01T12:00:00.000000Z",
    }


def test_a_wallet_that_is_there_is_returned_as_it_is_now(site: Site) -> None:
    opened = site.post(CREATE, OPENING)
    site.post(CREDIT, move(opened.json["id"], 5))
    again = site.post(CREATE, OPENING)

    assert (again.status, again.json["id"]) == (200, opened.json["id"])
    assert again.json["balance"] == 105


@pytest.mark.parametrize("other", [{"initialBalance": 0}, {"initialBalance": 101}])
def test_a_wallet_that_was_opened_otherwise_is_a_conflict(site: Site, other: Any) -> None:
    site.post(CREATE, OPENING)
    answer = site.post(CREATE, OPENING | other)

    assert (answer.status, answer.code) == (409, "wallet_exists")


def test_a_user_has_a_wallet_in_each_currency(site: Site) -> None:
    assert site.wallet("alice", "EUR") != site.wallet("alice", "JPY")


def test_money_to_begin_with_needs_the_scope_to_fund(site: Site) -> None:
    key = site.key_of("cli_a", {Scope.WALLETS_WRITE})
    funded = site.post(CREATE, OPENING, key=key)
    empty = site.post(CREATE, OPENING | {"initialBalance": 0}, key=key)

    assert (funded.status, funded.code) == (403, "forbidden")
    assert "wallets:fund" in funded.json["detail"]
    assert (empty.status, empty.json["balance"]) == (201, 0)


def test_a_credit_answers_with_the_wallet_and_the_transfer(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    answer = site.post(CREDIT, move(wallet_id, 5, reference="top-up 1", description="gift"))
    transfer = answer.json["transfer"]

    assert answer.status == 200
    assert (answer.json["wallet"]["balance"], answer.json["wallet"]["version"]) == (105, 2)
    assert transfer.pop("id").startswith("trf_")
    assert transfer == {
        "kind": "credit",
        "debitAccountId": "external:EUR",
        "creditAccountId": wallet_id,
        "amount": 5,
        "currency": "EUR",
        "reference": "top-up 1",
        "description": "gift",
        "postedAt": "2026-01-01T12:00:00.000000Z",
    }


def test_a_debit_goes_the_other_way(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    answer = site.post(DEBIT, move(wallet_id, 5))

    assert answer.json["wallet"]["balance"] == 95
    assert answer.json["transfer"]["kind"] == "debit"
    assert answer.json["transfer"]["debitAccountId"] == wallet_id
    assert answer.json["transfer"]["creditAccountId"] == "external:EUR"


def test_a_transfer_answers_with_both_wallets(site: Site) -> None:
    alice, bob = site.wallet("alice", balance=100), site.wallet("bob")
    body = {"fromWalletId": alice, "toWalletId": bob, "amount": 5}
    answer = site.post(TRANSFER, body)

    assert answer.status == 200
    assert (answer.json["wallet"]["id"], answer.json["wallet"]["balance"]) == (alice, 95)
    assert (answer.json["toWallet"]["id"], answer.json["toWallet"]["balance"]) == (bob, 5)
    assert answer.json["transfer"]["kind"] == "transfer"
    assert (balance(site, alice), balance(site, bob)) == (95, 5)


@pytest.mark.parametrize("path", [CREDIT, DEBIT])
def test_a_repeated_move_is_answered_as_the_first_and_moves_nothing(site: Site, path: str) -> None:
    wallet_id = site.wallet(balance=100)
    first = site.post(path, move(wallet_id, 5), idempotency_key="move-1")
    site.post(CREDIT, move(wallet_id, 50))
    site.later()
    again = site.post(path, move(wallet_id, 5), idempotency_key="move-1")

    assert (again.status, again.text) == (first.status, first.text)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert balance(site, wallet_id) == first.json["wallet"]["balance"] + 50


def test_a_repeated_transfer_shows_both_wallets_as_they_were(site: Site) -> None:
    alice, bob = site.wallet("alice", balance=100), site.wallet("bob")
    body = {"fromWalletId": alice, "toWalletId": bob, "amount": 5}
    first = site.post(TRANSFER, body, idempotency_key="move-1")
    site.post(TRANSFER, body)
    again = site.post(TRANSFER, body, idempotency_key="move-1")

    assert again.text == first.text
    assert again.headers["Idempotent-Replayed"] == "true"


def test_another_move_under_the_same_key_is_refused(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    site.post(DEBIT, move(wallet_id, 5), idempotency_key="move-1")
    answer = site.post(DEBIT, move(wallet_id, 6), idempotency_key="move-1")

    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert balance(site, wallet_id) == 95


def test_each_route_has_keys_of_its_own(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    site.post(DEBIT, move(wallet_id, 5), idempotency_key="move-1")
    answer = site.post(CREDIT, move(wallet_id, 5), idempotency_key="move-1")

    assert (answer.status, balance(site, wallet_id)) == (200, 100)


def test_a_decline_says_why_and_stays_even_when_there_is_money(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    first = site.post(DEBIT, move(wallet_id, 101), idempotency_key="move-1")
    site.post(CREDIT, move(wallet_id, 1000))
    again = site.post(DEBIT, move(wallet_id, 101), idempotency_key="move-1")

    assert (first.status, first.code) == (402, "payment_declined")
    assert first.json["reason"] == "insufficient_funds"
    assert (again.status, again.text) == (402, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_wallet_holds_no_more_than_the_limit(site: Site) -> None:
    wallet_id = site.wallet(balance=10**15)
    answer = site.post(CREDIT, move(wallet_id, 1))

    assert (answer.status, answer.json["reason"]) == (402, "limit_exceeded")


def test_currencies_do_not_mix(site: Site) -> None:
    body = {"fromWalletId": site.wallet(balance=100), "toWalletId": site.wallet("bob", "JPY")}
    answer = site.post(TRANSFER, body | {"amount": 5})

    assert (answer.status, answer.json["reason"]) == (402, "currency_mismatch")


@pytest.mark.parametrize("path", [CREDIT, DEBIT])
def test_a_wallet_that_does_not_exist_is_not_found_and_stays_so(site: Site, path: str) -> None:
    first = site.post(path, move("wal_nobody", 5), idempotency_key="move-1")
    again = site.post(path, move("wal_nobody", 5), idempotency_key="move-1")

    assert (first.status, first.code) == (404, "not_found")
    assert again.text == first.text


def test_a_wallet_is_frozen_and_thawed_and_closed_as_often_as_it_is_asked_for(site: Site) -> None:
    wallet_id = site.wallet()
    statuses = []
    for action in ("freeze", "freeze", "unfreeze", "unfreeze", "freeze", "close", "close"):
        answer = site.post(f"/api/wallets/{{id}}/{action}", id=wallet_id)
        statuses.append((answer.status, answer.json["status"]))

    assert statuses == [
        (200, "FROZEN"),
        (200, "FROZEN"),
        (200, "ACTIVE"),
        (200, "ACTIVE"),
        (200, "FROZEN"),
        (200, "CLOSED"),
        (200, "CLOSED"),
    ]


def test_a_wallet_with_money_does_not_close(site: Site) -> None:
    wallet_id = site.wallet(balance=1)
    answer = site.post("/api/wallets/{id}/close", id=wallet_id)

    assert (answer.status, answer.code) == (409, "invalid_state")
    assert answer.json["walletStatus"] == "ACTIVE"


@pytest.mark.parametrize("action", ["freeze", "unfreeze"])
def test_a_closed_wallet_stays_closed(site: Site, action: str) -> None:
    wallet_id = site.wallet()
    site.post("/api/wallets/{id}/close", id=wallet_id)
    answer = site.post(f"/api/wallets/{{id}}/{action}", id=wallet_id)

    assert (answer.status, answer.code) == (409, "invalid_state")
    assert answer.json["walletStatus"] == "CLOSED"


@pytest.mark.parametrize("body", [None, "", "{}"])
def test_an_action_needs_no_body(site: Site, body: str | None) -> None:
    assert site.post("/api/wallets/{id}/freeze", body, id=site.wallet()).status == 200


def test_entries_are_listed_newest_first_over_all_pages(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    for amount in (1, 2, 3, 4):
        site.post(DEBIT, move(wallet_id, amount))
    pages = [site.get(TRANSACTIONS, {"limit": "2"}, id=wallet_id).json]
    while cursor := pages[-1]["nextCursor"]:
        query = {"limit": "2", "cursor": cursor}
        pages.append(site.get(TRANSACTIONS, query, id=wallet_id).json)
    entries = [entry for page in pages for entry in page["items"]]

    assert [entry["number"] for entry in entries] == [5, 4, 3, 2, 1]
    assert [entry["balanceAfter"] for entry in entries] == [90, 94, 97, 99, 100]
    assert [len(page["items"]) for page in pages] == [2, 2, 1]


def test_an_entry_tells_of_its_transfer_as_the_wallet_sees_it(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    body = {"userId": "alice", "merchantId": "coffee", "amount": 40, "currency": "EUR"}
    payment = site.post("/api/payments", body | {"walletId": wallet_id, "process": True}).json
    newest, oldest = site.get(TRANSACTIONS, id=wallet_id).json["items"]

    assert len(newest.pop("hash")) == 64
    assert newest == {
        "number": 2,
        "side": "debit",
        "amount": 40,
        "currency": "EUR",
        "balanceAfter": 60,
        "pendingAfter": 0,
        "originalId": None,
        "transferId": payment["transferId"],
        "paymentId": payment["id"],
        "counterpartyAccountId": "merchant:coffee:EUR",
        "kind": "payment",
        "reference": None,
        "description": None,
        "postedAt": "2026-01-01T12:00:00.000000Z",
    }
    assert (oldest["side"], oldest["paymentId"]) == ("credit", None)


def test_a_wallet_without_entries_has_an_empty_list(site: Site) -> None:
    answer = site.get(TRANSACTIONS, id=site.wallet())

    assert (answer.status, answer.json) == (200, {"items": [], "nextCursor": None})


def test_a_wallet_is_checked_against_its_entries(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    site.post(DEBIT, move(wallet_id, 30))
    answer = site.get("/api/wallets/{id}/reconcile", id=wallet_id)

    assert (answer.status, answer.json) == (
        200,
        {
            "walletBalance": 70,
            "ledgerBalance": 70,
            "isBalanced": True,
            "difference": 0,
            "entriesChecked": 2,
        },
    )
