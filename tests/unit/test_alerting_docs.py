"""What docs/alerting.md has others configure fits what we tell them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from evenkeel.events.model import EventType
from evenkeel.reconciliation import alerting, heartbeat
from tests.event_samples import samples

PAGE = Path("docs/alerting.md")

# Of the Events API v2 of PagerDuty: what it wants, and what it takes beside that.
REQUIRED = {"summary", "severity", "source"}
OPTIONAL = {"timestamp", "custom_details"}
SEVERITIES = {"critical", "error", "warning", "info"}

FOUND, RESOLVED = EventType.MISMATCH_FOUND, EventType.MISMATCH_RESOLVED


def transformer(type_: EventType) -> dict[str, Any]:
    """Return the input transformer that the page has for a type."""
    _, _, after = PAGE.read_text().partition(f"\n`{type_}`, for ")
    found: dict[str, Any] = json.loads(re.findall(r"```json\n(.+?)```", after, re.DOTALL)[0])
    return found


def sent(type_: EventType) -> dict[str, Any]:
    """Return what EventBridge would send of the sample; texts go into texts without quotes."""
    made = transformer(type_)
    body: str = made["InputTemplate"]
    for name, path in made["InputPathsMap"].items():
        value: Any = {"detail": samples()[type_].envelope()}
        for part in path.removeprefix("$.").split("."):
            value = value[part]
        body = body.replace(f"<{name}>", value if isinstance(value, str) else json.dumps(value))
    parsed: dict[str, Any] = json.loads(body)
    return parsed


def test_a_mismatch_triggers_an_incident_as_pagerduty_wants_it() -> None:
    body = sent(FOUND)

    assert set(body) == {"event_action", "dedup_key", "payload"}
    assert body["event_action"] == "trigger"
    assert REQUIRED <= set(body["payload"]) <= REQUIRED | OPTIONAL
    assert body["payload"]["severity"] in SEVERITIES
    assert body["payload"]["custom_details"] == samples()[FOUND].data


def test_its_end_resolves_the_same_incident() -> None:
    body = sent(RESOLVED)

    assert body == {"event_action": "resolve", "dedup_key": sent(FOUND)["dedup_key"]}
    assert body["dedup_key"] == samples()[FOUND].data["id"]


@pytest.mark.parametrize("type_", [*alerting.TYPES.values(), heartbeat.ALERT_TYPE])
def test_whoever_is_sent_to_the_page_finds_what_to_do(type_: str) -> None:
    _, runbook = PAGE.read_text().split("\n## What to do\n")

    assert f"\n### {type_}\n" in runbook
