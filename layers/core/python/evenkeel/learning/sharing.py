"""What one environment has counted, brought to all others, and theirs to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from evenkeel.clock import Clock
from evenkeel.errors import StoreUnconfirmed
from evenkeel.learning.model import load, merge
from evenkeel.learning.ports import ModelStore
from evenkeel.learning.scorer import Scorer

# A snapshot takes up to 26 write units; an environment that ends loses what it has not shared.
EVERY = timedelta(minutes=1)


@dataclass(slots=True)
class Sharing:
    scorer: Scorer
    store: ModelStore
    clock: Clock
    _tried_at: datetime | None = None

    def share_if_due(self) -> None:
        """Once a minute hand over what was counted here, and take up what all have counted.

        Raises:
            StoreBusy, StoreUnconfirmed: The next try is in a minute; till then nothing changes.
        """
        now = self.clock()
        # The clock on the wall: another one stands still while Lambda has the environment frozen.
        if self._tried_at is not None and timedelta(0) <= now - self._tried_at < EVERY:
            return
        self._tried_at = now
        if self.scorer.has_counted:
            self._hand_over()
        else:
            self.scorer.forest = load(self.store)

    def _hand_over(self) -> None:
        try:
            forest = merge(self.store, self.scorer.counted)
        except StoreUnconfirmed:
            # It may be in. A minute that is missing is better than one that weighs double.
            self.scorer.hand_over()
            raise
        if forest is not None:
            self.scorer.hand_over()
            self.scorer.forest = forest
