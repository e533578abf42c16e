"""Runs, mismatches and the reports that they are filed in, as items of one table, and back."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from evenkeel.adapters.dynamodb.item import (
    DocumentAttribute,
    IntegerAttribute,
    Item,
    TimeAttribute,
    key_of,
)
from evenkeel.clock import from_rfc3339, to_rfc3339
from evenkeel.payments.leases import Lease
from evenkeel.reconciliation.mismatch import (
    Finding,
    Mismatch,
    MismatchStatus,
    MismatchType,
    News,
    Repair,
    Subject,
)
from evenkeel.reconciliation.run import (
    Place,
    Run,
    RunStatus,
    Scope,
    Stage,
    Tally,
    Trigger,
    Window,
)

EVERYBODY = "*"
UNSETTLED = "unsettled"
UNFINISHED = "runs/unfinished"


class ByList(GlobalSecondaryIndex["ListedItem"]):
    """Lists: of the runs of a client, of a report's mismatches, of all that is not settled."""

    class Meta:
        index_name = "by_list"
        projection = AllProjection()

    list_key = UnicodeAttribute(hash_key=True)
    list_sort = UnicodeAttribute(range_key=True)


class ListedItem(Item):
    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)
    list_key = UnicodeAttribute(null=True)
    list_sort = UnicodeAttribute(null=True)
    by_list = ByList()


class RunItem(ListedItem):
    class Meta:
        table_name: str

    trigger = UnicodeAttribute()
    scope = UnicodeAttribute()
    client = UnicodeAttribute(null=True)
    since = TimeAttribute()
    until = TimeAttribute()
    started_at = TimeAttribute()
    status = UnicodeAttribute()
    place = DocumentAttribute()
    tallies = DocumentAttribute()
    lease = DocumentAttribute(null=True)
    finished_at = TimeAttribute(null=True)
    version = IntegerAttribute()

    @classmethod
    def of(cls, run: Run) -> RunItem:
        place, lease = run.place, run.lease
        return cls(
            run_key(run.id),
            list_key=runs_list(run.client_id) if run.is_over else UNFINISHED,
            list_sort=run.listed_as,
            trigger=run.trigger.value,
            scope=run.scope.value,
            client=run.client_id,
            since=run.window.since,
            until=run.window.until,
            started_at=run.started_at,
            status=run.status.value,
            place=[place.stage, place.part, place.after],
            tallies={client: _tally_document(tally) for client, tally in run.tallies.items()},
            lease=[lease.request_id, to_rfc3339(lease.until)] if lease else None,
            finished_at=run.finished_at,
            version=run.version,
        )

    def run(self) -> Run:
        stage, part, after = self.place
        return Run(
            id=self.id.removeprefix(run_key("")),
            trigger=Trigger(self.trigger),
            scope=Scope(self.scope),
            client_id=self.client,
            window=Window(self.since, self.until),
            started_at=self.started_at,
            status=RunStatus(self.status),
            place=Place(Stage(stage), part, after),
            tallies={client: Tally(*numbers) for client, numbers in self.tallies.items()},
            lease=Lease(self.lease[0], from_rfc3339(self.lease[1])) if self.lease else None,
            finished_at=self.finished_at,
            version=self.version,
        )


class MismatchItem(ListedItem):
    class Meta:
        table_name: str

    finding = DocumentAttribute()
    run_id = UnicodeAttribute()
    first_seen_at = TimeAttribute()
    last_seen_at = TimeAttribute()
    status = UnicodeAttribute()
    occurrence = IntegerAttribute()
    ended_at = TimeAttribute(null=True)
    told = UnicodeAttribute(null=True)
    repair = DocumentAttribute(null=True)
    version = IntegerAttribute()

    @classmethod
    def of(cls, mismatch: Mismatch) -> MismatchItem:
        is_listed = not mismatch.is_settled
        return cls(
            key_of(mismatch.client_id, mismatch.id),
            list_key=UNSETTLED if is_listed else None,
            list_sort=mismatch.listed_as if is_listed else None,
            finding=_finding_document(mismatch.finding),
            run_id=mismatch.run_id,
            first_seen_at=mismatch.first_seen_at,
            last_seen_at=mismatch.last_seen_at,
            status=mismatch.status.value,
            occurrence=mismatch.occurrence,
            ended_at=mismatch.ended_at,
            told=mismatch.told.value if mismatch.told else None,
            repair=_repair_document(mismatch.repair) if mismatch.repair else None,
            version=mismatch.version,
        )

    def mismatch(self) -> Mismatch:
        return Mismatch(
            finding=_finding(self.finding),
            run_id=self.run_id,
            first_seen_at=self.first_seen_at,
            last_seen_at=self.last_seen_at,
            status=MismatchStatus(self.status),
            occurrence=self.occurrence,
            ended_at=self.ended_at,
            told=News(self.told) if self.told else None,
            repair=_repair(self.repair) if self.repair else None,
            version=self.version,
        )


class FiledItem(ListedItem):
    """A mismatch's place in the report of a run."""

    class Meta:
        table_name: str

    mismatch_id = UnicodeAttribute()
    place = UnicodeAttribute()

    @classmethod
    def of(cls, run_id: str, place: str, mismatch: Mismatch) -> FiledItem:
        return cls(
            f"{run_id}/{key_of(mismatch.client_id, mismatch.id)}",
            list_key=report_list(run_id, mismatch.client_id),
            list_sort=f"{_GRAVITY[mismatch.finding.severity]}/{mismatch.id}",
            mismatch_id=mismatch.id,
            place=place,
        )


# The gravest come first in a report.
_GRAVITY = {"CRITICAL": 1, "HIGH": 2, "MEDIUM": 3, "LOW": 4}


def run_key(run_id: str) -> str:
    return f"run/{run_id}"


def runs_list(client_id: str | None) -> str:
    return f"runs/{client_id or EVERYBODY}"


def report_list(run_id: str, client_id: str) -> str:
    return f"report/{run_id}/{client_id}"


def _tally_document(tally: Tally) -> Any:
    return [
        tally.payments,
        tally.transfers,
        tally.matched,
        tally.mismatched,
        tally.suspicious,
        tally.skipped,
    ]


def _finding_document(finding: Finding) -> Any:
    subject = finding.subject
    about = [subject.client_id, subject.payment_id, subject.transfer_id, subject.account_id]
    return [finding.type, about, dict(finding.expected), dict(finding.actual)]


def _finding(stored: Any) -> Finding:
    type_, about, expected, actual = stored
    return Finding(MismatchType(type_), Subject(*about), expected, actual)


def _repair_document(repair: Repair) -> Any:
    return [repair.by, to_rfc3339(repair.at), repair.reason, list(repair.transfer_ids)]


def _repair(stored: Any) -> Repair:
    by, at, reason, transfer_ids = stored
    return Repair(by, from_rfc3339(at), reason, tuple(transfer_ids))
