"""What a client asks to be paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from evenkeel.money import Money


class Capture(StrEnum):
    AUTOMATIC = "automatic"
    MANUAL = "manual"  # Held first; captured or voided by another request.


@dataclass(frozen=True, slots=True)
class Order:
    """What a client asked to be paid, under its idempotency key.

    Attributes:
        payment_id: Derived from the client, the route and the key: the payment
            is its own idempotency record, for ever.
        fingerprint: Of the request's contents.
    """

    payment_id: str
    fingerprint: str
    client_id: str
    user_id: str
    merchant_id: str
    amount: Money
    wallet_id: str | None = None
    capture: Capture = Capture.AUTOMATIC
    description: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
