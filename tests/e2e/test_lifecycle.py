"""A hold and what follows on it, through HTTP: API Gateway, two functions, DynamoDB."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.local.http import Answer, Caller
from tests.e2e.conftest import Shop


def path(payment_id: str, action: str = "") -> str:
    return f"/api/payments/{payment_id}" + (f"/{action}" if action else "")


def stand(shop: Shop, wallet_id: str) -> tuple[int, int, int]:
    """Return the balance, what of it is available, and what is held."""
    wallet = shop.caller.get(f"/api/wallets/{wallet_id}").body
    return wallet["balance"], wallet["available"], wallet["pending"]


def hold(shop: Shop, wallet_id: str, key: str = "k") -> Answer:
    return shop.pay("alice", wallet_id, 400, key, capture="manual")


def test_a_hold_is_captured_in_part_and_refunded_in_part(shop: Shop) -> None:
    wallet = shop.wallet("alice", 1000)
    held = hold(shop, wallet)
    payment_id = held.body["id"]

    assert (held.status, held.body["status"]) == (201, "AUTHORIZED")
    assert (held.body["amountAuthorized"], held.body["amountCaptured"]) == (400, 0)
    assert stand(shop, wallet) == (1000, 600, 400)

    captured = shop.caller.post(path(payment_id, "capture"), {"amount": 300})

    assert (captured.status, captured.body["status"]) == (200, "COMPLETED")
    assert (captured.body["amountAuthorized"], captured.body["amountCaptured"]) == (400, 300)
    assert stand(shop, wallet) == (700, 700, 0)

    body = {"amount": 100, "reason": "too salty"}
    refunded = shop.caller.post(path(payment_id, "refund"), body, key=shop.key("back"))
    refund = refunded.body["refund"]

    assert (refunded.status, refunded.body["status"]) == (200, "PARTIALLY_REFUNDED")
    assert (refund["amount"], refund["status"], refund["reason"]) == (100, "SUCCEEDED", "too salty")
    assert stand(shop, wallet) == (800, 800, 0)
    assert shop.caller.get(path(payment_id, "refunds")).body["items"] == [refund]

    rest = shop.caller.post(path(payment_id, "refund"), {}, key=shop.key("rest"))

    assert (rest.body["status"], rest.body["amountRefunded"]) == ("REFUNDED", 300)
    assert stand(shop, wallet) == (1000, 1000, 0)
    assert shop.caller.get(f"/api/wallets/{wallet}/reconcile").body["isBalanced"]


def test_the_history_of_a_payment_tells_its_whole_life(shop: Shop) -> None:
    wallet = shop.wallet("alice", 1000)
    payment_id = hold(shop, wallet).body["id"]
    shop.caller.post(path(payment_id, "capture"), {"amount": 300})
    refunded = shop.caller.post(path(payment_id, "refund"), {"amount": 100}, key=shop.key("back"))
    refund_id = refunded.body["refund"]["id"]
    lines = shop.caller.get(path(payment_id, "events")).body["items"]

    assert [(line["event"], line["status"], line["detail"]) for line in lines] == [
        ("created", "PENDING", None),
        ("claimed", "PROCESSING", None),
        ("authorized", "AUTHORIZED", None),
        ("claimed", "AUTHORIZED", "capture"),
        ("captured", "COMPLETED", None),
        ("refund_begun", "COMPLETED", refund_id),
        ("part_refunded", "PARTIALLY_REFUNDED", refund_id),
    ]
    assert [line["version"] for line in lines] == [1, 1, 2, 3, 4, 5, 6]


def test_the_entries_of_a_wallet_tell_what_was_held_taken_and_paid_back(shop: Shop) -> None:
    wallet = shop.wallet("alice", 1000)
    payment_id = hold(shop, wallet).body["id"]
    shop.caller.post(path(payment_id, "capture"), {"amount": 300})
    shop.caller.post(path(payment_id, "refund"), {"amount": 100}, key=shop.key("back"))
    entries = shop.caller.get(f"/api/wallets/{wallet}/transactions").body["items"]

    assert [entry["balanceAfter"] for entry in entries] == [800, 700, 1000, 1000]
    assert {entry["paymentId"] for entry in entries[:3]} == {payment_id}


def test_a_void_gives_back_what_was_held(shop: Shop) -> None:
    wallet = shop.wallet("alice", 1000)
    payment_id = hold(shop, wallet).body["id"]
    first = shop.caller.post(path(payment_id, "void"))
    again = shop.caller.post(path(payment_id, "void"))
    captured = shop.caller.post(path(payment_id, "capture"))

    assert (first.status, first.body["status"]) == (200, "CANCELLED")
    assert (again.status, again.text) == (200, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (captured.status, captured.body["paymentStatus"]) == (409, "CANCELLED")
    assert stand(shop, wallet) == (1000, 1000, 0)


@pytest.mark.parametrize(("action", "body"), [("capture", {"amount": 300}), ("void", None)])
def test_the_request_that_made_a_hold_is_answered_as_at_first_whatever_came_after(
    shop: Shop, action: str, body: dict[str, int] | None
) -> None:
    wallet = shop.wallet("alice", 1000)
    held = hold(shop, wallet)
    shop.caller.post(path(held.body["id"], action), body)
    again = hold(shop, wallet)

    assert (again.status, again.text) == (201, held.text)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_refund_is_paid_once_however_often_it_is_asked_for_at_once(shop: Shop) -> None:
    wallet = shop.wallet("alice", 1000)
    payment_id = shop.pay("alice", wallet, 400, "k").body["id"]

    def refund(_: int) -> Answer:
        return shop.caller.post(path(payment_id, "refund"), {"amount": 100}, key=shop.key("back"))

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(refund, range(10)))

    others = {answer.body["code"] for answer in answers if answer.status != 200}
    assert len({answer.text for answer in answers if answer.status == 200}) == 1
    assert others <= {"request_in_progress", "rate_limited", "wallet_unavailable"}
    assert stand(shop, wallet) == (700, 700, 0)


def test_no_more_is_paid_back_than_was_captured_however_many_ask_at_once(shop: Shop) -> None:
    wallet = shop.wallet("alice", 1000)
    payment_id = shop.pay("alice", wallet, 400, "k").body["id"]

    def refund(number: int) -> int:
        """Ask until there is a verdict, as a client does."""
        answer = None
        while answer is None or answer.status in (202, 429, 503) or is_early(answer):
            key = shop.key(f"back{number}")
            answer = shop.caller.post(path(payment_id, "refund"), {"amount": 100}, key=key)
        return answer.status

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(refund, range(10)))

    assert (statuses.count(200), statuses.count(409)) == (4, 6)
    assert shop.caller.get(path(payment_id)).body["status"] == "REFUNDED"
    assert stand(shop, wallet) == (1000, 1000, 0)


def is_early(answer: Answer) -> bool:
    return answer.status == 409 and answer.body["code"] == "request_in_progress"


@pytest.mark.parametrize("action", ["capture", "void", "refund"])
def test_a_payment_of_another_client_is_not_found(
    shop: Shop, stranger: Caller, action: str
) -> None:
    payment_id = hold(shop, shop.wallet("alice", 1000)).body["id"]
    answer = stranger.post(path(payment_id, action), key=shop.key("k"))

    assert (answer.status, answer.body["code"]) == (404, "not_found")
    assert shop.caller.get(path(payment_id)).body["status"] == "AUTHORIZED"
