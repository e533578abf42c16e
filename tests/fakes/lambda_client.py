"""A Lambda client for one function: it runs in this process, or breaks as Lambda says it did."""

import json
from collections.abc import Callable
from http import HTTPStatus
from io import BytesIO
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.response import StreamingBody

from tests import faults
from tests.context import Context
from tests.faults import Killed

Handler = Callable[[dict[str, Any], LambdaContext], Any]


class InProcessLambda:
    """Invokes a handler as the real one does: JSON in, JSON out, and an error as an answer."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - botocore's.
        try:
            reply = self._handler(json.loads(Payload), Context())
        except Exception as error:
            said = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return answer(json.dumps(said).encode(), function_error="Unhandled")
        return answer(json.dumps(reply).encode())


class AnsweringLambda:
    """Answers every invoke with the same bytes."""

    def __init__(self, payload: bytes, *, function_error: str | None = None) -> None:
        self._payload = payload
        self._function_error = function_error

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - botocore's.
        return answer(self._payload, function_error=self._function_error)


class FailingLambda:
    """Answers no invoke at all."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - botocore's.
        raise self._error


class Body(BytesIO):
    """What botocore reads an answer from."""

    def stream(self) -> list[bytes]:
        return [self.read()]


class FunctionBehindClient:
    """One function at the far end of a real client: answers the requests that it is sent.

    So the client's own settings, and its parsing, take part, and so do its events.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.is_stopped = False
        self.errors: list[BaseException] = []  # That it has ended with.

    def __call__(self, request: AWSPreparedRequest) -> AWSResponse:
        if self.is_stopped:
            return faults.answer(HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequestsException")
        assert isinstance(request.body, bytes | str)
        headers = {}
        try:
            reply = self._handler(json.loads(request.body), Context())
        except (Exception, Killed) as error:
            self.errors.append(error)
            headers["X-Amz-Function-Error"] = "Unhandled"
            reply = {"errorType": type(error).__name__, "errorMessage": str(error)}
        body = json.dumps(reply).encode()
        headers["Content-Length"] = str(len(body))
        return AWSResponse("", HTTPStatus.OK, HTTPHeaders.from_dict(headers), Body(body))


def answer(
    payload: bytes, *, length: int | None = None, function_error: str | None = None
) -> dict[str, Any]:
    """Return the answer to an invoke; a *length* above the payload's means that it was cut off."""
    body = StreamingBody(BytesIO(payload), len(payload) if length is None else length)
    error = {"FunctionError": function_error} if function_error else {}
    return {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": body, **error}
