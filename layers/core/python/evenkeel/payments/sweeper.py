"""Settles what was left open: to what the ledger says, or by asking for it again.

Whoever worked on a payment may have died, or may not have been told what became
of the transfer. The ledger knows, and it is asked with a strong read. A transfer that
is not there may still be under way, so it is never taken back: it is asked for
again, under the same id, and posted once. Every change is conditional on the
version, so live requests and other sweepers do no harm, and are done none.

The payments that are due are in shards, and a sweep goes through them in lanes,
each on a thread of its own. A payment that cannot be looked after is in nobody's
way, and neither is a lane that breaks off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from evenkeel.clock import Clock
from evenkeel.payments.answers import Attempt
from evenkeel.payments.desk import PaymentDesk
from evenkeel.payments.lane import Lane, Settlement
from evenkeel.payments.ports import DUE_SHARD_COUNT, Journal, PaymentStore, SweepWatch


@dataclass(frozen=True, slots=True)
class Sweep:
    """What came of the payments that were due, by number.

    Attributes:
        counts: Of a payment with several open refunds each is counted. *Left* are payments that
            still are due, as far as they were looked at; an index that could not be read, or
            time that was over before its end, counts as one.
        errors: Of the lanes that broke off.
    """

    counts: Counter[Settlement]
    errors: Sequence[Exception] = ()

    @property
    def looked(self) -> int:
        return self.counts.total()


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Looks through what is due.

    Attributes:
        lanes: The means of each lane to have money moved: a breaker is not for several
            threads. The shards are shared out among the lanes.
        watch: Told of what goes wrong, by all lanes.
    """

    store: PaymentStore
    journal: Journal
    lanes: Sequence[PaymentDesk]
    watch: SweepWatch
    clock: Clock
    sleep: Callable[[float], None]

    def sweep(self, attempt: Attempt) -> Sweep:
        """Settle all that is due, and stay with what cannot be settled yet until time is over."""
        lanes = [
            Lane(
                self.store,
                self.journal,
                desk,
                self.watch,
                self.clock,
                self.sleep,
                range(number, DUE_SHARD_COUNT, len(self.lanes)),
                attempt,
            )
            for number, desk in enumerate(self.lanes)
        ]
        with ThreadPoolExecutor(len(lanes)) as threads:
            errors = [error for error in threads.map(Lane.run, lanes) if error is not None]
        counts = sum((lane.counts for lane in lanes), Counter[Settlement]())
        return Sweep(counts, errors)
