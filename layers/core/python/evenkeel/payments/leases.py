"""Who works on something, so that nobody else does meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# Longer than a request can last: while a client is being answered, nobody else works on it.
LEASE_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Lease:
    """Who works on a payment, and for how long nobody else may."""

    request_id: str
    until: datetime

    @classmethod
    def taken(cls, request_id: str, now: datetime) -> Lease:
        return cls(request_id, now + LEASE_FOR)

    def holds(self, now: datetime) -> bool:
        return now < self.until
