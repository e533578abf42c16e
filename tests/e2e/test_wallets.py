"""Wallets through HTTP."""

from infra.local import books
from tests.e2e.conftest import Shop
from tests.stack import Stack


def test_a_wallet_is_opened_once(shop: Shop) -> None:
    body = {"userId": shop.user("alice"), "currency": "EUR", "initialBalance": 100}
    first = shop.caller.post("/api/wallets/create", body)
    again = shop.caller.post("/api/wallets/create", body)
    other = shop.caller.post("/api/wallets/create", body | {"initialBalance": 200})

    assert (first.status, again.status) == (201, 200)
    assert again.body == first.body
    assert (other.status, other.body["code"]) == (409, "wallet_exists")
    assert shop.balance(first.body["id"]) == 100


def test_money_comes_in_moves_on_and_goes_out(shop: Shop) -> None:
    alice, bob = shop.wallet("alice"), shop.wallet("bob")
    credited = shop.caller.post(
        "/api/wallets/credit",
        {"walletId": alice, "amount": 500, "reference": "top-up"},
        key=shop.key("c"),
    )
    moved = shop.caller.post(
        "/api/wallets/transfer",
        {"fromWalletId": alice, "toWalletId": bob, "amount": 200},
        key=shop.key("t"),
    )
    debited = shop.caller.post(
        "/api/wallets/debit", {"walletId": bob, "amount": 50}, key=shop.key("d")
    )

    assert credited.body["wallet"]["balance"] == 500
    assert credited.body["transfer"]["reference"] == "top-up"
    assert moved.body["wallet"]["balance"] == 300
    assert moved.body["toWallet"]["balance"] == 200
    assert debited.body["wallet"]["balance"] == 150
    assert (shop.balance(alice), shop.balance(bob)) == (300, 150)


def test_a_repeated_credit_is_answered_to_the_letter_and_comes_once(shop: Shop) -> None:
    alice = shop.wallet("alice")
    body = {"walletId": alice, "amount": 500}
    first = shop.caller.post("/api/wallets/credit", body, key=shop.key("c"))
    shop.caller.post("/api/wallets/debit", {"walletId": alice, "amount": 1}, key=shop.key("d"))
    shop.caller.post(f"/api/wallets/{alice}/freeze")
    again = shop.caller.post("/api/wallets/credit", body, key=shop.key("c"))

    assert (again.status, again.text) == (200, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert shop.balance(alice) == 499


def test_one_key_means_two_things_on_two_routes(shop: Shop) -> None:
    alice = shop.wallet("alice")
    body = {"walletId": alice, "amount": 5}
    shop.caller.post("/api/wallets/credit", body, key=shop.key("k"))
    shop.caller.post("/api/wallets/debit", body, key=shop.key("k"))

    assert shop.balance(alice) == 0


def test_the_life_of_a_wallet(shop: Shop) -> None:
    alice = shop.wallet("alice", 100)
    path = f"/api/wallets/{alice}"
    debit = {"walletId": alice, "amount": 100}

    assert shop.caller.post(f"{path}/freeze").body["status"] == "FROZEN"
    frozen = shop.caller.post("/api/wallets/debit", debit, key=shop.key("d1"))
    assert (frozen.status, frozen.body["reason"]) == (402, "wallet_frozen")
    assert shop.caller.post(f"{path}/unfreeze").body["status"] == "ACTIVE"
    full = shop.caller.post(f"{path}/close")
    assert (full.status, full.body["walletStatus"]) == (409, "ACTIVE")
    shop.caller.post("/api/wallets/debit", debit, key=shop.key("d2"))
    assert shop.caller.post(f"{path}/close").body["status"] == "CLOSED"
    late = shop.caller.post("/api/wallets/credit", debit, key=shop.key("c"))
    assert (late.status, late.body["reason"]) == (402, "wallet_closed")


def test_a_statement_has_running_balances_and_pages_without_a_gap(shop: Shop) -> None:
    alice = shop.wallet("alice", 100)
    for number in range(6):
        kind = "debit" if number % 2 else "credit"
        shop.caller.post(
            f"/api/wallets/{kind}", {"walletId": alice, "amount": 7}, key=shop.key(f"k{number}")
        )

    entries = []
    cursor = ""
    while True:
        page = shop.caller.get(f"/api/wallets/{alice}/transactions?limit=2{cursor}").body
        entries += page["items"]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"

    assert [entry["number"] for entry in entries] == [7, 6, 5, 4, 3, 2, 1]
    assert [entry["balanceAfter"] for entry in entries] == [100, 107, 100, 107, 100, 107, 100]


def test_the_books_of_the_whole_stack_balance(shop: Shop, stack: Stack) -> None:
    """Whatever all the tests have done to it, and the folded accounts included."""
    alice = shop.wallet("alice", 1000)
    shop.pay("alice", alice, 400, "k")

    found = books.balanced(stack)

    assert found.debits == found.credits
    assert found.journal == found.accounts
