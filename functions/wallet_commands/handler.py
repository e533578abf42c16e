"""The wallets' side of a payment: invoked by payments, never by the outside."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.commands import Replies, outcome_of
from evenkeel.errors import Declined, OutcomeUnknown, Unavailable
from functions.wallet_commands.schema import (
    DebitCommand,
    DeclinedReply,
    NotApplied,
    Posted,
    Unknown,
)

REPLIES: Replies = {
    Declined: DeclinedReply.of,
    Unavailable: NotApplied.of,
    OutcomeUnknown: Unknown.of,
}


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return outcome_of(lambda: _debited(event), REPLIES, request_id=event.get("requestId"))


def _debited(event: dict[str, Any]) -> Posted:
    command = DebitCommand.model_validate(event)
    moved = bootstrap.wallets().move(command.debit().request())
    return Posted(transfer_id=moved.transfer.id)
