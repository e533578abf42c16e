"""What the readers of an alert get: programs, people who read mail, and a chat."""

import json
from dataclasses import replace
from typing import Any

from evenkeel.adapters.sns.messages import CHAT_TEXT_LENGTH_MAX, messages
from evenkeel.events.model import Alert, Severity
from evenkeel.reconciliation.alerting import alert_of
from evenkeel.reconciliation.mismatch import MismatchStatus
from tests.event_samples import CLIENT, LATER, MISMATCH, PAYMENT, RUN, TRANSFER, WALLET
from tests.fakes.clock import NOON

FOUND = alert_of([MISMATCH])
RESOLVED = alert_of([MISMATCH.heard().ended(MismatchStatus.RESOLVED, LATER)])
BARE = Alert("alr_a", "WebhookDisabled", Severity.MEDIUM, "A webhook", "Gone.", NOON)

# What Amazon Q Developer in chat applications documents; more than that is not accepted.
CHAT_FIELDS = {"version", "source", "id", "content", "metadata"}
CONTENT_FIELDS = {"textType", "title", "description", "nextSteps", "keywords"}
METADATA_FIELDS = {
    "threadId",
    "summary",
    "eventType",
    "relatedResources",
    "additionalContext",
}


def structured(alert: Alert) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(messages(alert)["default"])
    return found


def chat(alert: Alert) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(messages(alert)["https"])
    return found


def test_programs_read_of_a_mismatch_what_it_is_and_of_whom() -> None:
    assert structured(FOUND)["clientId"] == CLIENT
    assert structured(FOUND)["objectId"] == MISMATCH.id
    assert structured(FOUND)["data"] == {
        "mismatchType": "AMOUNT_MISMATCH",
        "status": "OPEN",
        "paymentId": PAYMENT,
        "transferId": TRANSFER,
        "walletId": WALLET,
        "expected": {"amount": 1250, "currency": "EUR"},
        "actual": {"amount": 1, "currency": "EUR"},
        "firstSeenAt": "2026-01-01T12:00:01.000000Z",
        "runId": RUN.id,
    }


def test_a_mail_says_what_is_wrong_of_whom_since_when_and_what_to_do() -> None:
    lines = messages(FOUND)["email"].splitlines()

    assert lines[0] == f"CRITICAL: AMOUNT_MISMATCH found: {PAYMENT}"
    assert "when           2026-01-01T12:00:01.000000Z" in lines
    assert f"client         {CLIENT}" in lines
    assert "first seen at  2026-01-01T12:00:01.000000Z" in lines
    assert f"payment id     {PAYMENT}" in lines
    assert f"wallet id      {WALLET}" in lines
    assert "expected       amount 1250, currency EUR" in lines
    assert "actual         amount 1, currency EUR" in lines
    report = f"GET /api/payments/reconcile/reports/{RUN.id}"
    assert f"1. With a key of the client, read {report}" in lines
    assert f"2. Look at the payment: GET /api/payments/{PAYMENT}" in lines
    repair = f"POST /api/payments/reconcile/mismatches/{MISMATCH.id}/repair"
    assert f'3. See what would put it right: {repair} with {{"apply": false}}' in lines
    assert "docs/alerting.md" in messages(FOUND)["email"]


def test_a_mail_leaves_out_what_there_is_none_of() -> None:
    text = messages(BARE)["email"]

    assert "client" not in text
    assert "What to do now" not in text
    assert "None" not in text


def test_nothing_is_to_be_done_about_what_has_ended() -> None:
    assert structured(RESOLVED)["nextSteps"] == []
    assert structured(RESOLVED)["data"]["status"] == "RESOLVED"


def test_a_chat_gets_a_notification_with_the_documented_fields_only() -> None:
    for alert in (FOUND, RESOLVED, BARE):
        told = chat(alert)
        assert set(told) == CHAT_FIELDS
        assert (told["version"], told["source"]) == ("1.0", "custom")
        assert set(told["content"]) == CONTENT_FIELDS
        assert told["content"]["textType"] == "client-markdown"
        assert set(told["metadata"]) == METADATA_FIELDS
        assert {type(each) for each in told["metadata"]["additionalContext"].values()} == {str}


def test_a_chat_can_read_all_that_programs_do() -> None:
    context = chat(FOUND)["metadata"]["additionalContext"]

    assert context["expected"] == "amount 1250, currency EUR"
    assert (context["paymentId"], context["runId"]) == (PAYMENT, RUN.id)
    assert chat(FOUND)["content"]["nextSteps"] == list(FOUND.next_steps)


def test_the_end_of_a_mismatch_is_in_the_thread_of_its_beginning() -> None:
    assert chat(FOUND)["metadata"]["threadId"] == chat(RESOLVED)["metadata"]["threadId"]
    assert chat(FOUND)["id"] != chat(RESOLVED)["id"]


def test_a_chat_gets_the_beginning_of_what_is_long() -> None:
    told = chat(replace(BARE, detail="x" * 9999))

    assert told["content"]["description"] == "x" * CHAT_TEXT_LENGTH_MAX


def test_many_mismatches_in_one_alert_say_how_many_and_in_which_reports() -> None:
    others = [replace(MISMATCH, run_id=f"rec_{number}") for number in range(12)]
    alert = alert_of(others)

    assert structured(alert)["data"]["mismatchCount"] == 12
    assert structured(alert)["data"]["runIds"] == sorted(each.run_id for each in others)
    assert len(alert.next_steps) == 11
    assert messages(alert)["email"].count("GET /api/payments/reconcile/reports/") == 10
