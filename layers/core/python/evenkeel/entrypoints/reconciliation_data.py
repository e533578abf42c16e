"""What events say of mismatches and of runs, in the words of the reconciliation API."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evenkeel.entrypoints.schema import Reply, Time
from evenkeel.events.model import Severity
from evenkeel.reconciliation.mismatch import Mismatch, MismatchStatus, MismatchType
from evenkeel.reconciliation.run import Run, Scope, Tally, Trigger

Facts = dict[str, str | int | None]


class MismatchData(Reply):
    """Where a payment, the ledger and the accounts disagree, as it was then."""

    id: str
    type: Annotated[str, Field(description=f"One of {', '.join(MismatchType)}; others may come.")]
    severity: Annotated[str, Field(description=f"One of {', '.join(Severity)}.")]
    status: Annotated[str, Field(description=f"One of {', '.join(MismatchStatus)}.")]
    payment_id: str | None
    transfer_id: str | None
    wallet_id: Annotated[
        str | None, Field(description="Or the name that another account is booked under.")
    ]
    expected: Annotated[Facts, Field(description="Amounts in minor units, ids, statuses.")]
    actual: Annotated[Facts, Field(description="The same; null is nothing there.")]
    run_id: Annotated[str, Field(description="Of the run that has found it first.")]
    occurrence: Annotated[int, Field(description="How often it has come up.")]
    first_seen_at: Time
    resolved_at: Annotated[Time | None, Field(description="When it was repaired, or gone.")]

    @classmethod
    def of(cls, mismatch: Mismatch) -> MismatchData:
        finding, subject = mismatch.finding, mismatch.finding.subject
        return cls(
            id=mismatch.id,
            type=finding.type,
            severity=finding.severity,
            status=mismatch.status,
            payment_id=subject.payment_id,
            transfer_id=subject.transfer_id,
            wallet_id=subject.account_id,
            expected=dict(finding.expected),
            actual=dict(finding.actual),
            run_id=mismatch.run_id,
            occurrence=mismatch.occurrence,
            first_seen_at=mismatch.first_seen_at,
            resolved_at=mismatch.ended_at,
        )


class SummaryData(Reply):
    """What a run has counted, of all clients together."""

    payments: int
    transfers: int
    matched: int
    mismatched: int
    suspicious: int
    skipped: int

    @classmethod
    def of(cls, tally: Tally) -> SummaryData:
        return cls(
            payments=tally.payments,
            transfers=tally.transfers,
            matched=tally.matched,
            mismatched=tally.mismatched,
            suspicious=tally.suspicious,
            skipped=tally.skipped,
        )


class RunData(Reply):
    id: str
    trigger: Annotated[str, Field(description=f"One of {', '.join(Trigger)}.")]
    scope: Annotated[
        str, Field(description=f"One of {', '.join(Scope)}: in the window, or all there is.")
    ]
    since: Annotated[Time, Field(alias="from")]
    until: Annotated[Time, Field(alias="to")]
    started_at: Time
    finished_at: Time | None
    summary: SummaryData

    @classmethod
    def of(cls, run: Run) -> RunData:
        return cls(
            id=run.id,
            trigger=run.trigger,
            scope=run.scope,
            since=run.window.since,
            until=run.window.until,
            started_at=run.started_at,
            finished_at=run.finished_at,
            summary=SummaryData.of(run.total),
        )
