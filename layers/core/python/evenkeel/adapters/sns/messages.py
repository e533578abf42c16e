"""An alert in the forms in which it reaches its readers: one for each way to subscribe.

Programs get JSON, people who read mail get a text, and a chat gets what Amazon Q Developer in
chat applications takes for a notification of our own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from evenkeel.clock import to_rfc3339
from evenkeel.events.model import Alert

# SNS takes 256 KB for all forms together. Amazon Q shows the beginning of what is longer.
CHAT_TEXT_LENGTH_MAX = 2000

LABEL_WIDTH = 14


def messages(alert: Alert) -> Mapping[str, str]:
    """Return what each protocol of a subscription gets; `default` is for all others."""
    return {
        "default": json.dumps(structured(alert)),
        "email": mail(alert),
        "https": json.dumps(chat(alert)),
    }


def structured(alert: Alert) -> Mapping[str, Any]:
    return {
        "id": alert.id,
        "type": alert.type,
        "severity": alert.severity,
        "title": alert.title,
        "detail": alert.detail,
        "clientId": alert.client_id,
        "objectId": alert.object_id,
        "occurredAt": to_rfc3339(alert.occurred_at),
        "data": dict(alert.data),
        "nextSteps": list(alert.next_steps),
    }


def mail(alert: Alert) -> str:
    """Return what somebody reads who was asleep a minute ago."""
    lines = [f"{alert.severity}: {alert.title}", "", alert.detail, "", *_facts(alert)]
    if alert.next_steps:
        lines += ["", "What to do now:"]
        lines += [f"{number}. {step}" for number, step in enumerate(alert.next_steps, 1)]
    lines += ["", f"Amounts are in minor units, times in UTC. This is {alert.id}."]
    return "\n".join(lines)


def chat(alert: Alert) -> Mapping[str, Any]:
    """Return a custom notification of Amazon Q Developer; more than its schema is not accepted."""
    context = {**structured(alert), **alert.data}
    for told_elsewhere in ("id", "title", "detail", "data", "nextSteps"):
        del context[told_elsewhere]
    return {
        "version": "1.0",
        "source": "custom",
        "id": alert.id,
        "content": {
            "textType": "client-markdown",
            "title": f"{alert.severity} {alert.title}",
            "description": alert.detail[:CHAT_TEXT_LENGTH_MAX],
            "nextSteps": list(alert.next_steps),
            "keywords": [alert.severity, alert.type],
        },
        "metadata": {
            # What becomes of a thing is a reply to what was said of it first.
            "threadId": alert.object_id or alert.id,
            "summary": alert.title,
            "eventType": alert.type,
            "relatedResources": [alert.object_id] if alert.object_id else [],
            "additionalContext": {name: _said(value) for name, value in context.items()},
        },
    }


def _facts(alert: Alert) -> Iterator[str]:
    facts = {"when": to_rfc3339(alert.occurred_at), "client": alert.client_id, **alert.data}
    for name, value in facts.items():
        if value is not None:
            yield f"{_in_words(name):<{LABEL_WIDTH}} {_said(value)}"


def _in_words(name: str) -> str:
    return re.sub(r"(?=[A-Z])", " ", name).lower()


def _said(value: Any) -> str:
    match value:
        case None:
            return "none"
        case Mapping():
            return ", ".join(f"{name} {_said(each)}" for name, each in value.items()) or "nothing"
        case list():
            return ", ".join(map(_said, value))
    return str(value)
