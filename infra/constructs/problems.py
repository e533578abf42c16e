"""What the gateway itself answers when it refuses a request: the same problem+json as ours."""

import json
from dataclasses import dataclass

from aws_cdk import aws_apigateway as apigateway


@dataclass(frozen=True)
class Problem:
    status: int
    code: str
    detail: str
    retryable: bool = False
    retry_after_s: int | None = None

    def template(self) -> str:
        """A body whose only variable is the id of the request: no text of the gateway leaks."""
        return json.dumps(
            {
                "type": f"urn:evenkeel:problem:{self.code}",
                "title": self.code.replace("_", " ").capitalize(),
                "status": self.status,
                "code": self.code,
                "detail": self.detail,
                "requestId": "$context.requestId",
                "retryable": self.retryable,
            }
        )

    def headers(self) -> dict[str, str]:
        headers = {
            "Content-Type": "'application/problem+json'",
            "X-Request-Id": "context.requestId",
        }
        if self.retry_after_s is not None:
            headers["Retry-After"] = f"'{self.retry_after_s}'"
        return headers


MALFORMED = Problem(400, "malformed_request", "the request is not readable")
UNAUTHORIZED = Problem(401, "unauthorized", "no valid key was given")
FORBIDDEN = Problem(403, "forbidden", "this request is not allowed")
NOT_FOUND = Problem(404, "not_found", "there is no such path or method")
TOO_LARGE = Problem(413, "payload_too_large", "the request is too large")
RATE_LIMITED = Problem(
    429, "rate_limited", "too many requests at once", retryable=True, retry_after_s=1
)
INTERNAL = Problem(500, "internal_error", "the request was not answered", retryable=True)

PROBLEMS = {
    "ACCESS_DENIED": FORBIDDEN,
    # What the gateway makes of a function whose executions are all in use. It has not run.
    "API_CONFIGURATION_ERROR": RATE_LIMITED,
    "AUTHORIZER_CONFIGURATION_ERROR": INTERNAL,
    "AUTHORIZER_FAILURE": INTERNAL,
    "BAD_REQUEST_BODY": MALFORMED,
    "BAD_REQUEST_PARAMETERS": MALFORMED,
    "DEFAULT_4XX": MALFORMED,
    "DEFAULT_5XX": INTERNAL,
    "EXPIRED_TOKEN": FORBIDDEN,
    "INTEGRATION_FAILURE": INTERNAL,
    "INTEGRATION_TIMEOUT": INTERNAL,
    "INVALID_API_KEY": FORBIDDEN,
    "INVALID_SIGNATURE": FORBIDDEN,
    # What the gateway says of a path or a method that it does not know.
    "MISSING_AUTHENTICATION_TOKEN": NOT_FOUND,
    "QUOTA_EXCEEDED": RATE_LIMITED,
    "REQUEST_TOO_LARGE": TOO_LARGE,
    "RESOURCE_NOT_FOUND": NOT_FOUND,
    "THROTTLED": RATE_LIMITED,
    "UNAUTHORIZED": UNAUTHORIZED,
    "UNSUPPORTED_MEDIA_TYPE": MALFORMED,
    "WAF_FILTERED": FORBIDDEN,
}


def answer_in_problems(api: apigateway.RestApi) -> None:
    for name, problem in PROBLEMS.items():
        api.add_gateway_response(
            f"Problem{name.title().replace('_', '')}",
            type=apigateway.ResponseType.of(name),
            status_code=str(problem.status),
            response_headers=problem.headers(),
            # The gateway takes this template whatever a client accepts.
            templates={"application/json": problem.template()},
        )
