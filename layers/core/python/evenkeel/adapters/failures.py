"""What a failed AWS call means: refused and repeatable, lost on the way, or our own mistake.

Only typed facts count: the error's code, its HTTP status, and the class of the
transport error, which tells whether anything was sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as ConnectionFailure
from pynamodb.exceptions import PynamoDBException

from evenkeel.errors import OutcomeUnknown, Unavailable

CONDITION_FAILED = "ConditionalCheckFailed"  # As a transaction's reason.
CONDITION_FAILED_ERROR = "ConditionalCheckFailedException"  # As an error of its own.

# The request was turned away whole, and may pass in a moment.
BUSY_CODES = frozenset(
    {
        "KMS.ThrottlingException",
        "KmsThrottled",
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
    }
)
# The same request is under way already, and may yet succeed.
UNDER_WAY_CODES = frozenset({"TransactionInProgressException"})
NOTHING_SENT = (ConnectTimeoutError, EndpointConnectionError)
ANSWER_LOST = (ConnectionFailure, HTTPClientError, IncompleteReadError, ResponseStreamingError)


CANCELLED = "TransactionCanceledException"
# Another transaction has one of the items in hand. The service is well.
CONTENTION_CODES = frozenset({"TransactionConflict"})


class TurnedAway(Exception):
    """DynamoDB has answered, and left undone what it was asked for."""


class Contended(TurnedAway):
    """For no other reason than that another transaction was at it."""


def busy_in(cancelled: ClientError) -> TurnedAway | None:
    """Return why a transaction was not tried, if that was no more than a busy table."""
    codes = {reason["Code"] for reason in cancelled.response["CancellationReasons"]}
    busy = codes & BUSY_CODES
    if not busy:
        return None
    return Contended() if busy <= CONTENTION_CODES else TurnedAway()


@contextmanager
def reading(busy: type[Unavailable]) -> Iterator[None]:
    """Turn a failed read into one error of ours: nothing was applied, whatever became of it."""
    with translated(busy, busy):
        yield


@contextmanager
def translated(
    busy: type[Unavailable], unknown: type[Unavailable | OutcomeUnknown]
) -> Iterator[None]:
    """Turn a failed call into one of our two errors; a mistake of ours passes through.

    A failed condition passes through too: only the caller knows what it means.
    """
    try:
        yield
    except TurnedAway as error:
        raise busy from error
    except (ClientError, BotoCoreError, PynamoDBException) as error:
        cause = _root(error)
        if was_turned_away(cause):
            raise busy from error
        if was_lost(cause):
            raise unknown from error
        raise


def was_turned_away(error: BaseException) -> bool:
    """Whether nothing was applied, and the same call may pass in a moment."""
    return isinstance(error, NOTHING_SENT) or code_of(error) in BUSY_CODES


def was_lost(error: BaseException) -> bool:
    """Whether the call may have been applied."""
    if isinstance(error, ClientError):
        return (
            code_of(error) in UNDER_WAY_CODES or _status(error) >= HTTPStatus.INTERNAL_SERVER_ERROR
        )
    return isinstance(error, ANSWER_LOST) and not isinstance(error, NOTHING_SENT)


def code_of(error: BaseException) -> str | None:
    if isinstance(error, PynamoDBException):
        return error.cause_response_code
    return error.response["Error"].get("Code") if isinstance(error, ClientError) else None


def retry_after_s(error: ClientError) -> float | None:
    """Return how long the service asks to be left alone, if it does."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    wait = headers.get("retry-after", "")
    return float(wait) if wait.isascii() and wait.isdigit() else None


def _root(error: Exception) -> BaseException:
    """Return botocore's own error: pynamodb wraps it, and leaves out the status."""
    if isinstance(error, PynamoDBException) and error.cause is not None:
        return error.cause.__cause__ or error.cause
    return error


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
