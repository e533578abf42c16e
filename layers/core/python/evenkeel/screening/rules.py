"""The rules of a client: from when on a payment is remarkable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from evenkeel.currencies import EXPONENTS
from evenkeel.money import AMOUNT_MINOR_MAX, Money
from evenkeel.screening.anomaly import CLEAR, UNKNOWN, Anomaly, AnomalyStatus, Rule
from evenkeel.screening.windows import (
    ENTRY_COUNT_MAX,
    OUTCOME_COUNT_MAX,
    WINDOW_S_MAX,
    Counts,
    Spans,
)

OVER_MAJOR_MAX = 10**9


class Mode(StrEnum):
    ON = "on"
    SHADOW = "shadow"  # On trial: recorded, and flags nothing.
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Velocity:
    """A payment that is the *count*th within the time, or comes after it."""

    count: int = 5
    within_s: int = 60
    mode: Mode = Mode.ON

    def __post_init__(self) -> None:
        _check("count", self.count, 2, ENTRY_COUNT_MAX)
        _check("within_s", self.within_s, 1, WINDOW_S_MAX)

    def is_met(self, counts: Counts) -> bool:
        return counts.payment_count >= self.count


@dataclass(frozen=True, slots=True)
class DuplicateAmount:
    """A payment that is the *count*th of one amount and currency within the time."""

    count: int = 3
    within_s: int = 300
    mode: Mode = Mode.ON

    def __post_init__(self) -> None:
        _check("count", self.count, 2, ENTRY_COUNT_MAX)
        _check("within_s", self.within_s, 1, WINDOW_S_MAX)

    def is_met(self, counts: Counts) -> bool:
        return counts.same_amount_count >= self.count


@dataclass(frozen=True, slots=True)
class FailedStreak:
    """A payment that is asked for after more failures in a row than this."""

    over_count: int = 3
    mode: Mode = Mode.ON

    def __post_init__(self) -> None:
        _check("over_count", self.over_count, 1, OUTCOME_COUNT_MAX - 1)

    def is_met(self, counts: Counts) -> bool:
        return counts.failure_count > self.over_count


@dataclass(frozen=True, slots=True)
class LargeAmount:
    """A payment over an amount: in major units, unless its currency has one of its own."""

    over_major: int = 5_000
    over_minor: Mapping[str, int] = field(default_factory=dict)  # By currency.
    mode: Mode = Mode.ON

    def __post_init__(self) -> None:
        _check("over_major", self.over_major, 1, OVER_MAJOR_MAX)
        for currency, amount_minor in self.over_minor.items():
            if currency not in EXPONENTS:
                raise ValueError(f"over_minor names {currency}, which is no currency")
            _check(f"over_minor of {currency}", amount_minor, 1, AMOUNT_MINOR_MAX)

    def is_met(self, amount: Money) -> bool:
        at_most = self.over_minor.get(amount.currency)
        if at_most is None:
            at_most = self.over_major * 10 ** EXPONENTS[amount.currency]
        return amount.amount_minor > at_most


@dataclass(frozen=True, slots=True)
class UnusualBehaviour:
    """A payment of which the learned model is so sure; it says so some time after it was made."""

    from_percent: int = 50
    mode: Mode = Mode.ON

    def __post_init__(self) -> None:
        _check("from_percent", self.from_percent, 50, 99)

    def is_met(self, score: float) -> bool:
        return 100 * score >= self.from_percent


@dataclass(frozen=True, slots=True)
class Rules:
    velocity: Velocity = field(default_factory=Velocity)
    large_amount: LargeAmount = field(default_factory=LargeAmount)
    failed_streak: FailedStreak = field(default_factory=FailedStreak)
    duplicate_amount: DuplicateAmount = field(default_factory=DuplicateAmount)
    unusual_behaviour: UnusualBehaviour = field(default_factory=UnusualBehaviour)

    @property
    def spans(self) -> Spans:
        return Spans(self.velocity.within_s, self.duplicate_amount.within_s)

    def judged(self, amounts: Sequence[Money], counts: Counts | None) -> Anomaly:
        """Say what is remarkable about payments of these amounts, with their user's windows.

        Args:
            amounts: Usually one.
            counts: None if nobody could look. What needs no window is said all the same.
        """
        met = list(self._met(amounts, counts))
        reasons = tuple(rule for rule, mode in met if mode is Mode.ON)
        shadows = tuple(rule for rule, mode in met if mode is Mode.SHADOW)
        if reasons:
            return Anomaly(AnomalyStatus.FLAGGED, reasons, shadows)
        return Anomaly((UNKNOWN if counts is None else CLEAR).status, shadows=shadows)

    def _met(self, amounts: Sequence[Money], counts: Counts | None) -> Iterator[tuple[Rule, Mode]]:
        if counts is not None and self.velocity.is_met(counts):
            yield Rule.VELOCITY_EXCEEDED, self.velocity.mode
        if any(map(self.large_amount.is_met, amounts)):
            yield Rule.LARGE_AMOUNT, self.large_amount.mode
        if counts is not None and self.failed_streak.is_met(counts):
            yield Rule.FAILED_STREAK, self.failed_streak.mode
        if counts is not None and self.duplicate_amount.is_met(counts):
            yield Rule.DUPLICATE_AMOUNT, self.duplicate_amount.mode


def _check(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} is not a whole number")  # noqa: TRY004 - a wrong value all the same.
    if not least <= value <= most:
        raise ValueError(f"{name} is {value}, and must be from {least} to {most}")
