"""What a message of the queue says: an event of a payment, as the bus hands it on."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from evenkeel.events.model import EventType
from evenkeel.learning.occurrence import Occurrence
from evenkeel.money import Money
from evenkeel.person import Person
from evenkeel.screening.alerting import Flag
from evenkeel.screening.anomaly import Rule
from evenkeel.screening.windows import Outcome


class Part(BaseModel):
    """What matters here; all else is left out."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class AnomalyPart(Part):
    reasons: list[Rule]


class PaymentPart(Part):
    id: str
    user_id: str
    merchant_id: str
    amount: int
    currency: str
    anomaly: AnomalyPart
    created_at: AwareDatetime
    processed_at: AwareDatetime | None


class EventPart(Part):
    type: EventType
    client_id: str
    data: PaymentPart

    @property
    def person(self) -> Person:
        return Person(self.client_id, self.data.user_id)

    def occurrence(self) -> Occurrence:
        payment = self.data
        return Occurrence(
            self.person,
            payment.id,
            payment.merchant_id,
            Money(payment.amount, payment.currency),
            payment.created_at,
        )

    def flag(self) -> Flag:
        payment = self.data
        return Flag(
            self.person,
            payment.id,
            payment.merchant_id,
            Money(payment.amount, payment.currency),
            payment.created_at,
            payment.anomaly.reasons,
        )

    def outcome(self) -> Outcome:
        payment = self.data
        assert payment.processed_at is not None, "the wallet has answered"
        is_failure = self.type is EventType.PAYMENT_FAILED
        return Outcome(self.person, payment.id, payment.processed_at, is_failure)


class EventMessage(Part):
    detail: EventPart
    replay_name: Annotated[str | None, Field(alias="replay-name")] = None

    @property
    def is_replayed(self) -> bool:
        """Whether it comes out of the archive of the bus."""
        return self.replay_name is not None
