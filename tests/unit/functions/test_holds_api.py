"""Holds through the API: money that is held, and then captured, or given back."""

from collections.abc import Callable
from typing import Any

import pytest

from evenkeel.access.model import Scope
from evenkeel.ledger.commands import Posted
from evenkeel.payments.model import PENDING_FOR
from tests.fakes.wallet_gateway import Fault
from tests.unit.answer import Answer
from tests.unit.functions.site import OTHER, Site, order
from tests.unit.payments.platform import not_applied
from tests.unit.payments.sweeps import answer_lost, request_lost

PAYMENTS = "/api/payments"
PAYMENT = "/api/payments/{id}"
PROCESS = "/api/payments/{id}/process"
CAPTURE = "/api/payments/{id}/capture"
VOID = "/api/payments/{id}/void"
EVENTS = "/api/payments/{id}/events"
ENDS = [CAPTURE, VOID]

NO_AMOUNTS = [0, -1, "5", True, 5.5, [5], 10**15 + 1]


@pytest.fixture
def wallet_id(site: Site) -> str:
    return site.wallet(balance=100)


@pytest.fixture
def held(site: Site, wallet_id: str) -> Answer:
    """40 of the 100 in the wallet."""
    return hold(site, wallet_id)


def hold(site: Site, wallet_id: str, key: str = "order-1") -> Answer:
    body = order(walletId=wallet_id, process=True, capture="manual")
    return site.post(PAYMENTS, body, idempotency_key=key)


def stand(site: Site, wallet_id: str) -> tuple[int, int, int]:
    """Return the balance, what of it is available, and what is held."""
    wallet = site.get("/api/wallets/{id}", id=wallet_id).json
    return wallet["balance"], wallet["available"], wallet["pending"]


def amounts(payment: dict[str, Any]) -> tuple[int, int, int]:
    return payment["amountAuthorized"], payment["amountCaptured"], payment["amountRefunded"]


def test_a_payment_with_manual_capture_is_held_in_one_call(
    site: Site, wallet_id: str, held: Answer
) -> None:
    payment = held.json

    assert (held.status, payment["status"], payment["capture"]) == (201, "AUTHORIZED", "manual")
    assert amounts(payment) == (40, 0, 0)
    assert payment["transferId"] is None
    assert payment["processedAt"] == "2026-01-01T12:00:00.000000Z"
    assert stand(site, wallet_id) == (100, 60, 40)


def test_a_payment_with_manual_capture_is_held_when_it_is_processed(
    site: Site, wallet_id: str
) -> None:
    payment_id = site.payment(capture="manual")
    answer = site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)
    site.later()
    again = site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)

    assert (answer.status, answer.json["status"]) == (200, "AUTHORIZED")
    assert again.text == answer.text
    assert stand(site, wallet_id) == (100, 60, 40)


@pytest.mark.parametrize("body", [None, {}, {"amount": 40}], ids=repr)
def test_all_that_is_held_is_captured(
    site: Site, wallet_id: str, held: Answer, body: dict[str, int] | None
) -> None:
    answer = site.post(CAPTURE, body, id=held.json["id"])
    payment = answer.json

    assert (answer.status, payment["status"]) == (200, "COMPLETED")
    assert "Idempotent-Replayed" not in answer.headers
    assert amounts(payment) == (40, 40, 0)
    assert payment["transferId"].startswith("trf_")
    assert stand(site, wallet_id) == (60, 60, 0)
    assert site.get(PAYMENT, id=payment["id"]).json == payment


def test_a_part_is_captured_and_the_rest_is_given_back(
    site: Site, wallet_id: str, held: Answer
) -> None:
    answer = site.post(CAPTURE, {"amount": 15}, id=held.json["id"])

    assert (answer.status, answer.json["status"]) == (200, "COMPLETED")
    assert amounts(answer.json) == (40, 15, 0)
    assert stand(site, wallet_id) == (85, 85, 0)


@pytest.mark.parametrize(
    ("path", "body"), [(CAPTURE, None), (CAPTURE, {"amount": 15}), (VOID, None)]
)
def test_an_end_asked_for_again_is_answered_the_same_and_says_so(
    site: Site, wallet_id: str, held: Answer, path: str, body: dict[str, int] | None
) -> None:
    payment_id = held.json["id"]
    first = site.post(path, body, id=payment_id)
    stood = stand(site, wallet_id)
    site.later()
    again = site.post(path, body, id=payment_id)

    assert (again.status, again.text) == (200, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert stand(site, wallet_id) == stood


def test_a_capture_asked_for_again_after_a_refund_is_answered_as_at_first(
    site: Site, wallet_id: str, held: Answer
) -> None:
    payment_id = held.json["id"]
    first = site.post(CAPTURE, {"amount": 15}, id=payment_id)
    site.later()
    site.post("/api/payments/{id}/refund", {"amount": 5}, id=payment_id)
    again = site.post(CAPTURE, {"amount": 15}, id=payment_id)

    assert (again.status, again.text) == (200, first.text)
    assert stand(site, wallet_id) == (90, 90, 0)


@pytest.mark.parametrize("body", [None, {"amount": 14}, {"amount": 16}, {"amount": 41}], ids=repr)
def test_a_capture_of_another_amount_is_refused_after_the_first(
    site: Site, wallet_id: str, held: Answer, body: dict[str, int] | None
) -> None:
    payment_id = held.json["id"]
    site.post(CAPTURE, {"amount": 15}, id=payment_id)
    answer = site.post(CAPTURE, body, id=payment_id)

    assert (answer.status, answer.code) == (409, "invalid_state")
    assert (answer.json["paymentStatus"], answer.json["paymentId"]) == ("COMPLETED", payment_id)
    assert answer.json["retryable"] is False
    assert stand(site, wallet_id) == (85, 85, 0)


def test_no_more_is_captured_than_was_authorized(site: Site, wallet_id: str, held: Answer) -> None:
    payment_id = held.json["id"]
    answer = site.post(CAPTURE, {"amount": 41}, id=payment_id)

    assert (answer.status, answer.code) == (409, "invalid_state")
    assert answer.json["paymentStatus"] == "AUTHORIZED"
    assert stand(site, wallet_id) == (100, 60, 40)
    assert site.post(CAPTURE, id=payment_id).status == 200


def test_a_void_gives_all_of_it_back(site: Site, wallet_id: str, held: Answer) -> None:
    answer = site.post(VOID, id=held.json["id"])

    assert (answer.status, answer.json["status"]) == (200, "CANCELLED")
    assert amounts(answer.json) == (40, 0, 0)
    assert answer.json["transferId"] is None
    assert stand(site, wallet_id) == (100, 100, 0)


def test_a_payment_that_nobody_has_processed_is_voided_and_never_will_be(
    site: Site, wallet_id: str
) -> None:
    payment_id = site.payment(capture="manual")
    first = site.post(VOID, id=payment_id)
    site.later()
    again = site.post(VOID, id=payment_id)
    processed = site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)

    assert (first.status, first.json["status"]) == (200, "CANCELLED")
    assert (again.status, again.text) == (200, first.text)
    assert (processed.status, processed.code) == (409, "invalid_state")
    assert processed.json["paymentStatus"] == "CANCELLED"
    assert stand(site, wallet_id) == (100, 100, 0)


def test_a_hold_that_was_voided_is_neither_captured_nor_processed_again(
    site: Site, wallet_id: str, held: Answer
) -> None:
    payment_id = held.json["id"]
    site.post(VOID, id=payment_id)
    site.later()
    answers = [
        site.post(CAPTURE, id=payment_id),
        site.post(CAPTURE, {"amount": 15}, id=payment_id),
        site.post(PROCESS, {"walletId": wallet_id}, id=payment_id),
    ]

    assert {(answer.status, answer.code) for answer in answers} == {(409, "invalid_state")}
    assert {answer.json["paymentStatus"] for answer in answers} == {"CANCELLED"}
    assert stand(site, wallet_id) == (100, 100, 0)


@pytest.mark.parametrize("path", ENDS)
@pytest.mark.parametrize("status", ["COMPLETED", "FAILED"])
def test_a_payment_that_was_never_held_has_no_hold_to_end(
    site: Site, wallet_id: str, path: str, status: str
) -> None:
    amount = 40 if status == "COMPLETED" else 101
    body = order(walletId=wallet_id, process=True, amount=amount)
    paid = site.post(PAYMENTS, body).json
    answer = site.post(path, id=paid.get("id", paid.get("paymentId")))

    assert (answer.status, answer.code) == (409, "invalid_state")
    assert answer.json["paymentStatus"] == status


def test_a_payment_that_nobody_has_processed_holds_nothing_to_capture(site: Site) -> None:
    answer = site.post(CAPTURE, id=site.payment(capture="manual"))

    assert (answer.status, answer.code) == (409, "invalid_state")
    assert answer.json["paymentStatus"] == "PENDING"


@pytest.mark.parametrize("path", ENDS)
def test_the_request_that_made_a_hold_is_answered_as_at_first_whatever_came_after(
    site: Site, wallet_id: str, held: Answer, path: str
) -> None:
    site.later()
    site.post(path, id=held.json["id"])
    again = hold(site, wallet_id)

    assert (again.status, again.text) == (201, held.text)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_hold_is_processed_again_after_its_capture_as_at_first(
    site: Site, wallet_id: str, held: Answer
) -> None:
    payment_id = held.json["id"]
    site.post(CAPTURE, {"amount": 15}, id=payment_id)
    again = site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)

    assert (again.status, again.json) == (200, held.json)
    assert stand(site, wallet_id) == (85, 85, 0)


@pytest.mark.parametrize("amount", NO_AMOUNTS, ids=repr)
def test_what_is_no_amount_to_capture_is_named(site: Site, held: Answer, amount: Any) -> None:
    payment_id = held.json["id"]
    answer = site.post(CAPTURE, {"amount": amount}, id=payment_id)

    assert (answer.status, answer.faulty_fields) == (422, ["amount"])
    assert site.get(PAYMENT, id=payment_id).json["status"] == "AUTHORIZED"


def test_a_field_that_a_capture_does_not_know_is_named(site: Site, held: Answer) -> None:
    answer = site.post(CAPTURE, {"amount": 5, "final": True}, id=held.json["id"])

    assert (answer.status, answer.faulty_fields) == (422, ["final"])


def test_a_frozen_wallet_pays_no_capture_but_its_hold_can_be_voided(
    site: Site, wallet_id: str, held: Answer
) -> None:
    payment_id = held.json["id"]
    site.post("/api/wallets/{id}/freeze", id=wallet_id)
    refused = site.post(CAPTURE, id=payment_id)
    between = site.get(PAYMENT, id=payment_id).json
    site.later()
    voided = site.post(VOID, id=payment_id)

    assert (refused.status, refused.code) == (402, "payment_declined")
    assert (refused.json["reason"], refused.json["paymentId"]) == ("wallet_frozen", payment_id)
    assert (between["status"], between["failure"]) == ("AUTHORIZED", None)
    assert (voided.status, voided.json["status"]) == (200, "CANCELLED")
    assert stand(site, wallet_id) == (100, 100, 0)


def test_a_capture_that_a_frozen_wallet_has_refused_is_paid_once_it_is_no_longer_frozen(
    site: Site, wallet_id: str, held: Answer
) -> None:
    payment_id = held.json["id"]
    site.post("/api/wallets/{id}/freeze", id=wallet_id)
    site.post(CAPTURE, id=payment_id)
    site.later()
    site.post("/api/wallets/{id}/unfreeze", id=wallet_id)

    assert site.post(CAPTURE, id=payment_id).json["status"] == "COMPLETED"
    assert stand(site, wallet_id) == (60, 60, 0)


@pytest.mark.parametrize(("path", "status"), [(CAPTURE, "COMPLETED"), (VOID, "CANCELLED")])
@pytest.mark.parametrize("fault", [answer_lost, request_lost])
def test_an_end_of_unknown_outcome_is_accepted_and_settled_by_asking_again(
    site: Site, wallet_id: str, held: Answer, path: str, status: str, fault: Fault
) -> None:
    payment_id = held.json["id"]
    site.fail_next_debit(fault)
    accepted = site.post(path, id=payment_id)
    between = site.get(PAYMENT, id=payment_id).json
    site.later()
    done = site.post(path, id=payment_id)

    assert (accepted.status, accepted.json["status"]) == (202, "AUTHORIZED")
    assert int(accepted.headers["Retry-After"]) > 0
    assert accepted.json == between
    assert (done.status, done.json["status"]) == (200, status)
    assert stand(site, wallet_id)[2] == 0


@pytest.mark.parametrize("path", ENDS)
def test_an_end_of_which_nothing_was_applied_is_unavailable_and_the_hold_stands(
    site: Site, wallet_id: str, held: Answer, path: str
) -> None:
    payment_id = held.json["id"]
    site.fail_next_debit(not_applied)
    refused = site.post(path, id=payment_id)

    assert (refused.status, refused.code) == (503, "wallet_unavailable")
    assert (refused.json["paymentId"], refused.json["retryable"]) == (payment_id, True)
    assert int(refused.headers["Retry-After"]) > 0
    assert site.get(PAYMENT, id=payment_id).json["status"] == "AUTHORIZED"
    assert stand(site, wallet_id) == (100, 60, 40)


@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("second", ENDS)
def test_while_a_hold_is_being_ended_another_end_is_to_come_again(
    site: Site, held: Answer, first: str, second: str
) -> None:
    payment_id = held.json["id"]
    meanwhile: list[Answer] = []

    def asked_again(ask: Callable[[], Posted]) -> Posted:
        site.later()
        meanwhile.append(site.post(second, id=payment_id))
        return ask()

    site.fail_next_debit(asked_again)
    done = site.post(first, id=payment_id)
    [early] = meanwhile

    assert (early.status, early.code) == (409, "request_in_progress")
    assert int(early.headers["Retry-After"]) > 0
    assert done.status == 200


@pytest.mark.parametrize("path", ENDS)
def test_somebody_elses_hold_is_not_found(site: Site, held: Answer, path: str) -> None:
    others = site.post(path, id=held.json["id"], key=site.key_of(OTHER, Scope))
    nobodys = site.post(path, id="pay_nobodys")

    assert (others.status, others.code) == (404, "not_found")
    assert others.text == nobodys.text


def test_what_is_left_to_lapse_unprocessed_is_not_captured_either(
    site: Site, wallet_id: str
) -> None:
    payment_id = site.payment(capture="manual")
    site.clock.advance(PENDING_FOR)

    assert site.post(PROCESS, {"walletId": wallet_id}, id=payment_id).status == 409
    assert site.post(CAPTURE, id=payment_id).status == 409
    assert site.post(VOID, id=payment_id).json["status"] == "CANCELLED"


def test_the_history_tells_how_a_hold_came_and_went(site: Site, held: Answer) -> None:
    payment_id = held.json["id"]
    site.post(CAPTURE, {"amount": 15}, id=payment_id)
    lines = site.get(EVENTS, id=payment_id).json["items"]

    assert [(line["event"], line["status"], line["detail"]) for line in lines] == [
        ("created", "PENDING", None),
        ("claimed", "PROCESSING", None),
        ("authorized", "AUTHORIZED", None),
        ("claimed", "AUTHORIZED", "capture"),
        ("captured", "COMPLETED", None),
    ]
