"""A request to move a payment's money, and how it is answered."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.clock import Deadline
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import Refund


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to have money moved.

    Attributes:
        deadline: When the outcome must be known, with time left to record it.
        may_wait: Whether to queue the payment, instead of failing, while nobody can debit it.
    """

    request_id: str
    deadline: Deadline
    may_wait: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A payment as a request is answered with it.

    Attributes:
        refund: The one that was asked for, if it was one.
        cause: Why nobody knows yet what becomes of what was asked for, as an error's code.
    """

    payment: Payment
    replayed: bool = False
    refund: Refund | None = None
    cause: str | None = None

    @property
    def is_open(self) -> bool:
        return self.cause is not None
