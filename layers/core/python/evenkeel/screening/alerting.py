"""Remarkable payments as people are told of them: once for each user, rule and day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from evenkeel.events.model import ALERT_PREFIX, Alert, EventType, Severity
from evenkeel.ids import derived_id
from evenkeel.money import Money
from evenkeel.person import Person
from evenkeel.screening.anomaly import SEVERITIES, Rule

LOOK = "See how the user stands: GET /api/payments/anomaly/check/{user_id}"
LIST = "See what was flagged: GET /api/payments/anomalies?userId={user_id}"
READ_RUNBOOK = "Then go on as docs/anomalies.md says, under What to do"


@dataclass(frozen=True, slots=True)
class Flag:
    """A remarkable payment, as its event tells it."""

    person: Person
    payment_id: str
    merchant_id: str
    amount: Money
    created_at: datetime
    reasons: Sequence[Rule]


def alerts_of(flag: Flag) -> Iterator[Alert]:
    """Yield an alert for each rule that must wake somebody.

    Its id is the same for all payments of a user that meet the rule on one day: an attack
    has many payments, and one alert is enough. One that lasts is told of again the next day.
    """
    for rule in flag.reasons:
        if SEVERITIES[rule] is Severity.HIGH:
            yield _alert(flag, rule)


def _alert(flag: Flag, rule: Rule) -> Alert:
    person = flag.person
    day = flag.created_at.date().isoformat()
    return Alert(
        id=derived_id(ALERT_PREFIX, person.client_id, person.user_id, rule, day),
        type=EventType.PAYMENT_FLAGGED.value,
        severity=SEVERITIES[rule],
        title=f"{rule} by user {person.user_id}",
        detail=(
            f"{flag.payment_id}, {flag.amount} to {flag.merchant_id}, meets {rule}; what the user"
            " pays after it is flagged too, and told of once a day"
        ),
        occurred_at=flag.created_at,
        client_id=person.client_id,
        object_id=flag.payment_id,
        data={"rule": rule.value, "userId": person.user_id, "paymentId": flag.payment_id},
        next_steps=[
            LOOK.format(user_id=person.user_id),
            LIST.format(user_id=person.user_id),
            READ_RUNBOOK,
        ],
    )
