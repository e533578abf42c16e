"""Errors as problem documents (RFC 9457): which status, which code, and whether to come again."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from http import HTTPStatus
from math import ceil

from evenkeel import errors
from evenkeel.errors import EvenkeelError

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_S = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """How an error is answered.

    Attributes:
        retry_after_s: When to come again; None where a client should not, or may at any time.
    """

    status: HTTPStatus
    code: str
    retry_after_s: int | None = None
    is_retryable: bool = False


UNAVAILABLE = Kind(
    HTTPStatus.SERVICE_UNAVAILABLE, "wallet_unavailable", RETRY_AFTER_S, is_retryable=True
)
INTERNAL = Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", is_retryable=True)

# An error is answered as its nearest base that is listed. What clients may match
# on are these codes; our own finer ones are for logs.
KINDS: dict[type[EvenkeelError], Kind] = {
    errors.MalformedRequest: Kind(HTTPStatus.BAD_REQUEST, "malformed_request"),
    errors.IdempotencyKeyMissing: Kind(HTTPStatus.BAD_REQUEST, "idempotency_key_missing"),
    errors.PayloadTooLarge: Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large"),
    errors.ValidationFailed: Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "validation_failed"),
    errors.Unauthorized: Kind(HTTPStatus.UNAUTHORIZED, "unauthorized"),
    errors.Forbidden: Kind(HTTPStatus.FORBIDDEN, "forbidden"),
    errors.RateLimited: Kind(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", 1, is_retryable=True),
    errors.Declined: Kind(HTTPStatus.PAYMENT_REQUIRED, "payment_declined"),
    errors.ObjectNotFound: Kind(HTTPStatus.NOT_FOUND, "not_found"),
    errors.IdempotencyKeyReused: Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
    errors.InvalidState: Kind(HTTPStatus.CONFLICT, "invalid_state"),
    errors.LimitReached: Kind(HTTPStatus.CONFLICT, "invalid_state"),
    errors.RequestInProgress: Kind(
        HTTPStatus.CONFLICT, "request_in_progress", RETRY_AFTER_S, is_retryable=True
    ),
    errors.WalletExists: Kind(HTTPStatus.CONFLICT, "wallet_exists"),
    errors.Unavailable: UNAVAILABLE,
    # Nobody can say whether it was applied, or by whom: the same key tells.
    errors.EvenkeelError: INTERNAL,
}


@dataclass(frozen=True, slots=True)
class Problem:
    status: HTTPStatus
    body: str
    headers: dict[str, str]


def problem_of(error: EvenkeelError, request_id: str) -> Problem:
    """Return the answer to a request that ended in *error*."""
    kind = next(KINDS[base] for base in type(error).__mro__ if base in KINDS)
    detail = "the request was not answered" if kind is INTERNAL else str(error)
    extensions: dict[str, object] = {}
    headers: dict[str, str] = {}
    if error.payment_id is not None:
        extensions["paymentId"] = error.payment_id
    match error:
        case errors.ValidationFailed():
            extensions["errors"] = [
                {"field": each.field, "message": each.message} for each in error.errors
            ]
        case errors.InvalidState():
            extensions[f"{error.subject}Status"] = error.status
        case errors.Declined():
            extensions["reason"] = error.reason
    if kind.retry_after_s is not None and error.retry_after_s is not None:
        kind = replace(kind, retry_after_s=ceil(error.retry_after_s))
    if isinstance(error, errors.Declined | errors.ObjectNotFound):
        # A replay reads as the first answer did, to the letter.
        request_id = error.first_request_id or request_id
        if error.replayed:
            headers["Idempotent-Replayed"] = "true"
    return _problem(kind, detail, request_id, headers, extensions)


def internal_problem(request_id: str) -> Problem:
    """Return the answer to a request that ended in an error of our own making."""
    return _problem(INTERNAL, "the request was not answered", request_id, {}, {})


def _problem(
    kind: Kind,
    detail: str,
    request_id: str,
    headers: dict[str, str],
    extensions: dict[str, object],
) -> Problem:
    body = {
        "type": f"urn:evenkeel:problem:{kind.code}",
        "title": kind.code.replace("_", " ").capitalize(),
        "status": kind.status,
        "code": kind.code,
        "detail": detail,
        "requestId": request_id,
        "retryable": kind.is_retryable,
        **extensions,
    }
    if kind.retry_after_s is not None:
        headers["Retry-After"] = str(kind.retry_after_s)
    return Problem(kind.status, json.dumps(body), headers)
