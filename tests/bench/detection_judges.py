"""Those who judge payments: each gives a score to each payment, as it comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import log, log10
from typing import Any, Protocol

from evenkeel.learning.baseline import Baseline
from evenkeel.learning.features import features_of
from evenkeel.learning.occurrence import Occurrence
from evenkeel.learning.scorer import Scorer
from evenkeel.learning.verdict import verdict
from evenkeel.person import Person
from evenkeel.screening.quota import Bucket
from evenkeel.screening.rules import Rules
from evenkeel.screening.windows import Entry
from tests.bench.detection_users import FIRST_DAY
from tests.fakes.windows import InMemoryWindows

UNLIMITED = Bucket(per_s=10_000, burst_count=100_000)
MERGED_EVERY = 250  # Payments. Environments add up what they have counted, about as often.


@dataclass(frozen=True, slots=True)
class Opinion:
    """Of one payment.

    Attributes:
        is_flagged: None if the judge only gives scores.
    """

    score: float
    is_flagged: bool | None


class Judge(Protocol):
    def judge(self, occurrence: Occurrence) -> Opinion:
        """Say what is thought of a payment, and learn from it."""


@dataclass
class RulesAlone:
    """The rules with their defaults, on windows. Nobody's payment fails here."""

    now: datetime = FIRST_DAY
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        self._windows = InMemoryWindows(lambda: self.now)

    def judge(self, occurrence: Occurrence) -> Opinion:
        self.now = occurrence.at
        person = Person(occurrence.person.client_id, occurrence.person.user_id)
        entry = Entry(person, occurrence.payment_id, occurrence.amount)
        screened = self._windows.screen(entry, UNLIMITED, self.rules.spans)
        anomaly = self.rules.judged([occurrence.amount], screened.counts)
        assert screened.counts is not None
        # A rule says yes or no; among those who say no, more in a minute is more suspicious.
        nearly = (screened.counts.payment_count - 1) / 100
        return Opinion(len(anomaly.reasons) + nearly, anomaly.is_flagged)


@dataclass
class Learned:
    """Ours, as one environment that adds what it has counted to what all have."""

    scorer: Scorer = field(default_factory=Scorer)
    baselines: dict[Person, Baseline] = field(default_factory=dict)
    unmerged: int = 0

    def judge(self, occurrence: Occurrence) -> Opinion:
        known = self.baselines.get(occurrence.person, Baseline())
        observed = self.scorer.observe(occurrence, known)
        self.scorer.count(observed)
        self.baselines[occurrence.person] = observed.baseline
        self.unmerged += 1
        if self.unmerged >= MERGED_EVERY:
            self.unmerged = 0
            self.scorer.forest.add(self.scorer.hand_over())
            self.scorer.forest.turn()
        return Opinion(observed.score.value, observed.score.is_flagged)


@dataclass
class Payments:
    """What a payment says by itself, for river: its amount, its hour, the time since the last."""

    last: dict[Person, datetime] = field(default_factory=dict)

    def said(self, occurrence: Occurrence) -> Mapping[str, float]:
        last = self.last.get(occurrence.person)
        self.last[occurrence.person] = occurrence.at
        gap_s = 604_800.0 if last is None else (occurrence.at - last).total_seconds()
        return {
            "amount": log10(occurrence.amount.amount_minor),
            "hour": occurrence.at.hour,
            "gap": log(min(max(gap_s, 1.0), 604_800.0)),
        }


@dataclass
class Places:
    """The same features that our forest gets, with everybody's baselines, for river."""

    baselines: dict[Person, Baseline] = field(default_factory=dict)

    def said(self, occurrence: Occurrence) -> Mapping[str, float]:
        known = self.baselines.get(occurrence.person, Baseline())
        self.baselines[occurrence.person] = known.learned(occurrence, verdict(0.0))
        place = features_of(occurrence, known).place
        return {str(number): value for number, value in enumerate(place)}


@dataclass
class River:
    """River's half-space trees, 25 of them, otherwise as they come."""

    features: Payments | Places

    def __post_init__(self) -> None:
        from river import anomaly, compose, preprocessing  # noqa: PLC0415 - of the bench alone.

        self._model: Any = compose.Pipeline(
            preprocessing.MinMaxScaler(), anomaly.HalfSpaceTrees(n_trees=25, seed=1)
        )

    def judge(self, occurrence: Occurrence) -> Opinion:
        said = self.features.said(occurrence)
        score: float = self._model.score_one(said)
        self._model.learn_one(said)
        return Opinion(score, None)
