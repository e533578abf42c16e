"""Records that nobody can read, kept in a queue until somebody looks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evenkeel.adapters.failures import translated
from evenkeel.errors import StoreBusy, StoreUnconfirmed

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MESSAGE_BYTES_MAX = 256 * 1024
# Of JSON, in which JSON's own quotation marks take two characters each at most.
BEGINNING_CHARACTER_COUNT = 100_000


class SqsQuarantine:
    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, record: Mapping[str, Any], *, reason: str) -> None:
        body = json.dumps({"reason": reason, "record": record}, default=str)
        if len(body) > MESSAGE_BYTES_MAX:
            # An item may be larger than a message, and a record that is not taken stops its shard.
            body = json.dumps({"reason": reason, "beginning": body[:BEGINNING_CHARACTER_COUNT]})
        with translated(StoreBusy, StoreUnconfirmed):
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=body)
