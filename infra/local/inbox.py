"""Somebody who has subscribed to the alerts, and what they have received."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from infra.local import aws
from infra.local.stackfile import Stack

MESSAGE_COUNT_MAX = 10


@dataclass
class Inbox:
    _sqs: Any
    _queue_url: str
    alerts: list[dict[str, Any]] = field(default_factory=list)

    def of_type(self, type_: str) -> list[dict[str, Any]]:
        """Fetch what has come, and return all alerts of a type."""
        found = self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=MESSAGE_COUNT_MAX
        )
        for message in found.get("Messages", ()):
            self.alerts.append(json.loads(message["Body"]))
            self._sqs.delete_message(
                QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"]
            )
        return [alert for alert in self.alerts if alert.get("type") == type_]


@contextmanager
def subscribed(stack: Stack) -> Iterator[Inbox]:
    """Listen to the alerts, by a queue that is gone afterwards."""
    sqs, sns = (aws.client(each, stack["awsEndpointUrl"]) for each in ("sqs", "sns"))
    queue_url = sqs.create_queue(QueueName=f"inbox-{secrets.token_hex(4)}")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    subscription = sns.subscribe(
        TopicArn=stack["topics"]["alerts"],
        Protocol="sqs",
        Endpoint=attributes["Attributes"]["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
        ReturnSubscriptionArn=True,
    )
    try:
        yield Inbox(sqs, queue_url)
    finally:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
        sqs.delete_queue(QueueUrl=queue_url)
