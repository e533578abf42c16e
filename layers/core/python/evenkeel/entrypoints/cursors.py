"""Cursors: where the next page begins, as text that clients need not understand.

A cursor carries a position and no identity: the client and the object come from
the request, so a cursor that was made up, or taken from somebody else, cannot
reach anything that the request itself could not.

What a list goes by is in a module of its own, so that no function loads what others list.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from evenkeel.clock import from_rfc3339, to_rfc3339
from evenkeel.errors import FieldError, ValidationFailed
from evenkeel.ids import is_id

Item = TypeVar("Item")

CURSOR_LENGTH_MAX = 256
NUMBER_LENGTH_MAX = 15


def write_offset(offset: int) -> str:
    return write(str(offset))


def read_offset(cursor: str | None) -> int:
    """Raise ValidationFailed for what `write_offset` cannot have written."""
    if cursor is None:
        return 0
    return number_of(read(cursor))


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    items: Sequence[Item]
    next: str | None  # A cursor, if there is more.


def page_of(items: Sequence[Item], limit: int, cursor: str | None) -> Page[Item]:
    """Return up to *limit* of the items, from the cursor on.

    Raises:
        ValidationFailed: The cursor is not one of ours.
    """
    start = read_offset(cursor)
    end = start + limit
    return Page(items[start:end], write_offset(end) if end < len(items) else None)


def write_moment(created_at: datetime, id_: str) -> str:
    """Return the cursor of a place in a list that goes by time."""
    return write(f"{to_rfc3339(created_at)}/{id_}")


def read_moment(cursor: str, prefix: str) -> tuple[datetime, str]:
    """Raise ValidationFailed for what `write_moment` cannot have written of such an id."""
    created_at, _, id_ = read(cursor).partition("/")
    if not is_id(prefix, id_):
        raise refusal()
    try:
        return from_rfc3339(created_at), id_
    except ValueError as error:
        raise refusal() from error


def write(position: str) -> str:
    """Return the cursor of a position."""
    return urlsafe_b64encode(position.encode()).decode().rstrip("=")


def read(cursor: str) -> str:
    """Raise ValidationFailed for what `write` cannot have written."""
    if len(cursor) > CURSOR_LENGTH_MAX:
        raise refusal()
    try:
        position = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError as error:
        raise refusal() from error
    # The decoder passes over what it does not know; a cursor is what we wrote, to the letter.
    if write(position) != cursor:
        raise refusal()
    return position


def number_of(text: str) -> int:
    """Raise ValidationFailed for what is no number of ours."""
    if not text.isdecimal() or len(text) > NUMBER_LENGTH_MAX:
        raise refusal()
    return int(text)


def refusal() -> ValidationFailed:
    return ValidationFailed(FieldError("cursor", "not a cursor of this list"))
