"""Alerts on an SNS topic, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from evenkeel.adapters.failures import translated
from evenkeel.adapters.sns.messages import messages
from evenkeel.errors import BusBusy, BusUnconfirmed
from evenkeel.events.model import Alert
from evenkeel.resilience.retry import Retry

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

SUBJECT_LENGTH_MAX = 99  # SNS wants fewer than 100 characters, printable ASCII.


class SnsAlerts:
    def __init__(self, client: SNSClient, topic_arn: str, retry: Retry) -> None:
        self._client = client
        self._topic_arn = topic_arn
        self._retry = retry

    def send(self, alert: Alert) -> None:
        self._retry.call(lambda: self._publish(alert))

    def _publish(self, alert: Alert) -> None:
        with translated(BusBusy, BusUnconfirmed):
            self._client.publish(
                TopicArn=self._topic_arn,
                Subject=_subject(alert),
                Message=json.dumps(messages(alert)),
                MessageStructure="json",
                MessageAttributes={
                    "severity": {"DataType": "String", "StringValue": alert.severity},
                    "type": {"DataType": "String", "StringValue": alert.type},
                },
            )


def _subject(alert: Alert) -> str:
    text = f"{alert.severity} {alert.title}".encode("ascii", "replace").decode()
    printable = "".join(each if each.isprintable() else " " for each in text)
    return printable[:SUBJECT_LENGTH_MAX]
