"""A payment, as far as habits show in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from evenkeel.money import Money

DIGEST_BYTE_COUNT = 6  # Of the last few payments of one user, or merchants, no two are alike.


@dataclass(frozen=True, slots=True)
class Habitant:
    """Whose habits they are: a user of one client. Tenants learn nothing of each other."""

    client_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Occurrence:
    habitant: Habitant
    payment_id: str
    merchant_id: str
    amount: Money
    at: datetime


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:DIGEST_BYTE_COUNT]
