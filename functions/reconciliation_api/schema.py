"""The JSON of the reconciliation API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from evenkeel.entrypoints.schema import ListReply, Reply, Request, Time
from evenkeel.errors import FieldError, ValidationFailed
from evenkeel.events.model import Severity
from evenkeel.reconciliation.mismatch import Mismatch, MismatchStatus, MismatchType, Repair
from evenkeel.reconciliation.policy import Plan, Policy
from evenkeel.reconciliation.remedy import Action, Step
from evenkeel.reconciliation.repairs import Outcome
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


class MendedReply(Reply):
    """What somebody has had posted to put a mismatch right."""

    by: Annotated[str, Field(description="The id of a key, or `reconciliation` itself.")]
    at: Time
    reason: str
    transfer_ids: list[str]

    @classmethod
    def of(cls, repair: Repair) -> MendedReply:
        ids = list(repair.transfer_ids)
        return cls(by=repair.by, at=repair.at, reason=repair.reason, transfer_ids=ids)


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
    repair: Annotated[
        MendedReply | None, Field(description="While it is OPEN: what is under way, or unknown.")
    ]

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
            repair=MendedReply.of(mismatch.repair) if mismatch.repair else None,
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


class RepairMismatch(Request):
    """By default nothing is posted: the answer says what would be."""

    apply: bool = False
    reason: Annotated[
        str | None,
        Field(min_length=1, max_length=255, description="Needed to apply; for the statements."),
    ] = None

    def require_reason(self) -> None:
        if self.apply and self.reason is None:
            raise ValidationFailed(FieldError("reason", "needed to apply a repair"))


class StepReply(Reply):
    """One transfer."""

    action: Action
    transfer_id: str
    amount: int
    currency: str
    from_: Annotated[str, Field(alias="from", description="A wallet, or the name of an account.")]
    to: str
    condition: Annotated[
        Literal["declined"] | None,
        Field(description="It is posted only if the step before is declined, for good."),
    ]

    @classmethod
    def of(cls, step: Step) -> StepReply:
        return cls(
            action=step.action,
            transfer_id=step.transfer_id,
            amount=step.amount.amount_minor,
            currency=step.amount.currency,
            from_=step.debited,
            to=step.credited,
            condition="declined" if step.is_fallback else None,
        )


class PlanReply(Reply):
    policy: Annotated[
        Policy, Field(description="Who decides: the platform, you by applying it, or you by hand.")
    ]
    steps: list[StepReply]
    why: str

    @classmethod
    def of(cls, plan: Plan) -> PlanReply:
        return cls(
            policy=plan.policy, steps=[StepReply.of(each) for each in plan.steps], why=plan.why
        )


class RepairReply(Reply):
    """A mismatch as it is now, and what puts it right."""

    mismatch: MismatchReply
    plan: PlanReply
    applied: Annotated[bool, Field(description="Whether the steps are posted.")]

    @classmethod
    def of(cls, outcome: Outcome) -> RepairReply:
        return cls(
            mismatch=MismatchReply.of(outcome.mismatch),
            plan=PlanReply.of(outcome.plan),
            applied=outcome.applied,
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
