"""Remarkable payments over HTTP: what was flagged, and how a user stands now."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.access.model import Scope
from evenkeel.entrypoints.http import Access, Api, reply
from evenkeel.entrypoints.payment_cursors import read_payment, write_payment
from evenkeel.entrypoints.schema import (
    PAGE_LIMIT_DEFAULT,
    ClientStringInPath,
    ClientStringInQuery,
    Cursor,
    Limit,
    Since,
    Until,
)
from evenkeel.events.model import Severity
from evenkeel.payments.ports import FlagQuery
from evenkeel.person import Person
from functions.anomalies_api.schema import CheckReply, FlagList, FlagReply

api = Api("Anomalies")

READ = Access(Scope.OPS_READ)


@api.get("/api/payments/anomaly/check/{userId}", READ, refuses=(422,))
def check_user(userId: ClientStringInPath) -> Response[CheckReply]:
    """Say what the rules make of a user's payments of late; nothing is counted by it."""
    person = Person(api.caller.client_id, userId)
    sight, anomaly = bootstrap.screening().look(person)
    return reply(CheckReply.of(person, sight, anomaly))


@api.get("/api/payments/anomalies", READ, refuses=(422,))
def list_anomalies(
    limit: Limit = PAGE_LIMIT_DEFAULT,
    cursor: Cursor = None,
    since: Since = None,
    until: Until = None,
    userId: ClientStringInQuery = None,
    severity: Severity | None = None,
) -> Response[FlagList]:
    """List the payments that were flagged, newest first."""
    query = FlagQuery(
        api.caller.client_id, limit, since=since, until=until, after=read_payment(cursor)
    )
    page = bootstrap.flags().of_client(query, userId, severity)
    return reply(
        FlagList(
            items=[FlagReply.of(payment) for payment in page.payments],
            next_cursor=write_payment(page.next),
        )
    )


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.answer(event, context)
