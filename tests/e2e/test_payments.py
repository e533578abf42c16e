"""A payment through HTTP: API Gateway, two functions, DynamoDB."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import Shop


def test_a_payment_is_debited_and_both_sides_show_it(shop: Shop) -> None:
    wallet = shop.wallet("alice", 10_000)
    answer = shop.pay("alice", wallet, 1250, "k")
    payment = answer.body

    assert answer.status == 201
    assert (payment["status"], payment["amountCaptured"]) == ("COMPLETED", 1250)
    [entry, _] = shop.caller.get(f"/api/wallets/{wallet}/transactions").body["items"]
    assert (entry["paymentId"], entry["balanceAfter"]) == (payment["id"], 8750)
    assert entry["transferId"] == payment["transferId"]
    assert shop.caller.get(f"/api/payments/{payment['id']}").body == payment


def test_a_payment_has_all_its_fields_and_those_without_a_value_are_null(shop: Shop) -> None:
    body = {"userId": "u", "merchantId": "m", "amount": 5, "currency": "JPY"}
    payment = shop.caller.post("/api/payments", body, key=shop.key("k")).body

    assert payment == {
        "id": payment["id"],
        "clientId": "cli_demo",
        "userId": "u",
        "merchantId": "m",
        "walletId": None,
        "amount": 5,
        "currency": "JPY",
        "status": "PENDING",
        "capture": "automatic",
        "amountAuthorized": 0,
        "amountCaptured": 0,
        "amountRefunded": 0,
        "transferId": None,
        "failure": None,
        "anomaly": {"status": "CLEAR", "reasons": [], "severity": None},
        "attempts": 0,
        "description": None,
        "metadata": {},
        "createdAt": payment["createdAt"],
        "updatedAt": payment["createdAt"],
        "processedAt": None,
        "version": 1,
    }


def test_the_same_request_is_answered_to_the_letter_though_its_members_are_reordered(
    shop: Shop,
) -> None:
    wallet = shop.wallet("alice", 1000)
    first = shop.pay("alice", wallet, 400, "k", description="x", metadata={"a": "1", "b": "2"})
    again = shop.pay("alice", wallet, 400, "k", metadata={"b": "2", "a": "1"}, description="x")

    assert again.text == first.text
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert shop.balance(wallet) == 600


def test_a_decline_is_answered_to_the_letter_too(shop: Shop) -> None:
    wallet = shop.wallet("alice", 100)
    first = shop.pay("alice", wallet, 400, "k")
    shop.caller.post(
        "/api/wallets/credit", {"walletId": wallet, "amount": 900}, key=shop.key("credit")
    )
    again = shop.pay("alice", wallet, 400, "k")

    assert (first.status, again.status) == (402, 402)
    assert again.text == first.text
    assert again.headers["Idempotent-Replayed"] == "true"
    assert shop.balance(wallet) == 1000


def test_a_failed_payment_is_refused_the_same_way_when_it_is_processed_again(shop: Shop) -> None:
    wallet = shop.wallet("alice", 100)
    payment_id = shop.pay("alice", wallet, 400, "k").body["paymentId"]
    path = f"/api/payments/{payment_id}/process"

    first = shop.caller.post(path, {"walletId": wallet})

    assert (first.status, first.body["reason"]) == (402, "insufficient_funds")
    assert shop.caller.post(path, {"walletId": wallet}).text == first.text
    payment = shop.caller.get(f"/api/payments/{payment_id}").body
    assert (payment["status"], payment["failure"]["code"]) == ("FAILED", "insufficient_funds")


def test_a_payment_is_created_first_and_processed_later(shop: Shop) -> None:
    wallet = shop.wallet("alice", 1000)
    created = shop.pay("alice", wallet, 400, "k", process=False).body
    path = f"/api/payments/{created['id']}/process"
    processed = shop.caller.post(path, {"walletId": wallet})

    assert (created["status"], processed.status) == ("PENDING", 200)
    assert processed.body["status"] == "COMPLETED"
    assert shop.caller.post(path, {"walletId": wallet}).body == processed.body
    assert shop.pay("alice", wallet, 400, "k", process=False).body == created
    assert shop.balance(wallet) == 600


def test_the_history_of_a_payment_is_told_from_its_beginning(shop: Shop) -> None:
    wallet = shop.wallet("alice", 1000)
    payment = shop.pay("alice", wallet, 400, "k").body
    path = f"/api/payments/{payment['id']}/events"
    events = shop.caller.get(path).body["items"]

    assert [event["event"] for event in events] == ["created", "claimed", "completed"]
    page = shop.caller.get(f"{path}?limit=2").body
    rest = shop.caller.get(f"{path}?limit=2&cursor={page['nextCursor']}").body
    assert page["items"] + rest["items"] == events
    assert rest["nextCursor"] is None


def test_a_users_payments_are_listed_in_pages_and_by_status(shop: Shop) -> None:
    wallet = shop.wallet("alice", 1000)
    ids = [shop.pay("alice", wallet, 300, f"k{number}").body for number in range(5)]
    ids_by_status = {
        "COMPLETED": [body["id"] for body in ids[:3]][::-1],
        "FAILED": [body["paymentId"] for body in ids[3:]][::-1],
    }

    for status, expected in ids_by_status.items():
        path = f"/api/payments/user/{shop.user('alice')}?limit=1&status={status}"
        listed: list[str] = []
        cursor = ""
        while True:
            page = shop.caller.get(path + cursor).body
            listed += [payment["id"] for payment in page["items"]]
            if page["nextCursor"] is None:
                break
            cursor = f"&cursor={page['nextCursor']}"
        assert listed == expected


def test_twenty_identical_requests_at_once_are_one_debit_and_one_body(shop: Shop) -> None:
    wallet = shop.wallet("alice", 10_000)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: shop.pay("alice", wallet, 400, "k"), range(20)))

    bodies = {answer.text for answer in answers if answer.status == 201}
    others = {answer.body["code"] for answer in answers if answer.status != 201}
    assert len(bodies) == 1
    assert others <= {"request_in_progress", "rate_limited", "wallet_unavailable"}
    assert shop.pay("alice", wallet, 400, "k").text in bodies
    assert shop.balance(wallet) == 9600


def test_nobody_spends_more_than_there_is(shop: Shop) -> None:
    wallet = shop.wallet("alice", 1000)

    def pay(number: int) -> str:
        """Ask until there is a verdict, as a client does."""
        answer = shop.pay("alice", wallet, 100, f"k{number}")
        while answer.status in (202, 409, 429, 503):
            answer = shop.pay("alice", wallet, 100, f"k{number}")
        verdict: str = answer.body["code" if answer.status >= 400 else "status"]
        return verdict

    with ThreadPoolExecutor(50) as pool:
        verdicts = list(pool.map(pay, range(50)))

    assert verdicts.count("COMPLETED") == 10
    assert verdicts.count("payment_declined") == 40
    assert shop.balance(wallet) == 0
    assert shop.caller.get(f"/api/wallets/{wallet}/reconcile").body["isBalanced"]


@pytest.mark.parametrize(("currency", "other"), [("JPY", "USD"), ("USD", "KWD"), ("KWD", "JPY")])
def test_a_payment_is_in_the_currency_of_its_wallet(shop: Shop, currency: str, other: str) -> None:
    wallet = shop.wallet("alice", 1000, currency)

    refused = shop.pay("alice", wallet, 1, "k1", currency=other)
    paid = shop.pay("alice", wallet, 1, "k2", currency=currency)

    assert (refused.status, refused.body["reason"]) == (402, "currency_mismatch")
    assert (paid.status, shop.balance(wallet)) == (201, 999)
