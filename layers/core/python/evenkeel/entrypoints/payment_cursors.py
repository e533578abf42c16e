"""Cursors of lists of payments."""

from __future__ import annotations

from evenkeel.entrypoints.cursors import read_moment, write_moment
from evenkeel.payments.model import PAYMENT_PREFIX, PaymentRef


def write_payment(ref: PaymentRef | None) -> str | None:
    return write_moment(ref.created_at, ref.payment_id) if ref else None


def read_payment(cursor: str | None) -> PaymentRef | None:
    """Raise ValidationFailed for what `write_payment` cannot have written."""
    return PaymentRef(*read_moment(cursor, PAYMENT_PREFIX)) if cursor is not None else None
