"""Failures put in where requests leave the client: no emulator brings them about by itself.

So the client's own settings and parsing take part.
"""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

Fault = Exception | AWSResponse


class Killed(BaseException):
    """The process is gone: nothing catches it, nothing is recorded after it."""


def answer(status: int, code: str, **fields: Any) -> AWSResponse:
    """Return an error as the services say it that talk JSON: by a header, or in the body."""
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **fields}).encode()
    headers = HTTPHeaders.from_dict({"x-amzn-errortype": code})
    return AWSResponse("", status, headers, SimpleNamespace(stream=lambda: [body]))


def cancelled(*codes: str) -> AWSResponse:
    reasons = [{"Code": code} for code in codes]
    return answer(400, "TransactionCanceledException", CancellationReasons=reasons)


class Faults:
    """Answers a client's requests from a script, instead of sending them.

    None in the script lets a request through.
    """

    def __init__(self, client: Any, operation: str, *script: Fault | None) -> None:
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_first(f"before-send.{service}.{operation}", self)
        self._script = list(script)
        self.call_count = 0

    def __call__(self, **_: object) -> AWSResponse | None:
        self.call_count += 1
        fault = self._script.pop(0) if self._script else None
        if isinstance(fault, Exception):
            raise fault
        return fault


class LostAnswers:
    """Lets requests through to the end, and then loses what came back."""

    def __init__(self, client: Any, operation: str, error: Callable[[], Exception]) -> None:
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"response-received.{service}.{operation}", self)
        self._error = error
        self.is_losing = True

    def __call__(self, **_: object) -> None:
        if self.is_losing:
            self.is_losing = False
            raise self._error()
