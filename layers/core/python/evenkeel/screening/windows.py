"""What is counted of a user's payments, within windows of time that slide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evenkeel.money import Money
from evenkeel.person import Person
from evenkeel.screening.quota import Quota

# What is kept of a user: so many payments and so many outcomes, the newest. More is not counted.
ENTRY_COUNT_MAX = 50
OUTCOME_COUNT_MAX = 20
WINDOW_S_MAX = 3600


@dataclass(frozen=True, slots=True)
class Entry:
    """A payment that was asked for, however often: it counts once, by its id."""

    person: Person
    payment_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of a payment.

    Attributes:
        at: When the wallet gave its answer.
    """

    person: Person
    payment_id: str
    at: datetime
    is_failure: bool


@dataclass(frozen=True, slots=True)
class Spans:
    """How far back each window reaches."""

    velocity_s: int
    duplicate_s: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What the windows hold at one moment.

    Attributes:
        payment_count: Within the velocity's window.
        same_amount_count: Of one amount and currency, within the duplicates' window.
        failure_count: In a row, up to now.
    """

    payment_count: int
    same_amount_count: int
    failure_count: int


@dataclass(frozen=True, slots=True)
class Screened:
    """What became of a request to create: its token, and the counts with its payment in them.

    Attributes:
        counts: None if there was no token: then nothing is counted.
    """

    quota: Quota
    counts: Counts | None


@dataclass(frozen=True, slots=True)
class Sight:
    """A user's windows as they are, without a new payment.

    Attributes:
        counts: `same_amount_count` is that of the amount that there is most of.
        amounts: Of the payments in the longer window, the newest first.
    """

    counts: Counts
    amounts: Sequence[Money]
