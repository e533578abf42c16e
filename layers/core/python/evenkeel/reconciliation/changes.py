"""What was changed, and when somebody heard of it: the places that a run has to look at.

The readers of the tables' streams note every change, whoever made it, on pages: a page
for each batch. So a run looks at what has changed, and not again at what has not. A note
is a hint and no evidence: what is compared is read from the tables themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from zlib import crc32

# The pages of so long are kept together, in so many parts that are read side by side.
BUCKET_FOR = timedelta(minutes=15)
CHANGE_SHARD_COUNT = 4


class ChangedObject(StrEnum):
    PAYMENT = "payment"
    RECORD = "record"  # Of the journal.
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Change:
    """An object that was added, altered or removed.

    Attributes:
        object_id: The payment's, the transfer's, or the account's.
        payment_id: Of a record: the payment that it names, or named before it was altered
            or removed.
        account_ids: Of a record that was altered or removed: the wallets whose entry it was.
            One that was added can be asked for itself. Of a wallet that was not changed as a
            posting changes it: itself.
        transfer_ids: Of a payment: the transfers of the refunds that it knew before, and
            knows no more.
    """

    client_id: str
    object: ChangedObject
    object_id: str
    payment_id: str | None = None
    account_ids: tuple[str, ...] = ()
    transfer_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a window: what was noted in [since, until) on the pages of one bucket and shard."""

    bucket: datetime
    shard: int
    since: datetime
    until: datetime


class ChangeStream(Protocol):
    def read(self, raw: Mapping[str, Any]) -> Change:
        """Read from a raw record of a stream which object was changed, readable or not.

        Raises:
            UnreadableRecord: Its key is none that an object of a client can have.
        """


class ChangeLog(Protocol):
    def note(self, changes: Sequence[Change], now: datetime) -> None:
        """Note what one batch of a stream brings; twice does no harm.

        What is noted can be read when this returns, and not yet at the moment that it is
        noted under.

        Raises:
            StoreBusy, StoreUnconfirmed: It may not be noted.
        """

    def read(self, stretch: Stretch) -> Iterator[Change]:
        """Yield what was noted in a stretch, in the order of time.

        A change comes as often as it was noted, but only once of one batch.

        Raises:
            StoreBusy: It could not be read.
        """


def by_shard(changes: Sequence[Change]) -> Mapping[int, Sequence[Change]]:
    """Return the changes of each shard that has any, each of them once and in a fixed order."""
    found: dict[int, set[Change]] = defaultdict(set)
    for change in changes:
        found[shard_of(change)].add(change)
    return {shard: sorted(found[shard], key=_place) for shard in sorted(found)}


def shard_of(change: Change) -> int:
    """Return where all changes of an object are; those of a record are where its payment's are."""
    id_ = change.payment_id or change.object_id
    return crc32(f"{change.client_id}/{id_}".encode()) % CHANGE_SHARD_COUNT


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


def _place(change: Change) -> tuple[object, ...]:
    return (
        change.client_id,
        change.object,
        change.object_id,
        change.payment_id or "",
        change.account_ids,
        change.transfer_ids,
    )
