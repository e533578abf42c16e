"""The policies of clients, each remembered for a while."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evenkeel.clock import Clock
from evenkeel.errors import EvenkeelError
from evenkeel.screening.policy import Policy
from evenkeel.screening.ports import PolicyStore, ScreenWatch

# A change must hold everywhere within a minute, so what was read is believed for less.
KNOWN_FOR = timedelta(seconds=45)
KNOWN_COUNT_MAX = 1024

DEFAULT = Policy()


@dataclass(frozen=True, slots=True)
class Policies:
    """Finds out what holds for a client. A store that is away changes nothing for anybody.

    By the clock on the wall, as keys are: another one stands still while Lambda has
    the environment frozen.
    """

    store: PolicyStore
    watch: ScreenWatch
    clock: Clock
    _known: OrderedDict[str, tuple[Policy, datetime]] = field(default_factory=OrderedDict)

    def of(self, client_id: str) -> Policy:
        known = self._known.get(client_id)
        now = self.clock()
        if known is not None and timedelta(0) <= now - known[1] < KNOWN_FOR:
            return known[0]
        try:
            policy = self.store.policy(client_id) or DEFAULT
        except (EvenkeelError, ValueError) as error:
            self.watch.unavailable(error)
            policy = known[0] if known else DEFAULT
        self._known[client_id] = (policy, now)
        if len(self._known) > KNOWN_COUNT_MAX:
            self._known.popitem(last=False)
        return policy
