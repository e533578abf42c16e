import json
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from mypy_boto3_sqs import SQSClient

from evenkeel.adapters.sqs.quarantine import SqsQuarantine
from evenkeel.errors import EvenkeelError, StoreBusy, StoreUnconfirmed

URL = "https://sqs.example/quarantine"


class Queues:
    def __init__(self, error: Exception | None = None) -> None:
        self.messages: dict[str, list[str]] = {URL: []}
        self._error = error

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        if self._error is not None:
            raise self._error
        self.messages[QueueUrl].append(MessageBody)


def put(queues: Queues, record: dict[str, Any]) -> None:
    SqsQuarantine(cast("SQSClient", queues), URL).put(record, reason="not ours")


def test_a_record_is_kept_whole_with_the_reason() -> None:
    queues = Queues()
    put(queues, {"eventID": "event 1", "dynamodb": {"NewImage": {"id": {"S": "cli_a/trf_é"}}}})
    [message] = queues.messages[URL]

    assert json.loads(message) == {
        "reason": "not ours",
        "record": {"eventID": "event 1", "dynamodb": {"NewImage": {"id": {"S": "cli_a/trf_é"}}}},
    }


def test_a_reason_that_goes_on_and_on_is_cut() -> None:
    queues = Queues()
    SqsQuarantine(cast("SQSClient", queues), URL).put({"eventID": "1"}, reason="x" * 300_000)
    [message] = queues.messages[URL]

    assert json.loads(message) == {"reason": "x" * 1000, "record": {"eventID": "1"}}


def test_what_has_no_json_is_kept_as_text() -> None:
    queues = Queues()
    put(queues, {"at": datetime(2026, 1, 1, tzinfo=UTC), "raw": b"\xff"})
    [message] = queues.messages[URL]

    assert json.loads(message)["record"] == {"at": "2026-01-01 00:00:00+00:00", "raw": "b'\\xff'"}


def test_of_what_is_too_large_for_a_message_its_place_and_its_beginning_are_kept() -> None:
    """An item may have 400 KB, and a record that the quarantine refuses would stop its shard."""
    large = {"S": '"' * 300_000}
    record = {
        "eventID": "event 1",
        "dynamodb": {
            "Keys": {"id": {"S": "cli_a/trf_a"}},
            "NewImage": {"text": large},
            "SequenceNumber": "111",
        },
    }
    queues = Queues()
    put(queues, record)
    [message] = queues.messages[URL]
    kept = json.loads(message)

    assert len(message) <= 256 * 1024
    assert kept["record"] == {
        "eventID": "event 1",
        "dynamodb": {
            "Keys": {"id": {"S": "cli_a/trf_a"}},
            "NewImage": "(left out: too large)",
            "SequenceNumber": "111",
        },
    }
    assert json.dumps({"reason": "not ours", "record": record}).startswith(kept["beginning"])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (EndpointConnectionError(endpoint_url=URL), StoreBusy),
        (ReadTimeoutError(endpoint_url=URL), StoreUnconfirmed),
    ],
)
def test_what_could_not_be_kept_is_an_error(
    error: Exception, expected: type[EvenkeelError]
) -> None:
    with pytest.raises(expected):
        put(Queues(error), {})
