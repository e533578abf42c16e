"""What the gateway answers by itself reads like what the functions answer."""

import json
from typing import Any

import pytest

from evenkeel.entrypoints.problems import PROBLEM_JSON, internal_problem, problem_of
from evenkeel.errors import (
    EvenkeelError,
    Forbidden,
    MalformedRequest,
    ObjectNotFound,
    PayloadTooLarge,
    Unauthorized,
)
from tests.infra.template import Properties, Template

# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
GATEWAY_RESPONSES = [
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
]

EXPECTED_CODES = {
    "ACCESS_DENIED": (403, "forbidden", False),
    "API_CONFIGURATION_ERROR": (429, "rate_limited", True),
    "DEFAULT_4XX": (400, "malformed_request", False),
    "DEFAULT_5XX": (500, "internal_error", True),
    "INTEGRATION_FAILURE": (500, "internal_error", True),
    "INTEGRATION_TIMEOUT": (500, "internal_error", True),
    "MISSING_AUTHENTICATION_TOKEN": (404, "not_found", False),
    "QUOTA_EXCEEDED": (429, "rate_limited", True),
    "REQUEST_TOO_LARGE": (413, "payload_too_large", False),
    "RESOURCE_NOT_FOUND": (404, "not_found", False),
    "THROTTLED": (429, "rate_limited", True),
    "UNAUTHORIZED": (401, "unauthorized", False),
    "WAF_FILTERED": (403, "forbidden", False),
}


@pytest.fixture
def answers(service: Template) -> dict[str, Properties]:
    found = service.all("AWS::ApiGateway::GatewayResponse").values()
    return {each["ResponseType"]: each for each in found}


def test_the_gateway_has_no_answer_of_its_own_left(answers: dict[str, Properties]) -> None:
    assert sorted(answers) == GATEWAY_RESPONSES


@pytest.mark.parametrize(("kind", "expected"), EXPECTED_CODES.items())
def test_a_refusal_has_its_status_its_code_and_whether_to_come_again(
    kind: str, expected: tuple[int, str, bool], answers: dict[str, Properties]
) -> None:
    answer = answers[kind]
    problem = body(answer)

    assert int(answer["StatusCode"]) == problem["status"]
    assert (problem["status"], problem["code"], problem["retryable"]) == expected


@pytest.mark.parametrize("kind", GATEWAY_RESPONSES)
def test_a_refusal_is_a_problem_that_names_its_request(
    kind: str, answers: dict[str, Properties]
) -> None:
    headers = answers[kind]["ResponseParameters"]

    assert set(body(answers[kind])) == set(json.loads(internal_problem("req").body))
    assert body(answers[kind])["requestId"] == "$context.requestId"
    assert headers["gatewayresponse.header.Content-Type"] == f"'{PROBLEM_JSON}'"
    assert headers["gatewayresponse.header.X-Request-Id"] == "context.requestId"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("RESOURCE_NOT_FOUND", ObjectNotFound()),
        ("UNAUTHORIZED", Unauthorized()),
        ("ACCESS_DENIED", Forbidden("payments:read")),
        ("REQUEST_TOO_LARGE", PayloadTooLarge(1)),
        ("BAD_REQUEST_BODY", MalformedRequest()),
    ],
)
def test_a_code_means_the_same_from_the_gateway_and_from_a_function(
    kind: str, error: EvenkeelError, answers: dict[str, Properties]
) -> None:
    ours = json.loads(problem_of(error, "$context.requestId").body)

    assert body(answers[kind]) | {"detail": ""} == ours | {"detail": ""}


def test_an_internal_error_is_the_same_from_the_gateway_and_from_a_function(
    answers: dict[str, Properties],
) -> None:
    ours = json.loads(internal_problem("$context.requestId").body)

    assert body(answers["DEFAULT_5XX"]) == ours


def test_who_comes_too_often_is_told_when_to_come_again(answers: dict[str, Properties]) -> None:
    told = {
        kind
        for kind, answer in answers.items()
        if "gatewayresponse.header.Retry-After" in answer["ResponseParameters"]
    }

    assert told == {"API_CONFIGURATION_ERROR", "THROTTLED", "QUOTA_EXCEEDED"}


def body(answer: Properties) -> dict[str, Any]:
    [template] = answer["ResponseTemplates"].values()
    found: dict[str, Any] = json.loads(template)
    return found
