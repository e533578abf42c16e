"""Reconciliation over HTTP: run it now, look at what its runs have found, and put it right."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.access.model import Scope
from evenkeel.clock import Deadline
from evenkeel.entrypoints.http import Access, Api, reply
from evenkeel.entrypoints.problems import RETRY_AFTER_S
from evenkeel.entrypoints.report_cursors import read_mismatch, read_run, write_place
from evenkeel.entrypoints.schema import PAGE_LIMIT_DEFAULT, Cursor, Limit, Since, Until
from evenkeel.ids import random_id
from evenkeel.reconciliation import repairs
from evenkeel.reconciliation.reports import Wish
from evenkeel.reconciliation.run import RUN_PREFIX
from functions.reconciliation_api.schema import (
    MismatchList,
    MismatchReply,
    RepairMismatch,
    RepairReply,
    ReportReply,
    RunList,
    RunReply,
)

api = Api("Reconciliation")

READ = Access(Scope.OPS_READ)
ACT = Access(Scope.OPS_WRITE, takes_body=True, may_omit_body=True)

# The gateway gives up after 29 s, and before and after the wait there are calls to be made.
WAIT_S_MAX = 18.0

# Beside the path of the run.
LOCATION = "reports/{id}"


@api.get("/api/payments/reconcile/run", READ, answers=(200, 202), refuses=(422,))
def run_reconciliation(since: Since = None, until: Until = None) -> Response[ReportReply]:
    """Compare now what was changed in a window, by default the last 24 hours, with the ledger."""
    wish = Wish(random_id(RUN_PREFIX), api.caller.client_id, since, until)
    report = bootstrap.reports().run(wish, Deadline.after(WAIT_S_MAX))
    if report.run.is_over:
        return reply(ReportReply.of(report))
    answer = reply(ReportReply.of(report), HTTPStatus.ACCEPTED, retry_after_s=RETRY_AFTER_S)
    answer.headers["Location"] = LOCATION.format(id=report.run.id)
    return answer


@api.get("/api/payments/reconcile/reports", READ, refuses=(422,))
def list_reports(limit: Limit = PAGE_LIMIT_DEFAULT, cursor: Cursor = None) -> Response[RunList]:
    """List the reports of the scheduled runs and of the client's own, newest first."""
    client_id = api.caller.client_id
    page = bootstrap.reports().newest(client_id, limit, read_run(cursor))
    return reply(
        RunList(
            items=[RunReply.of_run(run, client_id) for run in page.runs],
            next_cursor=write_place(page.beyond),
        )
    )


@api.get("/api/payments/reconcile/reports/{id}", READ, refuses=(404,))
def get_report(id: str) -> Response[ReportReply]:
    """Get the report of a run, as far as it has come."""
    return reply(ReportReply.of(bootstrap.reports().get(api.caller.client_id, id)))


@api.get("/api/payments/reconcile/reports/{id}/mismatches", READ, refuses=(404, 422))
def list_mismatches(
    id: str, limit: Limit = PAGE_LIMIT_DEFAULT, cursor: Cursor = None
) -> Response[MismatchList]:
    """List what a run has found, gravest first, each mismatch as it is now."""
    client_id, beyond = api.caller.client_id, read_mismatch(cursor)
    page = bootstrap.reports().mismatches_of(client_id, id, limit, beyond)
    return reply(
        MismatchList(
            items=[MismatchReply.of(each) for each in page.mismatches],
            next_cursor=write_place(page.beyond),
        )
    )


@api.post(
    "/api/payments/reconcile/mismatches/{id}/repair",
    ACT,
    answers=(200, 202),
    refuses=(402, 404, 409),
)
def repair_mismatch(id: str, request: RepairMismatch) -> Response[RepairReply]:
    """Say what would put a mismatch right, or have it posted; nothing is ever edited."""
    request.require_reason()
    caller = api.caller
    wish = repairs.Wish(
        caller.client_id,
        id,
        by=caller.principal.key_id,
        request_id=caller.request_id,
        reason=request.reason,
        apply=request.apply,
    )
    outcome = bootstrap.repairs().repair(wish, caller.deadline)
    if outcome.cause is not None:
        body = RepairReply.of(outcome)
        return reply(body, HTTPStatus.ACCEPTED, retry_after_s=RETRY_AFTER_S)
    return reply(RepairReply.of(outcome))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.answer(event, context)
