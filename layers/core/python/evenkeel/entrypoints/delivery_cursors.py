"""Cursors of lists of deliveries."""

from __future__ import annotations

from evenkeel.entrypoints.cursors import read_moment, write_moment
from evenkeel.webhooks.delivery import DELIVERY_PREFIX, DeliveryRef


def write_delivery(ref: DeliveryRef | None) -> str | None:
    return write_moment(ref.created_at, ref.delivery_id) if ref else None


def read_delivery(cursor: str | None) -> DeliveryRef | None:
    """Raise ValidationFailed for what `write_delivery` cannot have written."""
    return DeliveryRef(*read_moment(cursor, DELIVERY_PREFIX)) if cursor is not None else None
