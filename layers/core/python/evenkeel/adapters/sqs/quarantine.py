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
OUTLINED_CHARACTER_COUNT_MAX = 1000
# The text of any exception, which may repeat what it could not read.
REASON_CHARACTER_COUNT_MAX = 1000


class SqsQuarantine:
    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, record: Mapping[str, Any], *, reason: str) -> None:
        reason = reason[:REASON_CHARACTER_COUNT_MAX]
        body = json.dumps({"reason": reason, "record": record}, default=str)
        if len(body) > MESSAGE_BYTES_MAX:
            # An item may be larger than a message, and a record that is not taken stops its shard.
            beginning = body[:BEGINNING_CHARACTER_COUNT]
            cut = {"reason": reason, "record": _outline(record), "beginning": beginning}
            body = json.dumps(cut, default=str)
        with translated(StoreBusy, StoreUnconfirmed):
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=body)


def _outline(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is small of a record, two levels deep: its keys, and its place in the stream."""
    return {
        name: _small({inner: _small(each) for inner, each in value.items()})
        if isinstance(value, Mapping)
        else _small(value)
        for name, value in record.items()
    }


def _small(value: Any) -> Any:
    is_small = len(json.dumps(value, default=str)) <= OUTLINED_CHARACTER_COUNT_MAX
    return value if is_small else "(left out: too large)"
