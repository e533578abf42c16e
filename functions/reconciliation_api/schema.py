"""The JSON of the reconciliation API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from evenkeel.entrypoints.schema import ListReply, Reply, Time
from evenkeel.events.model import Severity
from evenkeel.reconciliation.mismatch import Mismatch, MismatchStatus, MismatchType
from evenkeel.reconciliation.reports import SHOWN_COUNT_MAX, Report
from evenkeel.reconciliation.run import Run, RunStatus, Scope, Tally, Trigger

Facts = dict[str, str | int | None]


class SummaryReply(Reply):
    """What a run has counted, of the caller's own."""

    payments: Annotated[
        int,
        Field(description="Looked at, once for each quarter of an hour in which they changed."),
    ]
    transfers: Annotated[int, Field(description="That were compared with them.")]
    matched: Annotated[int, Field(description="Payments about which both sides agree.")]
    mismatched: Annotated[int, Field(description="Mismatches.")]
    suspicious: Annotated[int, Field(description="Payments that had to be looked at twice.")]
    skipped: Annotated[int, Field(description="Payments that somebody is working on.")]

    @classmethod
    def of(cls, tally: Tally) -> SummaryReply:
        return cls(
            payments=tally.payments,
            transfers=tally.transfers,
            matched=tally.matched,
            mismatched=tally.mismatched,
            suspicious=tally.suspicious,
            skipped=tally.skipped,
        )


class MismatchReply(Reply):
    """Where a payment, the ledger and the accounts disagree, as it is now."""

    id: str
    type: MismatchType
    severity: Severity
    payment_id: str | None
    transfer_id: str | None
    wallet_id: Annotated[
        str | None, Field(description="Or the name that another account is booked under.")
    ]
    expected: Annotated[Facts, Field(description="Amounts in minor units, ids, statuses.")]
    actual: Annotated[Facts, Field(description="The same; null is nothing there.")]
    status: MismatchStatus
    first_seen_at: Time
    last_seen_at: Time
    resolved_at: Annotated[Time | None, Field(description="When it was repaired, or gone.")]
    occurrence: Annotated[int, Field(description="How often it has come up.")]

    @classmethod
    def of(cls, mismatch: Mismatch) -> MismatchReply:
        finding = mismatch.finding
        return cls(
            id=mismatch.id,
            type=finding.type,
            severity=finding.severity,
            payment_id=finding.subject.payment_id,
            transfer_id=finding.subject.transfer_id,
            wallet_id=finding.subject.account_id,
            expected=dict(finding.expected),
            actual=dict(finding.actual),
            status=mismatch.status,
            first_seen_at=mismatch.first_seen_at,
            last_seen_at=mismatch.last_seen_at,
            resolved_at=mismatch.ended_at,
            occurrence=mismatch.occurrence,
        )


class RunReply(Reply):
    """A report without what it has found, as lists have it."""

    id: str
    trigger: Trigger
    status: RunStatus
    scope: Annotated[Scope, Field(description="What was changed in the window, or everything.")]
    since: Annotated[Time, Field(alias="from")]
    until: Annotated[Time, Field(alias="to")]
    started_at: Time
    finished_at: Time | None
    duration_ms: Annotated[int | None, Field(description="null while it is running.")]
    summary: SummaryReply

    @classmethod
    def of_run(cls, run: Run, client_id: str) -> RunReply:
        return cls.model_validate(_fields(run, client_id))


class ReportReply(RunReply):
    """A report; of a run that is for everybody it shows what is the caller's own."""

    mismatches: Annotated[
        list[MismatchReply],
        Field(description=f"The first {SHOWN_COUNT_MAX}, gravest first; a list has all of them."),
    ]

    @classmethod
    def of(cls, report: Report) -> ReportReply:
        mismatches = [MismatchReply.of(each) for each in report.mismatches]
        return cls.model_validate(
            _fields(report.run, report.client_id) | {"mismatches": mismatches}
        )


RunList = ListReply[RunReply]
MismatchList = ListReply[MismatchReply]


def _fields(run: Run, client_id: str) -> dict[str, object]:
    return {
        "id": run.id,
        "trigger": run.trigger,
        "status": run.status,
        "scope": run.scope,
        "since": run.window.since,
        "until": run.window.until,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "duration_ms": _ms_between(run.started_at, run.finished_at),
        "summary": SummaryReply.of(run.tally(client_id)),
    }


def _ms_between(began_at: datetime, ended_at: datetime | None) -> int | None:
    return None if ended_at is None else round((ended_at - began_at).total_seconds() * 1000)
