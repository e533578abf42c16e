"""How many requests a client may make: a token bucket for each lane, and what is left in one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PER_S_MAX = 10_000
BURST_COUNT_MAX = 100_000


class Lane(StrEnum):
    """Whoever lists without end can still pay."""

    READS = "reads"
    WRITES = "writes"


@dataclass(frozen=True, slots=True)
class Bucket:
    """It holds *burst_count* tokens at most, gains *per_s* a second, and a request takes one."""

    per_s: float
    burst_count: int

    def __post_init__(self) -> None:
        if not 0 < self.per_s <= PER_S_MAX:
            raise ValueError(f"per_s is {self.per_s}, and must be above 0 and at most {PER_S_MAX}")
        if type(self.burst_count) is not int or not 1 <= self.burst_count <= BURST_COUNT_MAX:
            raise ValueError(
                f"burst_count is {self.burst_count}, and must be from 1 to {BURST_COUNT_MAX}"
            )


@dataclass(frozen=True, slots=True)
class Quota:
    """What a client has left in a bucket, after a request has taken its token or found none.

    Attributes:
        limit_count: What the bucket holds when it is full.
        full_in_s: When it is full again if nobody takes anything.
        retry_after_s: When there is a token again; None if this request got one.
    """

    limit_count: int
    remaining_count: int
    full_in_s: float
    retry_after_s: float | None = None

    @property
    def is_granted(self) -> bool:
        return self.retry_after_s is None
