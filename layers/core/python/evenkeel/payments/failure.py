"""Why a payment, or a part of it, came to nothing for good."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.errors import Declined, DeclineReason


@dataclass(frozen=True, slots=True)
class Failure:
    reason: DeclineReason
    message: str
    request_id: str | None  # Of the request that met the refusal first.

    @classmethod
    def of(cls, declined: Declined) -> Failure:
        return cls(declined.reason, declined.message, declined.first_request_id)
