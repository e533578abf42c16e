"""What holds for one client: how much it may ask for, and what is remarkable about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from evenkeel.screening.quota import Bucket, Lane
from evenkeel.screening.rules import Rules


@dataclass(frozen=True, slots=True)
class Policy:
    """The defaults hold for every client for whom nothing else was laid down."""

    reads: Bucket = field(default_factory=lambda: Bucket(per_s=200, burst_count=400))
    writes: Bucket = field(default_factory=lambda: Bucket(per_s=100, burst_count=200))
    rules: Rules = field(default_factory=Rules)

    def bucket(self, lane: Lane) -> Bucket:
        return self.reads if lane is Lane.READS else self.writes
