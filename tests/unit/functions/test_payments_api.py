from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from evenkeel.access.model import Scope
from evenkeel.entrypoints.cursors import write_offset
from evenkeel.errors import TransferNotApplied, TransferUnconfirmed
from evenkeel.ledger.commands import Posted
from tests.events import event
from tests.unit.answer import Answer
from tests.unit.functions.site import OTHER, Site, order

PAYMENTS = "/api/payments"
PAYMENT = "/api/payments/{id}"
PROCESS = "/api/payments/{id}/process"
EVENTS = "/api/payments/{id}/events"
BY_USER = "/api/payments/user/{userId}"

Debit = Callable[[], Posted]


def not_applied(debit: Debit) -> Posted:
    raise TransferNotApplied


def lost_before(debit: Debit) -> Posted:
    raise TransferUnconfirmed


def lost_after(debit: Debit) -> Posted:
    debit()
    raise TransferUnconfirmed


def balance(site: Site, wallet_id: str) -> int:
    held: int = site.get("/api/wallets/{id}", id=wallet_id).json["balance"]
    return held


def walk(site: Site, path: str, query: dict[str, str], **params: str) -> list[Answer]:
    """Follow the cursors of a list to its end."""
    pages = [site.get(path, query, **params)]
    while cursor := pages[-1].json["nextCursor"]:
        pages.append(site.get(path, query | {"cursor": cursor}, **params))
    return pages


def test_a_payment_is_created_pending(site: Site) -> None:
    answer = site.post(PAYMENTS, order(description="two cups", metadata={"table": "5"}))
    created = answer.json

    assert answer.status == 201
    assert created.pop("id").startswith("pay_")
    assert created == {
        "clientId": "cli_a",
        "userId": "alice",
        "merchantId": "coffee",
        "walletId": None,
        "amount": 40,
        "currency": "EUR",
        "status": "PENDING",
        "capture": "automatic",
        "amountAuthorized": 0,
        "amountCaptured": 0,
        "amountRefunded": 0,
        "transferId": None,
        "failure": None,
        "anomaly": {"status": "CLEAR", "reasons": [], "severity": None},
        "attempts": 0,
        "description": "two cups",
        "metadata": {"table": "5"},
        "createdAt": "2026-01-01T12:00:00.000000Z",
        "updatedAt": "2026-01-01T12:00:00.000000Z",
        "processedAt": None,
        "version": 1,
    }


def test_the_same_request_is_answered_the_same_and_says_so(site: Site) -> None:
    first = site.post(PAYMENTS, order(), idempotency_key="order-1")
    site.clock.advance(timedelta(days=400))
    reordered = dict(reversed(order().items()))
    again = site.post(PAYMENTS, reordered, idempotency_key="order-1")

    assert (again.status, again.text) == (first.status, first.text)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def test_another_request_under_the_same_key_is_refused(site: Site) -> None:
    site.post(PAYMENTS, order(), idempotency_key="order-1")
    answer = site.post(PAYMENTS, order(amount=41), idempotency_key="order-1")

    assert (answer.status, answer.code) == (422, "idempotency_key_reused")


def test_two_clients_may_use_the_same_key(site: Site) -> None:
    mine = site.post(PAYMENTS, order(), idempotency_key="order-1")
    key = site.key_of(OTHER, Scope)
    others = site.post(PAYMENTS, order(amount=41), idempotency_key="order-1", key=key)

    assert (mine.status, others.status) == (201, 201)
    assert mine.json["id"] != others.json["id"]


def test_a_payment_is_created_and_processed_in_one_call(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    answer = site.post(PAYMENTS, order(walletId=wallet_id, process=True))
    payment = answer.json

    assert answer.status == 201
    assert (payment["status"], payment["walletId"]) == ("COMPLETED", wallet_id)
    assert (payment["amountAuthorized"], payment["amountCaptured"]) == (40, 40)
    assert payment["transferId"].startswith("trf_")
    assert (payment["attempts"], payment["processedAt"]) == (1, "2026-01-01T12:00:00.000000Z")
    assert balance(site, wallet_id) == 60


def test_one_call_replayed_debits_once_and_answers_the_same(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    body = order(walletId=wallet_id, process=True)
    first = site.post(PAYMENTS, body, idempotency_key="order-1")
    site.later()
    again = site.post(PAYMENTS, body, idempotency_key="order-1")

    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert balance(site, wallet_id) == 60


def test_a_payment_is_processed_and_answers_the_same_when_asked_again(site: Site) -> None:
    wallet_id, payment_id = site.wallet(balance=100), site.payment()
    first = site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)
    site.later()
    again = site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)

    assert (first.status, first.json["status"]) == (200, "COMPLETED")
    assert (again.status, again.text) == (first.status, first.text)
    assert balance(site, wallet_id) == 60


def test_processing_is_its_own_key(site: Site) -> None:
    wallet_id, payment_id = site.wallet(balance=100), site.payment()
    raw = {"walletId": wallet_id}
    site.post(PROCESS, raw, id=payment_id, idempotency_key="one")
    site.post(PROCESS, raw, id=payment_id, idempotency_key="two")

    assert balance(site, wallet_id) == 60


def test_another_wallet_is_an_illegal_wish(site: Site) -> None:
    wallet_id, payment_id = site.wallet(balance=100), site.payment()
    site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)
    answer = site.post(PROCESS, {"walletId": site.wallet("bob")}, id=payment_id)

    assert (answer.status, answer.code) == (409, "invalid_state")
    assert (answer.json["paymentStatus"], answer.json["paymentId"]) == ("COMPLETED", payment_id)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"amount": 101}, "insufficient_funds"),
        ({"walletId": "wal_nobody"}, "wallet_not_found"),
        ({"userId": "bob"}, "wallet_not_owned"),
        ({"currency": "JPY"}, "currency_mismatch"),
    ],
)
def test_a_decline_says_why_and_stays(site: Site, fields: dict[str, Any], reason: str) -> None:
    wallet_id = site.wallet(balance=100)
    body = order(walletId=wallet_id, process=True) | fields
    first = site.post(PAYMENTS, body, idempotency_key="order-1")
    site.later()
    again = site.post(PAYMENTS, body, idempotency_key="order-1")
    payment = site.get(PAYMENT, id=first.json["paymentId"]).json

    assert (first.status, first.code, first.json["reason"]) == (402, "payment_declined", reason)
    assert (again.status, again.text) == (402, first.text)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (payment["status"], payment["failure"]["code"]) == ("FAILED", reason)
    assert payment["failure"]["message"] == first.json["detail"]
    assert balance(site, wallet_id) == 100


@pytest.mark.parametrize(
    ("action", "reason"), [("freeze", "wallet_frozen"), ("close", "wallet_closed")]
)
def test_a_wallet_that_gives_nothing_is_a_decline(site: Site, action: str, reason: str) -> None:
    wallet_id, payment_id = site.wallet(), site.payment()
    site.post(f"/api/wallets/{{id}}/{action}", id=wallet_id)
    answer = site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)

    assert (answer.code, answer.json["reason"]) == ("payment_declined", reason)


def test_nothing_applied_is_unavailable_and_the_same_key_goes_on(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    body = order(walletId=wallet_id, process=True)
    site.fail_next_debit(not_applied)
    refused = site.post(PAYMENTS, body, idempotency_key="order-1")
    between = site.get(PAYMENT, id=refused.json["paymentId"]).json
    done = site.post(PAYMENTS, body, idempotency_key="order-1")

    assert (refused.status, refused.code) == (503, "wallet_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert between["status"] == "PENDING"
    assert (done.status, done.json["status"]) == (201, "COMPLETED")
    assert balance(site, wallet_id) == 60


def preferring(raw: dict[str, Any], text: str) -> dict[str, Any]:
    """Return the event of the same request with the header Prefer."""
    one = raw["headers"] | {"Prefer": text}
    many = raw["multiValueHeaders"] | {"Prefer": [text]}
    return raw | {"headers": one, "multiValueHeaders": many}


def debit_wanted(site: Site, wallet_id: str, way: str) -> dict[str, Any]:
    """Return the event of a request for a debit: of a new payment, or of one that is there."""
    headers = {"X-API-Key": site.key, "Idempotency-Key": "order-1"}
    if way == "create":
        body = order(walletId=wallet_id, process=True)
        return event("POST", PAYMENTS, None, body, headers)
    return event("POST", PROCESS, {"id": site.payment()}, {"walletId": wallet_id}, headers)


@pytest.mark.parametrize("way", ["create", "process"])
@pytest.mark.parametrize("text", ["respond-async", "wait=10, Respond-Async; a=1"])
def test_who_prefers_to_be_told_later_is_queued_and_told_that_this_was_honoured(
    site: Site, way: str, text: str
) -> None:
    wallet_id = site.wallet(balance=100)
    site.fail_next_debit(not_applied)
    answer = site.ask(preferring(debit_wanted(site, wallet_id, way), text))
    [(waiting, _)] = site.queue.waiting

    assert (answer.status, answer.json["status"]) == (202, "PENDING")
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert int(answer.headers["Retry-After"]) > 0
    assert (waiting.payment_id, waiting.wallet_id) == (answer.json["id"], wallet_id)


@pytest.mark.parametrize("way", ["create", "process"])
def test_other_preferences_are_not_honoured(site: Site, way: str) -> None:
    site.fail_next_debit(not_applied)
    raw = debit_wanted(site, site.wallet(balance=100), way)
    answer = site.ask(preferring(raw, "wait=10, return=minimal"))

    assert (answer.status, answer.code) == (503, "wallet_unavailable")
    assert "Preference-Applied" not in answer.headers
    assert site.queue.waiting == []


@pytest.mark.parametrize("way", ["create", "process"])
def test_a_preference_that_was_not_needed_is_not_named(site: Site, way: str) -> None:
    raw = debit_wanted(site, site.wallet(balance=100), way)
    answer = site.ask(preferring(raw, "respond-async"))

    assert answer.json["status"] == "COMPLETED"
    assert "Preference-Applied" not in answer.headers
    assert site.queue.waiting == []


@pytest.mark.parametrize("fault", [lost_before, lost_after])
def test_an_outcome_that_is_open_is_not_queued_whatever_is_preferred(
    site: Site, fault: Callable[[Debit], Posted]
) -> None:
    site.fail_next_debit(fault)
    raw = debit_wanted(site, site.wallet(balance=100), "create")
    answer = site.ask(preferring(raw, "respond-async"))

    assert (answer.status, answer.json["status"]) == (202, "PROCESSING")
    assert "Preference-Applied" not in answer.headers
    assert site.queue.waiting == []


@pytest.mark.parametrize("fault", [lost_before, lost_after])
def test_an_unknown_outcome_is_accepted_and_not_a_failure(
    site: Site, fault: Callable[[Debit], Posted]
) -> None:
    wallet_id, payment_id = site.wallet(balance=100), site.payment()
    site.fail_next_debit(fault)
    accepted = site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)
    done = site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)

    assert (accepted.status, accepted.json["status"]) == (202, "PROCESSING")
    assert accepted.json["id"] == payment_id
    assert int(accepted.headers["Retry-After"]) > 0
    assert "Idempotent-Replayed" not in accepted.headers
    assert (done.status, done.json["status"]) == (200, "COMPLETED")
    assert balance(site, wallet_id) == 60


def test_a_request_that_is_being_worked_on_is_to_come_again(site: Site) -> None:
    wallet_id, payment_id = site.wallet(balance=100), site.payment()
    meanwhile: list[Answer] = []

    def asked_again(debit: Debit) -> Posted:
        meanwhile.append(site.post(PROCESS, {"walletId": wallet_id}, id=payment_id))
        return debit()

    site.fail_next_debit(asked_again)
    done = site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)
    [early] = meanwhile

    assert (early.status, early.code) == (409, "request_in_progress")
    assert early.json["paymentId"] == payment_id
    assert int(early.headers["Retry-After"]) > 0
    assert done.status == 200


def test_a_payment_is_shown_as_it_is_now(site: Site) -> None:
    wallet_id, payment_id = site.wallet(balance=100), site.payment()
    processed = site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)
    shown = site.get(PAYMENT, id=payment_id)

    assert (shown.status, shown.json) == (200, processed.json)


def test_a_list_is_newest_first_and_whole_over_all_of_its_pages(site: Site) -> None:
    ids = []
    for _ in range(5):
        ids.append(site.payment())
        site.later()
    pages = walk(site, BY_USER, {"limit": "2"}, userId="alice")
    listed = [payment["id"] for page in pages for payment in page.json["items"]]

    assert listed == ids[::-1]
    assert [len(page.json["items"]) for page in pages] == [2, 2, 1]


def test_a_list_is_empty_where_there_is_nothing(site: Site) -> None:
    answer = site.get(BY_USER, userId="nobody")

    assert (answer.status, answer.json) == (200, {"items": [], "nextCursor": None})


def test_a_page_has_25_items_unless_it_is_asked_for_more(site: Site) -> None:
    for _ in range(30):
        site.payment()

    assert len(site.get(BY_USER, userId="alice").json["items"]) == 25
    assert len(site.get(BY_USER, {"limit": "100"}, userId="alice").json["items"]) == 30


def test_a_list_is_filtered_by_status(site: Site) -> None:
    wallet_id = site.wallet(balance=100)
    pending, processed = site.payment(), site.payment()
    site.post(PROCESS, {"walletId": wallet_id}, id=processed)

    for status, expected in {"PENDING": pending, "COMPLETED": processed}.items():
        [payment] = site.get(BY_USER, {"status": status}, userId="alice").json["items"]
        assert payment["id"] == expected


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ({"from": "2026-01-01T12:00:01Z"}, [2, 1]),
        ({"to": "2026-01-01T12:00:01Z"}, [0]),
        ({"from": "2026-01-01T13:00:01+01:00", "to": "2026-01-01T12:00:02.000Z"}, [1]),
        ({"from": "2026-01-01T12:00:02.000001Z"}, []),
    ],
)
def test_a_list_is_filtered_by_time_the_first_moment_in_and_the_last_out(
    site: Site, query: dict[str, str], seconds: list[int]
) -> None:
    ids = []
    for _ in range(3):
        ids.append(site.payment())
        site.later()
    listed = site.get(BY_USER, query, userId="alice").json["items"]

    assert [payment["id"] for payment in listed] == [ids[second] for second in seconds]


def test_the_history_of_a_payment_is_told_oldest_first(site: Site) -> None:
    wallet_id, payment_id = site.wallet(balance=100), site.payment()
    site.later()
    site.fail_next_debit(not_applied)
    site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)
    site.later()
    site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)
    history = site.get(EVENTS, id=payment_id)

    assert history.status == 200
    assert history.json["nextCursor"] is None
    assert [
        (line["version"], line["event"], line["status"], line["occurredAt"][17:19])
        for line in history.json["items"]
    ] == [
        (1, "created", "PENDING", "00"),
        (2, "claimed", "PROCESSING", "01"),
        (3, "released", "PENDING", "01"),
        (4, "claimed", "PROCESSING", "02"),
        (5, "completed", "COMPLETED", "02"),
    ]
    assert history.json["items"][2]["detail"] == "transfer_not_applied"


def test_a_history_is_whole_over_all_of_its_pages(site: Site) -> None:
    wallet_id, payment_id = site.wallet(balance=100), site.payment()
    for _ in range(3):
        site.fail_next_debit(not_applied)
        site.post(PROCESS, {"walletId": wallet_id}, id=payment_id)
    pages = walk(site, EVENTS, {"limit": "2"}, id=payment_id)

    assert [line["version"] for page in pages for line in page.json["items"]] == [*range(1, 8)]
    assert [len(page.json["items"]) for page in pages] == [2, 2, 2, 1]


def test_a_history_that_fills_its_last_page_ends_with_it(site: Site) -> None:
    payment_id = site.payment()

    assert site.get(EVENTS, {"limit": "1"}, id=payment_id).json["nextCursor"] is None


def test_behind_the_end_of_a_history_there_is_nothing(site: Site) -> None:
    answer = site.get(EVENTS, {"cursor": write_offset(10**14)}, id=site.payment())

    assert answer.json == {"items": [], "nextCursor": None}


def test_a_user_whose_name_is_encoded_in_the_path_is_the_same_user(site: Site) -> None:
    """Not every gateway decodes what a client has encoded."""
    site.post("/api/payments", order(userId="al:ice"))

    listed = site.get("/api/payments/user/{userId}", userId="al%3Aice")

    assert [payment["userId"] for payment in listed.json["items"]] == ["al:ice"]


@pytest.mark.parametrize("separator", ["/", "%2F", "%2f"])
def test_a_parameter_does_not_lead_on_to_another_route(site: Site, separator: str) -> None:
    created = site.post("/api/payments", order()).json

    answer = site.get("/api/payments/{id}", id=f"{created['id']}{separator}events")

    assert (answer.status, answer.code) == (404, "not_found")
