"""Webhooks over HTTP, as their owners see them."""

from typing import Any

import pytest

from evenkeel.webhooks.model import EVENT_TYPES, DisabledReason
from tests.events import event
from tests.fakes.postman import ERROR
from tests.unit.answer import Answer
from tests.unit.functions.site import MINE, OTHER, Site, webhook

ONE = "/api/webhooks/{id}"
DELIVERIES = "/api/webhooks/{id}/deliveries"
REDELIVER = "/api/webhooks/{id}/deliveries/{deliveryId}/redeliver"


def delete(site: Site, id_: str) -> Answer:
    return site.ask(event("DELETE", ONE, {"id": id_}, None, {"X-API-Key": site.key}))


def test_a_webhook_is_created_with_a_secret_that_no_other_answer_shows(site: Site) -> None:
    body = webhook(events=["PaymentCompleted", "PaymentFailed"], description="The shop")
    created = site.post("/api/webhooks", body)
    got = site.get(ONE, id=created.json["id"])

    secret = created.json["secret"]
    assert created.status == 201
    assert created.json == {
        "id": created.json["id"],
        "url": "https://hooks.example/evenkeel",
        "events": ["PaymentCompleted", "PaymentFailed"],
        "description": "The shop",
        "status": "ENABLED",
        "disabledReason": None,
        "createdAt": "2026-01-01T12:00:00.000000Z",
        "version": 1,
        "secret": secret,
    }
    assert created.json["id"].startswith("whk_")
    assert secret.startswith("whsec_")
    assert got.json == {name: value for name, value in created.json.items() if name != "secret"}
    assert secret not in site.get("/api/webhooks").text


def test_the_same_request_is_answered_to_the_letter_even_after_a_rotation(site: Site) -> None:
    first = site.post("/api/webhooks", webhook(), idempotency_key="k")
    site.post("/api/webhooks/{id}/rotate-secret", id=first.json["id"])
    again = site.post("/api/webhooks", webhook(), idempotency_key="k")

    assert (again.status, again.text) == (201, first.text)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def test_the_same_key_with_another_body_is_refused(site: Site) -> None:
    site.post("/api/webhooks", webhook(), idempotency_key="k")
    other = site.post("/api/webhooks", webhook(description="x"), idempotency_key="k")

    assert (other.status, other.code) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({"url": "http://hooks.example/"}, "url"),
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": "https://hooks.example/" + "x" * 2048}, "url"),
        ({"url": 5}, "url"),
        ({"url": None}, "url"),
        ({"events": []}, "events"),
        ({"events": ["*", "PaymentFailed"]}, "events"),
        ({"events": ["PaymentFailed", "PaymentFailed"]}, "events"),
        ({"events": "PaymentFailed"}, "events"),
        ({"events": ["PaymentFailed", "CircuitOpened"]}, "events.1"),
        ({"events": ["paymentfailed"]}, "events.0"),
        ({"events": [None]}, "events.0"),
        ({"description": "x" * 256}, "description"),
        ({"secret": "whsec_mine"}, "secret"),
    ],
)
def test_what_is_wrong_with_a_webhook_is_named(
    site: Site, fields: dict[str, Any], faulty: str
) -> None:
    answer = site.post("/api/webhooks", webhook(**fields))

    assert (answer.status, answer.faulty_fields) == (422, [faulty])
    assert site.get("/api/webhooks").json["items"] == []


def test_every_event_of_a_client_can_be_asked_for_by_its_name(site: Site) -> None:
    created = site.post("/api/webhooks", webhook(events=list(EVENT_TYPES)))

    assert created.status == 201
    assert {"PaymentCompleted", "TransferPosted"} < set(EVENT_TYPES)
    assert not [each for each in EVENT_TYPES if each.startswith("Circuit")]


def test_the_eleventh_webhook_is_refused(site: Site) -> None:
    for _ in range(10):
        site.webhook()
    answer = site.post("/api/webhooks", webhook())

    assert (answer.status, answer.code) == (409, "invalid_state")


def test_webhooks_are_listed_in_pages_newest_first(site: Site) -> None:
    ids = [site.webhook() for _ in range(5)]
    first = site.get("/api/webhooks", {"limit": "3"}).json
    rest = site.get("/api/webhooks", {"limit": "3", "cursor": first["nextCursor"]}).json

    assert [each["id"] for each in first["items"] + rest["items"]] == ids[::-1]
    assert rest["nextCursor"] is None


def test_somebody_elses_webhooks_are_not_listed(site: Site) -> None:
    site.webhook()
    key = site.key_of(OTHER, {"payments:read"})  # type: ignore[arg-type]  # Its value.

    assert site.get("/api/webhooks", key=key).json == {"items": [], "nextCursor": None}


def test_a_deleted_webhook_is_gone_and_deleting_it_again_is_answered_the_same(
    site: Site,
) -> None:
    id_ = site.webhook()
    first, again = delete(site, id_), delete(site, id_)

    assert (first.status, first.json) == (200, {"id": id_, "deleted": True})
    assert (again.status, again.text) == (200, first.text)
    assert site.get(ONE, id=id_).code == "not_found"
    assert site.get("/api/webhooks").json["items"] == []


@pytest.mark.parametrize("id_", ["whk_nobody", "pay_a", "x", "whk_" + "x" * 3000, "%2e"])
def test_a_webhook_that_does_not_exist_is_not_found(site: Site, id_: str) -> None:
    assert delete(site, id_).code == "not_found"
    assert site.get(ONE, id=id_).code == "not_found"


def test_rotating_shows_a_new_secret_and_a_new_version(site: Site) -> None:
    created = site.post("/api/webhooks", webhook()).json
    rotated = site.post("/api/webhooks/{id}/rotate-secret", id=created["id"])

    assert rotated.status == 200
    assert rotated.json == created | {"secret": rotated.json["secret"], "version": 2}
    assert rotated.json["secret"] != created["secret"]


def test_a_webhook_that_was_disabled_says_why_and_is_enabled_again(site: Site) -> None:
    id_ = site.webhook()
    endpoints = site.office.endpoints
    endpoints.save(endpoints.endpoints[MINE, id_].disabled(DisabledReason.GONE))
    disabled = site.get(ONE, id=id_).json
    enabled = site.post("/api/webhooks/{id}/enable", id=id_)

    assert (disabled["status"], disabled["disabledReason"]) == ("DISABLED", "gone")
    assert enabled.status == 200
    assert (enabled.json["status"], enabled.json["disabledReason"]) == ("ENABLED", None)
    assert enabled.json["version"] == 3


def test_deliveries_show_each_attempt_and_when_the_next_one_is(site: Site) -> None:
    id_ = site.webhook()
    site.office.postman.outcomes = [ERROR]
    site.office.happen("e1")
    site.office.send_next()
    [delivery] = site.get(DELIVERIES, id=id_).json["items"]

    assert delivery == {
        "id": delivery["id"],
        "eventId": "evt_e1",
        "eventType": "PaymentCompleted",
        "status": "PENDING",
        "attempts": [
            {
                "at": "2026-01-01T12:00:00.000000Z",
                "statusCode": 500,
                "error": None,
                "durationMs": 20,
            }
        ],
        "nextAttemptAt": "2026-01-01T12:00:15.000000Z",
        "createdAt": "2026-01-01T12:00:00.000000Z",
    }


def test_deliveries_are_listed_in_pages_newest_first(site: Site) -> None:
    id_ = site.webhook()
    for number in range(5):
        site.later()
        site.office.happen(f"e{number}")
    first = site.get(DELIVERIES, {"limit": "3"}, id=id_).json
    query = {"limit": "3", "cursor": first["nextCursor"]}
    rest = site.get(DELIVERIES, query, id=id_).json

    listed = [each["eventId"] for each in first["items"] + rest["items"]]
    assert listed == ["evt_e4", "evt_e3", "evt_e2", "evt_e1", "evt_e0"]


@pytest.mark.parametrize("cursor", ["x", "MA", "Li4vLi4", ""])
def test_a_cursor_of_no_list_of_deliveries_is_named(site: Site, cursor: str) -> None:
    answer = site.get(DELIVERIES, {"cursor": cursor}, id=site.webhook())

    assert answer.faulty_fields == ["cursor"]


def test_a_delivery_is_sent_once_more_when_it_is_asked_for(site: Site) -> None:
    id_ = site.webhook()
    site.office.happen("e1")
    site.office.send_all()
    [delivery] = site.get(DELIVERIES, id=id_).json["items"]
    again = site.post(REDELIVER, id=id_, deliveryId=delivery["id"])
    site.office.send_all()

    assert (again.status, again.json["status"]) == (200, "PENDING")
    assert len(site.office.postman.sent) == 2


def test_nothing_is_sent_again_to_a_disabled_webhook_and_its_status_is_told(site: Site) -> None:
    id_ = site.webhook()
    site.office.happen("e1")
    [delivery] = site.get(DELIVERIES, id=id_).json["items"]
    endpoints = site.office.endpoints
    endpoints.save(endpoints.endpoints[MINE, id_].disabled(DisabledReason.FAILING))
    refused = site.post(REDELIVER, id=id_, deliveryId=delivery["id"])

    assert (refused.status, refused.code) == (409, "invalid_state")
    assert refused.json["webhookStatus"] == "DISABLED"


def test_a_delivery_of_another_webhook_is_not_found(site: Site) -> None:
    mine, another = site.webhook(), site.webhook(events=["PaymentFailed"])
    site.office.happen("e1")
    [delivery] = site.get(DELIVERIES, id=mine).json["items"]

    assert site.post(REDELIVER, id=another, deliveryId=delivery["id"]).code == "not_found"
    assert site.post(REDELIVER, id=mine, deliveryId="dlv_none").code == "not_found"
