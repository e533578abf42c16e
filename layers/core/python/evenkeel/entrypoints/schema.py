"""What the bodies of all routes are made of: camelCase outside, snake_case inside."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
)
from pydantic.alias_generators import to_camel

from evenkeel.clock import to_rfc3339
from evenkeel.currencies import EXPONENTS
from evenkeel.money import AMOUNT_MINOR_MAX

PAGE_LIMIT_MAX = 100
PAGE_LIMIT_DEFAULT = 25
CLIENT_STRING = r"^[A-Za-z0-9._:-]{1,64}$"
# Spelled out, because Python's own phrases change from release to release.
DESCRIPTIONS = {
    200: "OK",
    201: "Created",
    202: "Accepted: the outcome is open, or it waits in the queue",
    400: "Malformed",
    401: "No key in force",
    402: "Declined",
    403: "Scope missing",
    404: "Not found",
    409: "Conflict",
    413: "Body too large",
    422: "Invalid, or the key belongs to another request",
    429: "Too many requests",
    500: "Not answered: the same key tells what became of it",
    503: "Nothing was applied; come again",
}
RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class Request(BaseModel):
    """What a client sends: no guessing of types, no unknown fields."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)


class Reply(BaseModel):
    """What a client gets: fields without a value are null, never left out."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, populate_by_name=True)


Item = TypeVar("Item")


class ListReply(Reply, Generic[Item]):
    items: list[Item]
    next_cursor: str | None


class FieldFault(Reply):
    field: Annotated[str, Field(description="A dotted path into the request.")]
    message: str


class ProblemReply(Reply):
    """An error, as RFC 9457 describes it."""

    type: str
    title: str
    status: int
    code: Annotated[str, Field(description="What to match on; it never changes.")]
    detail: str
    request_id: str
    retryable: Annotated[bool, Field(description="Whether the same request, same key, may pass.")]
    errors: list[FieldFault] | None = None
    reason: Annotated[str | None, Field(description="Of a decline.")] = None
    payment_id: str | None = None
    payment_status: str | None = None
    wallet_status: str | None = None
    webhook_status: str | None = None
    mismatch_status: str | None = None


def _known_currency(code: str) -> str:
    if code not in EXPONENTS:
        message = "not a currency of ISO 4217 with minor units"
        raise ValueError(message)
    return code


def _rfc3339(text: Any) -> Any:
    if not isinstance(text, str) or not RFC3339.fullmatch(text):
        message = "not a time of RFC 3339, such as 2026-01-01T12:00:00Z"
        raise ValueError(message)
    return text


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        message = "not a time of this calendar in UTC"
        raise ValueError(message) from error


Amount = Annotated[
    int,
    Field(strict=True, ge=1, le=AMOUNT_MINOR_MAX, description="In minor units.", examples=[1250]),
]
Currency = Annotated[
    str,
    Field(pattern="^[A-Z]{3}$", description="ISO 4217", examples=["EUR"]),
    AfterValidator(_known_currency),
]
ClientString = Annotated[str, Field(pattern=CLIENT_STRING)]
ClientStringInPath = Annotated[str, Path(pattern=CLIENT_STRING)]
ClientStringInQuery = Annotated[str | None, Query(pattern=CLIENT_STRING)]
WalletId = Annotated[str, Field(pattern=r"^wal_[A-Za-z0-9_-]{1,60}$", examples=["wal_…"])]
Description = Annotated[str, Field(max_length=255)]
Time = Annotated[datetime, PlainSerializer(to_rfc3339, return_type=str)]
Moment = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_to_utc)]

Since = Annotated[Moment | None, Query(alias="from", description="The earliest.")]
Until = Annotated[Moment | None, Query(alias="to", description="The first one out.")]

IdempotencyKey = Annotated[
    str,
    Header(alias="Idempotency-Key", description="1 to 255 visible ASCII; never expires."),
]
Prefer = Annotated[
    str | None,
    Header(
        alias="Prefer",
        description="respond-async: queue it, and answer 202, while the wallets are unavailable.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=PAGE_LIMIT_MAX, description="Items on a page.")]
Cursor = Annotated[str | None, Query(description="The nextCursor of the page before.")]


def documented(model: type, answers: Iterable[int], refuses: Iterable[int]) -> dict[int, Any]:
    """Describe what a route answers, for the OpenAPI document."""
    success = {"application/json": {"model": model}}
    problem = {"application/problem+json": {"model": ProblemReply}}
    contents = dict.fromkeys(refuses, problem) | dict.fromkeys(answers, success)
    return {
        int(status): {"description": DESCRIPTIONS[status], "content": content}
        for status, content in sorted(contents.items())
    }
