"""Refunds through the API: all or part of what was captured, on its way back."""

from collections.abc import Callable
from typing import Any

import pytest

from evenkeel.access.model import Scope
from evenkeel.ledger.commands import Posted
from evenkeel.payments.refunding import REFUND_COUNT_MAX
from tests.events import event
from tests.fakes.wallet_gateway import Fault
from tests.unit.answer import Answer
from tests.unit.functions.site import OTHER, Site, order
from tests.unit.payments.platform import not_applied
from tests.unit.payments.sweeps import answer_lost, request_lost

PAYMENTS = "/api/payments"
PAYMENT = "/api/payments/{id}"
REFUND = "/api/payments/{id}/refund"
REFUNDS = "/api/payments/{id}/refunds"
EVENTS = "/api/payments/{id}/events"
DEBIT = "/api/wallets/debit"

NO_AMOUNTS = [0, -1, "5", True, 5.5, [5], 10**15 + 1]
NO_REASONS = ["x" * 256, 5, ["a"]]


@pytest.fixture
def wallet_id(site: Site) -> str:
    return site.wallet(balance=100)


@pytest.fixture
def payment_id(site: Site, wallet_id: str) -> str:
    """40 of the 100 in the wallet."""
    return paid(site, wallet_id)


def paid(site: Site, wallet_id: str) -> str:
    answer = site.post(PAYMENTS, order(walletId=wallet_id, process=True))
    assert answer.json["status"] == "COMPLETED"
    payment_id: str = answer.json["id"]
    return payment_id


def balance(site: Site, wallet_id: str) -> int:
    now: int = site.get("/api/wallets/{id}", id=wallet_id).json["balance"]
    return now


def listed(site: Site, payment_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = site.get(REFUNDS, id=payment_id).json["items"]
    return items


def close(site: Site, wallet_id: str) -> None:
    """Empty the wallet and close it: it takes nothing any more."""
    site.post(DEBIT, {"walletId": wallet_id, "amount": balance(site, wallet_id)})
    assert site.post("/api/wallets/{id}/close", id=wallet_id).json["status"] == "CLOSED"


@pytest.mark.parametrize("body", [None, {}, {"amount": 40}], ids=repr)
def test_all_that_was_captured_is_paid_back(
    site: Site, wallet_id: str, payment_id: str, body: dict[str, int] | None
) -> None:
    answer = site.post(REFUND, body, id=payment_id)
    payment = answer.json
    refund = payment.pop("refund")

    assert (answer.status, payment["status"], payment["amountRefunded"]) == (200, "REFUNDED", 40)
    assert "Idempotent-Replayed" not in answer.headers
    assert refund.pop("id").startswith("ref_")
    assert refund.pop("transferId").startswith("trf_")
    assert refund == {
        "amount": 40,
        "status": "SUCCEEDED",
        "reason": None,
        "failure": None,
        "createdAt": "2026-01-01T12:00:00.000000Z",
    }
    assert site.get(PAYMENT, id=payment_id).json == payment
    assert balance(site, wallet_id) == 100


def test_a_part_is_paid_back_and_then_the_rest(site: Site, wallet_id: str, payment_id: str) -> None:
    first = site.post(REFUND, {"amount": 15, "reason": "too salty"}, id=payment_id).json
    site.later()
    second = site.post(REFUND, id=payment_id).json

    assert (first["status"], first["amountRefunded"]) == ("PARTIALLY_REFUNDED", 15)
    assert (first["refund"]["amount"], first["refund"]["reason"]) == (15, "too salty")
    assert (second["status"], second["amountRefunded"]) == ("REFUNDED", 40)
    assert second["refund"]["amount"] == 25
    assert second["amountCaptured"] == 40
    assert listed(site, payment_id) == [first["refund"], second["refund"]]
    assert balance(site, wallet_id) == 100


def test_the_ledgers_entry_of_a_refund_is_the_one_that_it_names(
    site: Site, wallet_id: str, payment_id: str
) -> None:
    refund = site.post(REFUND, {"amount": 15}, id=payment_id).json["refund"]
    entry = site.get("/api/wallets/{id}/transactions", id=wallet_id).json["items"][0]

    assert (entry["transferId"], entry["paymentId"]) == (refund["transferId"], payment_id)
    assert (entry["amount"], entry["balanceAfter"]) == (15, 75)


def test_a_refund_asked_for_again_is_answered_the_same_whatever_came_after(
    site: Site, wallet_id: str, payment_id: str
) -> None:
    first = site.post(REFUND, {"amount": 15}, id=payment_id, idempotency_key="back-1")
    site.later()
    site.post(REFUND, id=payment_id)
    again = site.post(REFUND, {"amount": 15}, id=payment_id, idempotency_key="back-1")

    assert (again.status, again.text) == (200, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert balance(site, wallet_id) == 100


def test_a_refund_of_all_asked_for_again_is_answered_the_same(
    site: Site, wallet_id: str, payment_id: str
) -> None:
    first = site.post(REFUND, id=payment_id, idempotency_key="back-1")
    site.later()
    again = site.post(REFUND, id=payment_id, idempotency_key="back-1")

    assert (again.status, again.text) == (200, first.text)
    assert balance(site, wallet_id) == 100


def test_no_body_and_an_empty_one_are_the_same_request(site: Site, payment_id: str) -> None:
    first = site.post(REFUND, id=payment_id, idempotency_key="back-1")
    site.later()
    again = site.post(REFUND, {}, id=payment_id, idempotency_key="back-1")

    assert (again.status, again.text) == (200, first.text)


@pytest.mark.parametrize("body", [None, {"amount": 16}, {"amount": 15, "reason": "late"}])
def test_another_request_under_the_same_key_is_refused(
    site: Site, wallet_id: str, payment_id: str, body: dict[str, Any] | None
) -> None:
    site.post(REFUND, {"amount": 15}, id=payment_id, idempotency_key="back-1")
    site.later()
    answer = site.post(REFUND, body, id=payment_id, idempotency_key="back-1")

    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert balance(site, wallet_id) == 75


def test_the_same_key_on_another_payment_is_another_refund(site: Site, wallet_id: str) -> None:
    first, second = (
        site.post(REFUND, {"amount": amount}, id=paid(site, wallet_id), idempotency_key="back-1")
        for amount in (15, 20)
    )

    assert (first.status, second.status) == (200, 200)
    assert first.json["refund"]["id"] != second.json["refund"]["id"]
    assert balance(site, wallet_id) == 55


@pytest.mark.parametrize("amount", [41, 10**15])
def test_no_more_is_paid_back_than_was_captured(
    site: Site, wallet_id: str, payment_id: str, amount: int
) -> None:
    too_much = site.post(REFUND, {"amount": amount}, id=payment_id)

    assert (too_much.status, too_much.code) == (409, "invalid_state")
    assert too_much.json["paymentStatus"] == "COMPLETED"
    assert too_much.json["paymentId"] == payment_id
    assert balance(site, wallet_id) == 60


def test_no_more_is_paid_back_than_is_left(site: Site, wallet_id: str, payment_id: str) -> None:
    site.post(REFUND, {"amount": 39}, id=payment_id)
    too_much = site.post(REFUND, {"amount": 2}, id=payment_id)
    site.post(REFUND, {"amount": 1}, id=payment_id)
    after_all = site.post(REFUND, id=payment_id)

    assert (too_much.status, too_much.json["paymentStatus"]) == (409, "PARTIALLY_REFUNDED")
    assert (after_all.status, after_all.json["paymentStatus"]) == (409, "REFUNDED")
    assert balance(site, wallet_id) == 100


def test_a_refund_that_was_too_much_has_left_its_key_to_what_comes(
    site: Site, payment_id: str
) -> None:
    site.post(REFUND, {"amount": 41}, id=payment_id, idempotency_key="back-1")

    assert site.post(REFUND, {"amount": 41}, id=payment_id, idempotency_key="back-1").status == 409
    assert listed(site, payment_id) == []


def test_what_was_captured_of_a_hold_is_what_can_be_paid_back(site: Site, wallet_id: str) -> None:
    body = order(walletId=wallet_id, process=True, capture="manual")
    payment_id = site.post(PAYMENTS, body).json["id"]
    early = site.post(REFUND, id=payment_id)
    site.post("/api/payments/{id}/capture", {"amount": 15}, id=payment_id)
    too_much = site.post(REFUND, {"amount": 16}, id=payment_id)
    done = site.post(REFUND, id=payment_id)

    assert (early.status, early.json["paymentStatus"]) == (409, "AUTHORIZED")
    assert (too_much.status, too_much.json["paymentStatus"]) == (409, "COMPLETED")
    assert (done.json["status"], done.json["refund"]["amount"]) == ("REFUNDED", 15)
    assert balance(site, wallet_id) == 100


@pytest.mark.parametrize("status", ["PENDING", "CANCELLED"])
def test_a_payment_of_which_nothing_was_captured_is_not_refunded(site: Site, status: str) -> None:
    payment_id = site.payment()
    if status == "CANCELLED":
        site.post("/api/payments/{id}/void", id=payment_id)
    answer = site.post(REFUND, id=payment_id)

    assert (answer.status, answer.code) == (409, "invalid_state")
    assert answer.json["paymentStatus"] == status


def test_the_request_that_paid_is_answered_as_at_first_after_a_refund(
    site: Site, wallet_id: str
) -> None:
    body = order(walletId=wallet_id, process=True)
    first = site.post(PAYMENTS, body, idempotency_key="order-1")
    site.later()
    site.post(REFUND, id=first.json["id"])
    again = site.post(PAYMENTS, body, idempotency_key="order-1")

    assert (again.status, again.text) == (201, first.text)


def test_a_frozen_wallet_takes_a_refund(site: Site, wallet_id: str, payment_id: str) -> None:
    site.post("/api/wallets/{id}/freeze", id=wallet_id)

    assert site.post(REFUND, id=payment_id).json["status"] == "REFUNDED"
    assert balance(site, wallet_id) == 100


def test_a_closed_wallet_takes_no_refund_and_it_has_failed_for_good(
    site: Site, wallet_id: str, payment_id: str
) -> None:
    close(site, wallet_id)
    first = site.post(REFUND, {"amount": 15}, id=payment_id, idempotency_key="back-1")
    site.later()
    again = site.post(REFUND, {"amount": 15}, id=payment_id, idempotency_key="back-1")
    payment = site.get(PAYMENT, id=payment_id).json
    [refund] = listed(site, payment_id)

    assert (first.status, first.code) == (402, "payment_declined")
    assert (first.json["reason"], first.json["paymentId"]) == ("wallet_closed", payment_id)
    assert (again.status, again.text) == (402, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (payment["status"], payment["amountRefunded"]) == ("COMPLETED", 0)
    assert payment["failure"] is None
    assert (refund["status"], refund["amount"], refund["transferId"]) == ("FAILED", 15, None)
    assert refund["failure"] == {"code": "wallet_closed", "message": first.json["detail"]}


def test_a_refund_that_has_failed_is_told_in_the_history(
    site: Site, wallet_id: str, payment_id: str
) -> None:
    close(site, wallet_id)
    site.post(REFUND, {"amount": 15}, id=payment_id)
    [refund] = listed(site, payment_id)
    lines = site.get(EVENTS, id=payment_id).json["items"]

    assert [(line["event"], line["status"], line["detail"]) for line in lines[-2:]] == [
        ("refund_begun", "COMPLETED", refund["id"]),
        ("refund_failed", "COMPLETED", f"{refund['id']} wallet_closed"),
    ]


@pytest.mark.parametrize("fault", [answer_lost, request_lost])
def test_a_refund_of_unknown_outcome_is_accepted_and_settled_by_the_same_key(
    site: Site, wallet_id: str, payment_id: str, fault: Fault
) -> None:
    site.fail_next_debit(fault)
    accepted = site.post(REFUND, {"amount": 15}, id=payment_id, idempotency_key="back-1")
    [open_] = listed(site, payment_id)
    site.later()
    done = site.post(REFUND, {"amount": 15}, id=payment_id, idempotency_key="back-1")

    assert (accepted.status, accepted.json["status"]) == (202, "COMPLETED")
    assert (accepted.json["id"], accepted.json["amountRefunded"]) == (payment_id, 0)
    assert int(accepted.headers["Retry-After"]) > 0
    assert "Idempotent-Replayed" not in accepted.headers
    assert accepted.json["refund"] == open_
    assert (open_["status"], open_["amount"], open_["transferId"]) == ("PENDING", 15, None)
    assert (done.status, done.json["status"]) == (200, "PARTIALLY_REFUNDED")
    assert done.json["refund"]["id"] == open_["id"]
    assert balance(site, wallet_id) == 75


def test_what_is_on_its_way_back_is_not_paid_back_once_more(
    site: Site, wallet_id: str, payment_id: str
) -> None:
    site.fail_next_debit(request_lost)
    site.post(REFUND, {"amount": 30}, id=payment_id)
    too_much = site.post(REFUND, {"amount": 11}, id=payment_id)
    rest = site.post(REFUND, id=payment_id)

    assert (too_much.status, too_much.code) == (409, "invalid_state")
    assert (rest.json["status"], rest.json["refund"]["amount"]) == ("PARTIALLY_REFUNDED", 10)
    assert balance(site, wallet_id) == 70


def test_a_refund_of_which_nothing_was_applied_is_unavailable_and_the_same_key_goes_on(
    site: Site, wallet_id: str, payment_id: str
) -> None:
    site.fail_next_debit(not_applied)
    refused = site.post(REFUND, {"amount": 15}, id=payment_id, idempotency_key="back-1")
    between = listed(site, payment_id)
    done = site.post(REFUND, {"amount": 15}, id=payment_id, idempotency_key="back-1")

    assert (refused.status, refused.code) == (503, "wallet_unavailable")
    assert (refused.json["paymentId"], refused.json["retryable"]) == (payment_id, True)
    assert int(refused.headers["Retry-After"]) > 0
    assert between == []
    assert (done.status, done.json["amountRefunded"]) == (200, 15)
    assert balance(site, wallet_id) == 75


def test_a_refund_that_is_being_worked_on_is_to_come_again_and_others_go_on_beside(
    site: Site, wallet_id: str, payment_id: str
) -> None:
    meanwhile: list[Answer] = []

    def asked_again(ask: Callable[[], Posted]) -> Posted:
        site.later()
        for key in ("back-1", "back-2"):
            body = {"amount": 15}
            meanwhile.append(site.post(REFUND, body, id=payment_id, idempotency_key=key))
        return ask()

    site.fail_next_debit(asked_again)
    done = site.post(REFUND, {"amount": 15}, id=payment_id, idempotency_key="back-1")
    same, other = meanwhile

    assert (same.status, same.code) == (409, "request_in_progress")
    assert int(same.headers["Retry-After"]) > 0
    assert (other.status, other.json["amountRefunded"]) == (200, 15)
    assert (done.status, done.json["amountRefunded"]) == (200, 30)
    assert balance(site, wallet_id) == 90


def test_a_refund_needs_a_key(site: Site, payment_id: str) -> None:
    answer = site.ask(event("POST", REFUND, {"id": payment_id}, None, {"X-API-Key": site.key}))

    assert (answer.status, answer.code) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("amount", NO_AMOUNTS, ids=repr)
def test_what_is_no_amount_to_pay_back_is_named(site: Site, payment_id: str, amount: Any) -> None:
    answer = site.post(REFUND, {"amount": amount}, id=payment_id)

    assert (answer.status, answer.faulty_fields) == (422, ["amount"])


@pytest.mark.parametrize("reason", NO_REASONS)
def test_what_is_no_reason_is_named(site: Site, payment_id: str, reason: Any) -> None:
    answer = site.post(REFUND, {"reason": reason}, id=payment_id)

    assert (answer.status, answer.faulty_fields) == (422, ["reason"])


def test_a_field_that_a_refund_does_not_know_is_named(site: Site, payment_id: str) -> None:
    answer = site.post(REFUND, {"amount": 5, "walletId": "wal_a"}, id=payment_id)

    assert (answer.status, answer.faulty_fields) == (422, ["walletId"])


def test_somebody_elses_payment_is_not_found(site: Site, payment_id: str) -> None:
    key = site.key_of(OTHER, Scope)
    others = [
        site.post(REFUND, id=payment_id, key=key),
        site.get(REFUNDS, id=payment_id, key=key),
    ]
    nobodys = [site.post(REFUND, id="pay_nobodys"), site.get(REFUNDS, id="pay_nobodys")]

    assert {answer.status for answer in others} == {404}
    assert [answer.text for answer in others] == [answer.text for answer in nobodys]


def test_refunds_are_listed_oldest_first_and_whole_over_all_of_their_pages(
    site: Site, payment_id: str
) -> None:
    told = []
    for amount in (1, 2, 3, 4, 5):
        told.append(site.post(REFUND, {"amount": amount}, id=payment_id).json["refund"])
        site.later()
    pages = [site.get(REFUNDS, {"limit": "2"}, id=payment_id).json]
    while cursor := pages[-1]["nextCursor"]:
        pages.append(site.get(REFUNDS, {"limit": "2", "cursor": cursor}, id=payment_id).json)

    assert [item for page in pages for item in page["items"]] == told
    assert [len(page["items"]) for page in pages] == [2, 2, 1]


def test_a_payment_is_refunded_so_often_and_no_more(site: Site) -> None:
    wallet_id = site.wallet("bob", balance=1000)
    body = order(userId="bob", walletId=wallet_id, process=True, amount=1000)
    payment_id = site.post(PAYMENTS, body).json["id"]
    for _ in range(REFUND_COUNT_MAX):
        assert site.post(REFUND, {"amount": 1}, id=payment_id).status == 200
    answer = site.post(REFUND, {"amount": 1}, id=payment_id)

    assert (answer.status, answer.code) == (409, "invalid_state")
    assert balance(site, wallet_id) == REFUND_COUNT_MAX
