"""The states of a payment, what moves it from one to another, and the history that this leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

HISTORY_HEAD_COUNT = 10
HISTORY_COUNT_MAX = 100  # An item must stay small; of a longer history the middle is dropped.


class PaymentStatus(StrEnum):
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    AUTHORIZED = "AUTHORIZED"
    COMPLETED = "COMPLETED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


# From here the wallet's answer, or the end of its hold, is still to come.
UNSETTLED = frozenset({PaymentStatus.PENDING, PaymentStatus.PROCESSING, PaymentStatus.AUTHORIZED})


class Event(StrEnum):
    CLAIMED = "claimed"  # Somebody works on it, under a lease.
    RELEASED = "released"  # Nothing was applied.
    LEFT_OPEN = "left_open"  # Whether it was applied is not known.
    AUTHORIZED = "authorized"
    COMPLETED = "completed"
    DECLINED = "declined"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"
    REFUND_BEGUN = "refund_begun"  # Somebody works on a refund, under a lease of its own.
    REFUND_RELEASED = "refund_released"
    REFUND_LEFT_OPEN = "refund_left_open"
    REFUND_FAILED = "refund_failed"
    PART_REFUNDED = "part_refunded"
    ALL_REFUNDED = "all_refunded"


_S, _E = PaymentStatus, Event
_REFUND_STEPS = (_E.REFUND_BEGUN, _E.REFUND_RELEASED, _E.REFUND_LEFT_OPEN, _E.REFUND_FAILED)

TRANSITIONS: Mapping[tuple[PaymentStatus, Event], PaymentStatus] = {
    (_S.PENDING, _E.CLAIMED): _S.PROCESSING,
    (_S.PENDING, _E.VOIDED): _S.CANCELLED,
    (_S.PENDING, _E.EXPIRED): _S.CANCELLED,
    (_S.PROCESSING, _E.CLAIMED): _S.PROCESSING,  # After the lease of who had it before.
    (_S.PROCESSING, _E.RELEASED): _S.PENDING,
    (_S.PROCESSING, _E.LEFT_OPEN): _S.PROCESSING,
    (_S.PROCESSING, _E.AUTHORIZED): _S.AUTHORIZED,
    (_S.PROCESSING, _E.COMPLETED): _S.COMPLETED,
    (_S.PROCESSING, _E.DECLINED): _S.FAILED,
    # While its hold is being captured or released.
    (_S.AUTHORIZED, _E.CLAIMED): _S.AUTHORIZED,
    (_S.AUTHORIZED, _E.RELEASED): _S.AUTHORIZED,
    (_S.AUTHORIZED, _E.LEFT_OPEN): _S.AUTHORIZED,
    (_S.AUTHORIZED, _E.CAPTURED): _S.COMPLETED,
    (_S.AUTHORIZED, _E.VOIDED): _S.CANCELLED,
    (_S.AUTHORIZED, _E.EXPIRED): _S.CANCELLED,
    **{
        (status, step): status
        for status in (_S.COMPLETED, _S.PARTIALLY_REFUNDED)
        for step in _REFUND_STEPS
    },
    (_S.COMPLETED, _E.PART_REFUNDED): _S.PARTIALLY_REFUNDED,
    (_S.COMPLETED, _E.ALL_REFUNDED): _S.REFUNDED,
    (_S.PARTIALLY_REFUNDED, _E.PART_REFUNDED): _S.PARTIALLY_REFUNDED,
    (_S.PARTIALLY_REFUNDED, _E.ALL_REFUNDED): _S.REFUNDED,
}


# After these nobody works on a payment, though its status may be the same.
_AT_REST = frozenset({_E.RELEASED, _E.AUTHORIZED})


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a payment's history."""

    version: int
    at: datetime
    event: str
    status: PaymentStatus
    detail: str | None = None


def shortened(history: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return the history without its middle, if it is too long to keep.

    The line that began the spell of work which goes on stays, with the one before it: how
    long that lasts is asked of them.
    """
    too_many = len(history) - HISTORY_COUNT_MAX
    if too_many <= 0:
        return history
    begin = len(history) - len(spell_of(history))
    is_to_be_dropped = HISTORY_HEAD_COUNT <= begin <= HISTORY_HEAD_COUNT + too_many
    head_count = begin + 1 if is_to_be_dropped else HISTORY_HEAD_COUNT
    return history[:head_count] + history[head_count - HISTORY_COUNT_MAX :]


def spell_of(history: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return the lines since the payment was claimed out of a state of rest.

    If that was long ago, the middle of them is missing.
    """
    begin = end = len(history)
    while begin > 0 and (line := history[begin - 1]).status is history[end - 1].status:
        if line.event in _AT_REST:
            break
        begin -= 1
    return history[begin:]
