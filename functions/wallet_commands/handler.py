"""The wallets' side of a payment: invoked by payments, never by the outside."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.commands import Replies, outcome_of
from evenkeel.errors import (
    Declined,
    ObjectNotFound,
    OutcomeUnknown,
    Unavailable,
    ValidationFailed,
)
from functions.wallet_commands.schema import (
    DeclinedReply,
    InvalidReply,
    NotApplied,
    NotFoundReply,
    PostedReply,
    Unknown,
    WalletCommand,
)

REPLIES: Replies = {
    Declined: DeclinedReply.of,
    ObjectNotFound: NotFoundReply.of,
    ValidationFailed: InvalidReply.of,
    Unavailable: NotApplied.of,
    OutcomeUnknown: Unknown.of,
}


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return outcome_of(lambda: _posted(event), REPLIES, request_id=event.get("requestId"))


def _posted(event: dict[str, Any]) -> PostedReply:
    command = WalletCommand.model_validate(event)
    return PostedReply.of(bootstrap.wallets().obey(command.wish()))
