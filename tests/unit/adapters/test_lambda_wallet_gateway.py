import json
from typing import Any, cast

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError
from mypy_boto3_lambda import LambdaClient

from evenkeel.adapters.lambda_.wallet_gateway import NOT_STARTED_CODES, LambdaWalletGateway
from evenkeel.errors import (
    Declined,
    DeclineReason,
    FieldError,
    ObjectNotFound,
    TransferContended,
    TransferNotApplied,
    TransferUnconfirmed,
    ValidationFailed,
)
from evenkeel.ledger.commands import Debit, Posted
from evenkeel.ledger.transfer import TransferKind
from evenkeel.money import Money
from tests.fakes.lambda_client import AnsweringLambda, FailingLambda, answer

ENDPOINT = "https://lambda.example"
DEBIT = Debit("cli_a", "trf_a", "pay_a", "wal_a", "alice", "coffee", Money(40, "EUR"), "r1")
POSTED = {"outcome": "posted", "transferId": "trf_a", "kind": "payment", "amount": 40}
DECLINED = {"outcome": "declined", "reason": "wallet_frozen", "message": "no", "requestId": "r"}


class CutOff:
    """Answers with less than it has promised."""

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803
        return answer(b'{"outcome": "po', length=45)


def asked(client: Any) -> Posted:
    return LambdaWalletGateway(cast("LambdaClient", client), "wallets").ask(DEBIT)


def said(reply: Any) -> AnsweringLambda:
    return AnsweringLambda(json.dumps(reply).encode())


def refusal(code: str, status: int) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": "no"},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "request-1",
                "HostId": "",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        "Invoke",
    )


def test_a_posted_debit_has_a_receipt() -> None:
    assert asked(said(POSTED)) == Posted("trf_a", TransferKind.PAYMENT, 40)


def test_more_than_is_asked_for_does_no_harm() -> None:
    assert asked(said(POSTED | {"since": "a later release"})).transfer_id == "trf_a"


@pytest.mark.parametrize("request_id", ["request-0", None])
def test_a_decline_keeps_its_words(request_id: str | None) -> None:
    with pytest.raises(Declined) as raised:
        asked(said(DECLINED | {"requestId": request_id}))

    assert (raised.value.reason, raised.value.message) == (DeclineReason.WALLET_FROZEN, "no")
    assert raised.value.first_request_id == request_id


@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"null", b"[]", b'"posted"', b"5", b"{", b"\xff", b"<html>502</html>"),
        b'{"outcome": "posted", "transferId": "trf_a"',
        f"[{json.dumps(POSTED)}]".encode(),
    ],
)
def test_an_answer_that_is_no_json_object_may_follow_a_debit(payload: bytes) -> None:
    with pytest.raises(TransferUnconfirmed):
        asked(AnsweringLambda(payload))


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"outcome": None},
        POSTED | {"outcome": "POSTED"},
        POSTED | {"outcome": "refunded"},
        POSTED | {"kind": "gift"},
        POSTED | {"amount": "40"},
        {"outcome": "posted"},
        POSTED | {"transferId": None},
        {"outcome": "posted", "transfer_id": "trf_a", "kind": "payment", "amount": 40},
        {"outcome": "declined"},
        {"outcome": "declined", "reason": "wallet_frozen"},
        DECLINED | {"message": None},
        DECLINED | {"reason": None},
        DECLINED | {"reason": "a reason of a later release"},
        {"outcome": "invalid"},
        {"outcome": "invalid", "errors": "amount"},
        {"outcome": "invalid", "errors": [{"field": "amount"}]},
        {"outcome": "invalid", "errors": [{"field": "amount", "message": None}]},
        {"outcome": "unknown"},
        {"errorType": "Runtime.ExitError", "errorMessage": "exited"},
    ],
)
def test_an_outcome_that_is_not_understood_may_be_a_debit(reply: dict[str, Any]) -> None:
    with pytest.raises(TransferUnconfirmed):
        asked(said(reply))


def test_what_is_not_there_is_no_outage() -> None:
    with pytest.raises(ObjectNotFound):
        asked(said({"outcome": "not_found"}))


def test_what_is_wrong_with_a_command_keeps_its_words() -> None:
    errors = [{"field": field, "message": f"{field}?"} for field in ("originalId", "paymentId")]
    with pytest.raises(ValidationFailed) as raised:
        asked(said({"outcome": "invalid", "errors": errors}))

    assert raised.value.errors == (
        FieldError("originalId", "originalId?"),
        FieldError("paymentId", "paymentId?"),
    )


def test_not_applied_is_not_applied() -> None:
    with pytest.raises(TransferNotApplied):
        asked(said({"outcome": "not_applied"}))


def test_a_lost_race_is_told_apart_from_an_outage() -> None:
    with pytest.raises(TransferContended):
        asked(said({"outcome": "not_applied", "cause": "contended"}))


@pytest.mark.parametrize("code", sorted(NOT_STARTED_CODES))
def test_a_function_that_could_not_be_started_has_not_debited(code: str) -> None:
    with pytest.raises(TransferNotApplied):
        asked(FailingLambda(refusal(code, 502)))


@pytest.mark.parametrize(("header", "wait_s"), [("3", 3.0), ("soon", None), ("", None)])
def test_a_throttled_invoke_says_when_to_come_again(header: str, wait_s: float | None) -> None:
    error = refusal("TooManyRequestsException", 429)
    error.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] = header

    with pytest.raises(TransferNotApplied) as raised:
        asked(FailingLambda(error))

    assert raised.value.retry_after_s == wait_s


@pytest.mark.parametrize("kind", ["Unhandled", "Handled"])
@pytest.mark.parametrize(
    "payload", [b'{"errorType": "Sandbox.Timedout"}', b"", b'{"outcome": "not_applied"}']
)
def test_a_function_that_broke_may_have_debited(kind: str, payload: bytes) -> None:
    with pytest.raises(TransferUnconfirmed):
        asked(AnsweringLambda(payload, function_error=kind))


def test_an_answer_that_is_cut_off_may_follow_a_debit() -> None:
    with pytest.raises(TransferUnconfirmed):
        asked(CutOff())


@pytest.mark.parametrize(
    "error",
    [
        refusal("TooManyRequestsException", 429),
        refusal("ThrottlingException", 400),
        exceptions.ConnectTimeoutError(endpoint_url=ENDPOINT),
        exceptions.EndpointConnectionError(endpoint_url=ENDPOINT),
    ],
    ids=repr,
)
def test_an_invoke_that_was_turned_away_has_not_debited(error: Exception) -> None:
    with pytest.raises(TransferNotApplied):
        asked(FailingLambda(error))


@pytest.mark.parametrize(
    "error",
    [
        refusal("ServiceException", 500),
        exceptions.ReadTimeoutError(endpoint_url=ENDPOINT),
        exceptions.ConnectionClosedError(endpoint_url=ENDPOINT),
    ],
    ids=repr,
)
def test_an_invoke_whose_answer_is_lost_may_have_debited(error: Exception) -> None:
    with pytest.raises(TransferUnconfirmed):
        asked(FailingLambda(error))


@pytest.mark.parametrize(
    "error",
    [refusal("AccessDeniedException", 403), refusal("ResourceNotFoundException", 404)],
    ids=repr,
)
def test_an_invoke_that_is_refused_has_run_nothing(error: Exception) -> None:
    with pytest.raises(TransferNotApplied):
        asked(FailingLambda(error))
