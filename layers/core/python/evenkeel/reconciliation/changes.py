"""What was changed, and when somebody heard of it: the places that a run has to look at.

The readers of the tables' streams note every change, whoever made it, on pages: a page
for each batch. So a run looks at what has changed, and not again at what has not. A note
is a hint and no evidence: what is compared is read from the tables themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

# The pages of so long are kept together, in so many parts that are read side by side.
BUCKET_FOR = timedelta(minutes=5)
CHANGE_SHARD_COUNT = 4


class ChangedObject(StrEnum):
    PAYMENT = "payment"
    RECORD = "record"  # Of the journal.
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """An object that was added, altered or removed.

    Attributes:
        object_id: The payment's, the transfer's, or the account's.
        payment_id: Of a record that was altered or removed: the payment that it named. One
            that was added can be asked for itself.
        account_ids: The wallets whose entry it was, in the same case.
    """

    client_id: str
    object: ChangedObject
    object_id: str
    payment_id: str | None = None
    account_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a window: what was noted in [since, until) on the pages of one bucket and shard."""

    bucket: datetime
    shard: int
    since: datetime
    until: datetime


class ChangeLog(Protocol):
    def note(self, changes: Sequence[Change], now: datetime) -> None:
        """Note what one batch of a stream brings; twice does no harm.

        Raises:
            StoreBusy, StoreUnconfirmed: It may not be noted.
        """

    def read(self, stretch: Stretch) -> Iterator[Change]:
        """Yield what was noted in a stretch, a change as often as it was noted.

        Raises:
            StoreBusy: It could not be read.
        """


def stretches(since: datetime, until: datetime) -> Iterator[Stretch]:
    """Yield the parts of a window, one after the other in time, all shards of a bucket in turn."""
    bucket = bucket_of(since)
    while bucket < until:
        begin, end = max(since, bucket), min(until, bucket + BUCKET_FOR)
        for shard in range(CHANGE_SHARD_COUNT):
            yield Stretch(bucket, shard, begin, end)
        bucket += BUCKET_FOR


def bucket_of(moment: datetime) -> datetime:
    """Return the beginning of the bucket that a moment is in."""
    epoch = datetime(1970, 1, 1, tzinfo=moment.tzinfo)
    return epoch + (moment - epoch) // BUCKET_FOR * BUCKET_FOR
