import json
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from mypy_boto3_sns import SNSClient

from evenkeel.adapters.sns.alerts import SnsAlerts
from evenkeel.errors import BusBusy, BusUnconfirmed, EvenkeelError
from evenkeel.events.model import Alert, Severity
from tests.fakes.clock import NOON
from tests.fakes.retry import instant_retry

TOPIC = "arn:aws:sns:eu-central-1:123456789012:evenkeel-alerts"


class Topic:
    def __init__(self, *errors: Exception) -> None:
        self.messages: list[dict[str, Any]] = []
        self._errors = list(errors)

    def publish(self, **message: Any) -> None:
        if self._errors:
            raise self._errors.pop(0)
        self.messages.append(message)


def send(topic: Topic, title: str = "The ledger was tampered with") -> None:
    alert = Alert(
        "alr_a", "LedgerTampered", Severity.CRITICAL, title, "Look.", NOON, "cli_a", "trf_a"
    )
    SnsAlerts(cast("SNSClient", topic), TOPIC, instant_retry(3)).send(alert)


def test_an_alert_is_a_message_that_can_be_filtered_by_severity_and_type() -> None:
    topic = Topic()
    send(topic)
    [message] = topic.messages

    assert json.loads(json.loads(message.pop("Message"))["default"]) == {
        "id": "alr_a",
        "type": "LedgerTampered",
        "severity": "CRITICAL",
        "title": "The ledger was tampered with",
        "detail": "Look.",
        "clientId": "cli_a",
        "objectId": "trf_a",
        "occurredAt": "2026-01-01T12:00:00.000000Z",
        "data": {},
        "nextSteps": [],
    }
    assert message == {
        "TopicArn": TOPIC,
        "MessageStructure": "json",
        "Subject": "CRITICAL The ledger was tampered with",
        "MessageAttributes": {
            "severity": {"DataType": "String", "StringValue": "CRITICAL"},
            "type": {"DataType": "String", "StringValue": "LedgerTampered"},
        },
    }


@pytest.mark.parametrize("title", ["x" * 200, "two\nlines", "é ☃", "\x00"])
def test_the_subject_is_one_that_sns_takes(title: str) -> None:
    """SNS refuses a message for its subject, and then nobody hears of it."""
    topic = Topic()
    send(topic, title)
    subject = topic.messages[0]["Subject"]

    assert len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert json.loads(json.loads(topic.messages[0]["Message"])["default"])["title"] == title


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://sns.example"),
        ReadTimeoutError(endpoint_url="https://sns.example"),
    ],
)
def test_an_alert_is_sent_again_if_it_may_not_have_arrived(error: Exception) -> None:
    topic = Topic(error, error)
    send(topic)

    assert len(topic.messages) == 1


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (EndpointConnectionError(endpoint_url="https://sns.example"), BusBusy),
        (ReadTimeoutError(endpoint_url="https://sns.example"), BusUnconfirmed),
    ],
)
def test_whoever_sends_learns_that_nobody_may_have_been_told(
    error: Exception, ours: type[EvenkeelError]
) -> None:
    with pytest.raises(ours):
        send(Topic(*[error] * 9))
