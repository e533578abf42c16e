"""What a sweep reports."""

from __future__ import annotations

from evenkeel.entrypoints.schema import Reply
from evenkeel.payments.lane import Settlement
from evenkeel.payments.sweeper import Sweep


class SweepReply(Reply):
    """Numbers of payments, or of their refunds; *left* are payments that still are due."""

    looked: int
    completed: int
    declined: int
    expired: int
    resumed: int
    left: int
    stuck: int

    @classmethod
    def of(cls, sweep: Sweep) -> SweepReply:
        counts = sweep.counts
        return cls(
            looked=sweep.looked,
            completed=counts[Settlement.COMPLETED],
            declined=counts[Settlement.DECLINED],
            expired=counts[Settlement.EXPIRED],
            resumed=counts[Settlement.RESUMED],
            left=counts[Settlement.LEFT],
            stuck=counts[Settlement.STUCK],
        )
