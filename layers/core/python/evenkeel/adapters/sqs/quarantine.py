"""Records that nobody can read, kept in a queue until somebody looks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evenkeel.adapters.failures import translated
from evenkeel.errors import StoreBusy, StoreUnconfirmed

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class SqsQuarantine:
    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, record: Mapping[str, Any], *, reason: str) -> None:
        body = json.dumps({"reason": reason, "record": record}, default=str)
        with translated(StoreBusy, StoreUnconfirmed):
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=body)
