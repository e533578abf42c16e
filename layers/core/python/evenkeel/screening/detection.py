"""Use case of learned detection: look at a payment that was made, and learn from it."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.clock import Clock
from evenkeel.errors import StoreBusy, StoreUnconfirmed
from evenkeel.learning.baseline import Baseline
from evenkeel.learning.baseline_codec import decoded, encoded
from evenkeel.learning.occurrence import Occurrence
from evenkeel.learning.ports import BaselineStore
from evenkeel.learning.score import Score
from evenkeel.learning.sharing import Sharing
from evenkeel.resilience.retry import Retry
from evenkeel.screening.anomaly import Unusual
from evenkeel.screening.policies import Policies
from evenkeel.screening.ports import DetectionWatch, Marks
from evenkeel.screening.rules import Mode

# Each time somebody else has learned another payment of the same user.
ATTEMPT_COUNT_MAX = 10
SCORE_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Detection:
    """A payment is marked before it is learned from: whatever is cut off is done again, whole."""

    baselines: BaselineStore
    sharing: Sharing
    policies: Policies
    marks: Marks
    watch: DetectionWatch
    retry: Retry
    clock: Clock

    def hear(self, occurrence: Occurrence) -> None:
        """Judge a payment, mark it if it is unusual, and learn from it once.

        Raises:
            ObjectNotFound: This client has no such payment.
            StoreBusy, StoreUnconfirmed: It may not be marked, or learned. It must come again.
        """
        self._share()
        scorer, person = self.sharing.scorer, occurrence.person
        for _ in range(ATTEMPT_COUNT_MAX):
            kept = self.retry.call(lambda: self.baselines.load(person))
            baseline, version = (
                (Baseline(), None) if kept is None else (decoded(kept.data), kept.version)
            )
            observed = scorer.observe(occurrence, baseline)
            self._tell(occurrence, observed.score)
            if observed.baseline is baseline:
                return
            data = encoded(observed.baseline)
            if self._save(occurrence, data, version):
                scorer.count(observed)
                return
        raise StoreBusy

    def _save(self, occurrence: Occurrence, data: bytes, over: int | None) -> bool:
        return self.retry.call(lambda: self.baselines.save(occurrence.person, data, over))

    def _share(self) -> None:
        try:
            self.sharing.share_if_due()
        except (StoreBusy, StoreUnconfirmed) as error:
            self.watch.unshared(error)

    def _tell(self, occurrence: Occurrence, score: Score) -> None:
        client_id = occurrence.person.client_id
        rule = self.policies.of(client_id).rules.unusual_behaviour
        if rule.mode is Mode.OFF or not rule.is_met(score.value):
            return
        causes = tuple(map(str, score.causes))
        unusual = Unusual(self.clock(), round(score.value, SCORE_DIGITS), causes)
        if rule.mode is Mode.ON:
            self.marks.mark(client_id, occurrence.payment_id, unusual)
        self.watch.found(occurrence, unusual, rule.mode)
