"""Cursors: where the next page begins, as text that clients need not understand.

A cursor carries a position and no identity: the client and the object come from
the request, so a cursor that was made up, or taken from somebody else, cannot
reach anything that the request itself could not.
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
from evenkeel.ledger.transfer import TRANSFER_PREFIX
from evenkeel.payments.model import PAYMENT_PREFIX, PaymentRef
from evenkeel.wallets.ports import EntryRef
from evenkeel.webhooks.delivery import DELIVERY_PREFIX, DeliveryRef

Item = TypeVar("Item")

CURSOR_LENGTH_MAX = 256
NUMBER_LENGTH_MAX = 15


def write_payment(ref: PaymentRef | None) -> str | None:
    return _write_moment(ref.created_at, ref.payment_id) if ref else None


def read_payment(cursor: str | None) -> PaymentRef | None:
    """Raise ValidationFailed for what `write_payment` cannot have written."""
    return PaymentRef(*_read_moment(cursor, PAYMENT_PREFIX)) if cursor is not None else None


def write_entry(ref: EntryRef | None) -> str | None:
    return _write(f"{ref.number}/{ref.transfer_id}") if ref else None


def read_entry(cursor: str | None) -> EntryRef | None:
    """Raise ValidationFailed for what `write_entry` cannot have written."""
    if cursor is None:
        return None
    number, _, transfer_id = _read(cursor).partition("/")
    if not is_id(TRANSFER_PREFIX, transfer_id):
        raise _invalid()
    return EntryRef(_number(number), transfer_id)


def write_delivery(ref: DeliveryRef | None) -> str | None:
    return _write_moment(ref.created_at, ref.delivery_id) if ref else None


def read_delivery(cursor: str | None) -> DeliveryRef | None:
    """Raise ValidationFailed for what `write_delivery` cannot have written."""
    return DeliveryRef(*_read_moment(cursor, DELIVERY_PREFIX)) if cursor is not None else None


def write_offset(offset: int) -> str:
    return _write(str(offset))


def read_offset(cursor: str | None) -> int:
    """Raise ValidationFailed for what `write_offset` cannot have written."""
    if cursor is None:
        return 0
    return _number(_read(cursor))


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


def _write_moment(created_at: datetime, id_: str) -> str:
    return _write(f"{to_rfc3339(created_at)}/{id_}")


def _read_moment(cursor: str, prefix: str) -> tuple[datetime, str]:
    created_at, _, id_ = _read(cursor).partition("/")
    if not is_id(prefix, id_):
        raise _invalid()
    try:
        return from_rfc3339(created_at), id_
    except ValueError as error:
        raise _invalid() from error


def _write(position: str) -> str:
    return urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _read(cursor: str) -> str:
    if len(cursor) > CURSOR_LENGTH_MAX:
        raise _invalid()
    try:
        position = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError as error:
        raise _invalid() from error
    # The decoder passes over what it does not know; a cursor is what we wrote, to the letter.
    if _write(position) != cursor:
        raise _invalid()
    return position


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > NUMBER_LENGTH_MAX:
        raise _invalid()
    return int(text)


def _invalid() -> ValidationFailed:
    return ValidationFailed(FieldError("cursor", "not a cursor of this list"))
