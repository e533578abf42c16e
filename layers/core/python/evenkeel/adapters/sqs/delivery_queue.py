"""The deliveries that wait for an attempt, as messages.

The group of a message is its endpoint. In a standard queue that orders nothing: it
makes the queue a fair one. While one group has a backlog, SQS hands out the messages
of the others first.
"""

from __future__ import annotations

import json
from math import ceil
from typing import TYPE_CHECKING

from evenkeel.adapters.failures import translated
from evenkeel.errors import StoreBusy, StoreUnconfirmed
from evenkeel.webhooks.ports import Due

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

DELAY_S_MAX = 900  # SQS has no longer one.


class SqsDeliveryQueue:
    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, due: Due, *, delay_s: float) -> None:
        body = {
            "clientId": due.client_id,
            "endpointId": due.endpoint_id,
            "deliveryId": due.delivery_id,
            "number": due.number,
        }
        with translated(StoreBusy, StoreUnconfirmed):
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=json.dumps(body),
                DelaySeconds=min(ceil(delay_s), DELAY_S_MAX),
                MessageGroupId=due.endpoint_id,
            )
