"""What became of payments, told to those who count failures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evenkeel.payments.model import Payment
from evenkeel.person import Person
from evenkeel.screening.windows import Outcome

if TYPE_CHECKING:
    from evenkeel.screening.service import Screening


@dataclass(frozen=True, slots=True)
class ScreenedOutcomes:
    """Tells the screening, which is made by whoever needs it first."""

    screening: Callable[[], Screening]

    def processed(self, payment: Payment) -> None:
        assert payment.processed_at is not None
        person = Person(payment.client_id, payment.order.user_id)
        is_failure = payment.failure is not None
        self.screening().hear(Outcome(person, payment.id, payment.processed_at, is_failure))


class UnscreenedOutcomes:
    """For those who look after payments later: nobody waits, and an event tells it soon."""

    def processed(self, payment: Payment) -> None:
        pass
