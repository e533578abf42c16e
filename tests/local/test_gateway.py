"""What a REST API says when it has no answer of a function to pass on."""

from tests.emulator import Emulator
from tests.local.functions import Answer, Api, api_of, deployed

PROBLEM = {"Content-Type": "'application/problem+json'", "X-Request-Id": "context.requestId"}


def response(status: int, code: str) -> dict[str, object]:
    headers = {f"gatewayresponse.header.{name}": value for name, value in PROBLEM.items()}
    template = f'{{"code": "{code}", "requestId": "$context.requestId"}}'
    return {
        "statusCode": str(status),
        "responseParameters": headers,
        "responseTemplates": {"application/json": template},
    }


RESPONSES = {
    "DEFAULT_5XX": response(500, "internal_error"),
    "MISSING_AUTHENTICATION_TOKEN": response(404, "not_found"),
    "THROTTLED": response(429, "rate_limited"),
}

RAISES = "def handler(event, context):\n    raise ValueError('secret')\n"
MALFORMED = "def handler(event, context):\n    return {'answer': 42}\n"
FINE = "def handler(event, context):\n    return {'statusCode': 201, 'body': 'made'}\n"


def api(emulator: Emulator, source: str) -> Api:
    return api_of(deployed(emulator, source), responses=RESPONSES)


def is_problem(answer: Answer, status: int, code: str) -> bool:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return (
        answer.status == status
        and headers["content-type"] == "application/problem+json"
        and f'"code": "{code}"' in answer.body
        and headers["x-request-id"] in answer.body
    )


def test_an_answer_is_passed_on(emulator: Emulator) -> None:
    answer = api(emulator, FINE).get("/thing")

    assert (answer.status, answer.body) == (201, "made")


class TestExceptions:
    def test_their_text_is_not_shown(self, emulator: Emulator) -> None:
        answer = api(emulator, RAISES).get("/thing")

        assert is_problem(answer, 500, "internal_error")
        assert "secret" not in answer.body

    def test_bare_it_is(self, bare_emulator: Emulator) -> None:
        assert "secret" in api(bare_emulator, RAISES).get("/thing").body


class TestAnswersWithoutStatus:
    def test_they_are_errors(self, emulator: Emulator) -> None:
        assert is_problem(api(emulator, MALFORMED).get("/thing"), 500, "internal_error")

    def test_bare_they_are_fine(self, bare_emulator: Emulator) -> None:
        assert api(bare_emulator, MALFORMED).get("/thing").status == 200


class TestFunctionsAtTheirLimit:
    def test_one_that_is_switched_off_is_an_error_as_on_aws(self, emulator: Emulator) -> None:
        function = deployed(emulator, FINE)
        function.reserve(0)

        answer = api_of(function, responses=RESPONSES).get("/thing")

        assert is_problem(answer, 500, "internal_error")

    def test_bare_the_client_is_shown_lambdas_answer(self, bare_emulator: Emulator) -> None:
        function = deployed(bare_emulator, FINE)
        function.reserve(0)

        answer = api_of(function, responses=RESPONSES).get("/thing")

        assert answer.status == 429
        assert "ReservedFunctionConcurrentInvocationLimitExceeded" in answer.body


class TestUnknownRoutes:
    """These need no patch: gateway responses work."""

    def test_an_unknown_path_is_a_problem(self, emulator: Emulator) -> None:
        assert is_problem(api(emulator, FINE).get("/nothing"), 404, "not_found")


class TestTimeouts:
    def test_a_late_function_is_an_error(self, emulator: Emulator) -> None:
        late = deployed(
            emulator,
            "import time\ndef handler(event, context):\n    time.sleep(30)\n",
            timeout_s=1,
        )

        answer = api_of(late, responses=RESPONSES).get("/thing")

        assert is_problem(answer, 500, "internal_error")
