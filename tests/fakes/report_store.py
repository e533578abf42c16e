import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from evenkeel.errors import VersionConflict
from evenkeel.events.model import Severity
from evenkeel.reconciliation.mismatch import Mismatch
from evenkeel.reconciliation.ports import ReportPage
from evenkeel.reconciliation.run import Run

GRAVEST = list(Severity)[::-1]


class InMemoryRunStore:
    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.until: datetime | None = None

    def add(self, run: Run) -> Run:
        return self.runs.setdefault(run.id, run)

    def get(self, run_id: str) -> Run | None:
        return self.runs.get(run_id)

    def save(self, run: Run) -> None:
        if self.runs[run.id].version != run.version - 1:
            raise VersionConflict
        self.runs[run.id] = run

    def latest(self, client_id: str | None, limit: int, before: str | None) -> Sequence[Run]:
        runs = [each for each in self.runs.values() if each.client_id == client_id and each.is_over]
        found = [each for each in runs if before is None or each.listed_as < before]
        return sorted(found, key=lambda each: each.listed_as, reverse=True)[:limit]

    def unfinished(self) -> Iterator[Run]:
        found = [each for each in self.runs.values() if not each.is_over]
        yield from sorted(found, key=lambda each: each.listed_as)

    def watermark(self) -> datetime | None:
        return self.until

    def move_watermark(self, until: datetime) -> None:
        self.until = max(until, self.until or until)


class InMemoryMismatchStore:
    """Keeps mismatches.

    Attributes:
        hides_all: Whether no list shows yet what is stored.
    """

    def __init__(self) -> None:
        self.mismatches: dict[tuple[str, str], Mismatch] = {}
        self.filed: dict[tuple[str, str, str], str] = {}
        self.hides_all = False

    def get(self, client_id: str, mismatch_id: str) -> Mismatch | None:
        return self.mismatches.get((client_id, mismatch_id))

    def add(self, mismatch: Mismatch) -> Mismatch:
        return self.mismatches.setdefault((mismatch.client_id, mismatch.id), mismatch)

    def save(self, mismatch: Mismatch) -> None:
        key = (mismatch.client_id, mismatch.id)
        if self.mismatches[key].version != mismatch.version - 1:
            raise VersionConflict
        self.mismatches[key] = mismatch

    def unsettled(self, client_id: str | None) -> Iterator[Mismatch]:
        for each in sorted(self.mismatches.values(), key=lambda each: each.listed_as):
            is_listed = not each.is_settled and not self.hides_all
            if is_listed and client_id in (None, each.client_id):
                yield each

    def file(self, run_id: str, place: str, mismatch: Mismatch) -> bool:
        key = (run_id, mismatch.client_id, mismatch.id)
        return self.filed.setdefault(key, place) == place

    def of_report(self, run_id: str, client_id: str, limit: int, beyond: str | None) -> ReportPage:
        filed = [id_ for run, client, id_ in self.filed if (run, client) == (run_id, client_id)]
        places = {
            f"{GRAVEST.index(each.finding.severity)}/{each.id}": each
            for each in (self.mismatches[client_id, id_] for id_ in filed)
            if not self.hides_all
        }
        found = sorted(place for place in places if beyond is None or place > beyond)[:limit]
        return ReportPage(
            [places[place] for place in found], found[-1] if len(found) == limit else None
        )


class InMemoryStepStore:
    """Keeps what JSON can hold."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def save(self, name: str, pages: Sequence[Mapping[str, Any]]) -> None:
        self.kept[name] = json.dumps(pages)

    def load(self, name: str) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = json.loads(self.kept[name])
        return found
