"""A payment, as far as habits show in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from evenkeel.money import Money
from evenkeel.person import Person

NO_OFFSET = timedelta(0)


@dataclass(frozen=True, slots=True)
class Occurrence:
    person: Person
    payment_id: str
    merchant_id: str
    amount: Money
    at: datetime

    def __post_init__(self) -> None:
        assert self.at.utcoffset() == NO_OFFSET, "hours are compared, so they are of one zone"


def digest(text: str, byte_count: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:byte_count], "big")
