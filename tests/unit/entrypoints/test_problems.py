import json
import re
from typing import Any

import pytest

from evenkeel import errors
from evenkeel.entrypoints.problems import (
    INTERNAL,
    KINDS,
    Problem,
    internal_problem,
    problem_of,
)
from evenkeel.entrypoints.schema import ProblemReply
from evenkeel.errors import DeclineReason, EvenkeelError, FieldError
from evenkeel.payments.states import PaymentStatus
from evenkeel.wallets.model import WalletStatus

# What clients were promised. A row may be added, and none may change.
TABLE = [
    (errors.MalformedRequest("it is not JSON"), "malformed_request", 400, False),
    (errors.IdempotencyKeyMissing(), "idempotency_key_missing", 400, False),
    (errors.Unauthorized(), "unauthorized", 401, False),
    (errors.Forbidden("payments:read"), "forbidden", 403, False),
    (errors.RateLimited(0.2), "rate_limited", 429, True),
    (
        errors.Declined(DeclineReason.LIMIT_EXCEEDED, "it is too much"),
        "payment_declined",
        402,
        False,
    ),
    (errors.ObjectNotFound(), "not_found", 404, False),
    (errors.RequestInProgress("pay_a"), "request_in_progress", 409, True),
    (
        errors.InvalidState("it is over", subject="payment", status=PaymentStatus.CANCELLED),
        "invalid_state",
        409,
        False,
    ),
    (errors.LimitReached("there are ten"), "invalid_state", 409, False),
    (errors.WalletExists(), "wallet_exists", 409, False),
    (errors.PayloadTooLarge(32768), "payload_too_large", 413, False),
    (errors.ValidationFailed(FieldError("amount", "no")), "validation_failed", 422, False),
    (errors.IdempotencyKeyReused(), "idempotency_key_reused", 422, False),
    (errors.StoreUnconfirmed(), "internal_error", 500, True),
    (errors.WalletUnavailable("pay_a"), "wallet_unavailable", 503, True),
]
COME_AGAIN_LATER = {"rate_limited", "request_in_progress", "wallet_unavailable"}
CODES = [code for _, code, _, _ in TABLE]

each_row = pytest.mark.parametrize(("error", "code", "status", "retryable"), TABLE, ids=CODES)
each_error = pytest.mark.parametrize("error", [error for error, *_ in TABLE], ids=CODES)


def document_of(error: EvenkeelError) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(problem_of(error, "request-1").body)
    return document


def leaves(base: type[EvenkeelError]) -> set[type[EvenkeelError]]:
    return set[type[EvenkeelError]]().union(*map(leaves, base.__subclasses__())) or {base}


@each_row
def test_an_error_is_answered_as_the_table_says(
    error: EvenkeelError, code: str, status: int, *, retryable: bool
) -> None:
    problem = problem_of(error, "request-1")
    document = json.loads(problem.body)

    assert (document["code"], document["status"], document["retryable"]) == (
        code,
        status,
        retryable,
    )
    assert problem.status == status


@each_row
def test_what_must_be_sent_again_later_says_when(
    error: EvenkeelError, code: str, status: int, *, retryable: bool
) -> None:
    headers = problem_of(error, "request-1").headers

    assert ("Retry-After" in headers) == (code in COME_AGAIN_LATER)
    assert int(headers.get("Retry-After", "1")) > 0


@each_error
def test_a_problem_has_every_member_of_its_schema_and_no_other(error: EvenkeelError) -> None:
    document = document_of(error)
    names = {field.alias for field in ProblemReply.model_fields.values()}

    assert {"type", "title", "status", "code", "detail", "requestId", "retryable"} <= set(document)
    assert set(document) <= names


@each_error
def test_the_detail_of_a_problem_is_a_sentence(error: EvenkeelError) -> None:
    assert re.fullmatch(r"[a-z].* .*[^.]", document_of(error)["detail"])


@each_error
def test_the_members_of_a_problem_say_something(error: EvenkeelError) -> None:
    document = document_of(error)

    assert document["requestId"] == "request-1"
    assert document["type"] == f"urn:evenkeel:problem:{document['code']}"
    assert document["title"].lower().split() == document["code"].split("_")
    assert document["detail"] == str(error) or document["code"] == "internal_error"


def test_every_error_has_an_answer_and_few_are_our_own_fault() -> None:
    unanswered = {
        leaf
        for leaf in leaves(EvenkeelError)
        if next(KINDS[base] for base in leaf.__mro__ if base in KINDS) is INTERNAL
    }

    assert unanswered == {
        errors.BusUnconfirmed,
        errors.TransferUnconfirmed,
        errors.LedgerUnconfirmed,
        errors.StoreUnconfirmed,
    }


def test_every_code_that_is_answered_is_in_the_table() -> None:
    assert {kind.code for kind in KINDS.values()} == set(CODES)


@pytest.mark.parametrize(
    "error", [errors.LedgerBusy(), errors.StoreBusy(), errors.VersionConflict()], ids=repr
)
def test_a_busy_store_reads_like_an_unavailable_wallet(error: EvenkeelError) -> None:
    assert document_of(error)["code"] == "wallet_unavailable"


def test_faulty_fields_are_named_one_by_one() -> None:
    error = errors.ValidationFailed(FieldError("amount", "too much"), FieldError("a.b", "what?"))

    assert document_of(error)["errors"] == [
        {"field": "amount", "message": "too much"},
        {"field": "a.b", "message": "what?"},
    ]


def test_an_illegal_wish_is_told_where_the_payment_is() -> None:
    error = errors.InvalidState("no", subject="payment", status=PaymentStatus.CANCELLED)
    error.payment_id = "pay_a"
    document = document_of(error)

    assert (document["paymentStatus"], document["paymentId"]) == ("CANCELLED", "pay_a")
    assert "walletStatus" not in document


def test_an_illegal_wish_is_told_where_the_wallet_is() -> None:
    error = errors.InvalidState("no", subject="wallet", status=WalletStatus.CLOSED)
    document = document_of(error)

    assert document["walletStatus"] == "CLOSED"
    assert not {"paymentStatus", "paymentId"} & set(document)


def test_whoever_comes_too_early_or_in_vain_is_told_of_which_payment() -> None:
    assert document_of(errors.RequestInProgress("pay_a"))["paymentId"] == "pay_a"
    assert document_of(errors.WalletUnavailable("pay_a"))["paymentId"] == "pay_a"


@pytest.mark.parametrize("reason", DeclineReason)
def test_a_decline_says_why(reason: DeclineReason) -> None:
    error = errors.Declined(reason, "wallet wal_a said no")
    error.payment_id = "pay_a"
    document = document_of(error)

    assert (document["reason"], document["paymentId"]) == (reason, "pay_a")
    assert document["detail"] == "wallet wal_a said no"


def test_the_reasons_of_a_decline_are_those_that_clients_were_promised() -> None:
    assert {reason.value for reason in DeclineReason} == {
        "insufficient_funds",
        "wallet_not_found",
        "wallet_frozen",
        "wallet_closed",
        "currency_mismatch",
        "wallet_not_owned",
        "limit_exceeded",
    }


def test_a_repeated_decline_has_the_body_of_the_first_and_says_that_it_is_one() -> None:
    def declined(first_request_id: str | None, *, replayed: bool) -> errors.Declined:
        return errors.Declined(
            DeclineReason.WALLET_FROZEN, "no", first_request_id=first_request_id, replayed=replayed
        )

    first = problem_of(declined("request-1", replayed=False), "request-1")
    again = problem_of(declined("request-1", replayed=True), "request-2")

    assert again.body == first.body
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    "problem",
    [
        internal_problem("request-1"),
        problem_of(errors.StoreUnconfirmed(), "request-1"),
        problem_of(errors.LedgerUnconfirmed(), "request-1"),
    ],
)
def test_an_internal_error_says_nothing_of_what_went_wrong(problem: Problem) -> None:
    document = json.loads(problem.body)

    assert document["code"] == "internal_error"
    assert not any(word in problem.body for word in ("store", "ledger", "recorded", "Error"))
    assert problem == internal_problem("request-1")
