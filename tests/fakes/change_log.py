from collections.abc import Iterator, Sequence
from datetime import datetime

from evenkeel.reconciliation.changes import Change, Stretch, bucket_of, by_shard

Page = tuple[datetime, int, Sequence[Change]]


class InMemoryChangeLog:
    """Keeps what is noted, page by page; or fails, as it is told to."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.fault: Exception | None = None

    def note(self, changes: Sequence[Change], now: datetime) -> None:
        if self.fault is not None:
            raise self.fault
        pages: list[Page] = [(now, shard, each) for shard, each in by_shard(changes).items()]
        self.pages += [page for page in pages if page not in self.pages]

    def read(self, stretch: Stretch) -> Iterator[Change]:
        if self.fault is not None:
            raise self.fault
        for written_at, shard, changes in sorted(self.pages, key=lambda page: page[0]):
            is_there = (bucket_of(written_at), shard) == (stretch.bucket, stretch.shard)
            if is_there and stretch.since <= written_at < stretch.until:
                yield from changes

    @property
    def noted(self) -> set[Change]:
        return {change for _, _, changes in self.pages for change in changes}
