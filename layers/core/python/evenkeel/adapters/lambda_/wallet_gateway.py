"""The wallet service behind a synchronous Lambda invoke.

What a failed invoke means to the transfer, by typed facts only:

* turned away (throttled, no connection, no such function) or not started for
  want of something around the function: not applied;
* lost on the way, a function that broke, an answer that cannot be read: it may
  have been applied.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from evenkeel.adapters.failures import code_of, retry_after_s, translated, was_turned_away
from evenkeel.errors import (
    Declined,
    DeclineReason,
    FieldError,
    ObjectNotFound,
    TransferContended,
    TransferNotApplied,
    TransferUnconfirmed,
    ValidationFailed,
)
from evenkeel.ledger.commands import (
    Command,
    Correction,
    Debit,
    HoldEnd,
    Posted,
    Refund,
    Reversal,
)
from evenkeel.ledger.transfer import TransferKind

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import InvocationResponseTypeDef


logger = Logger()

# Lambda's answers 5xx that say why the function could not be started.
NOT_STARTED_CODES = frozenset(
    {
        "EC2AccessDeniedException",
        "EC2ThrottledException",
        "EC2UnexpectedException",
        "EFSIOException",
        "EFSMountConnectivityException",
        "EFSMountFailureException",
        "EFSMountTimeoutException",
        "ENILimitReachedException",
        "InvalidRuntimeException",
        "InvalidSecurityGroupIDException",
        "InvalidSubnetIDException",
        "InvalidZipFileException",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "ResourceConflictException",
        "ResourceNotReadyException",
        "SnapStartException",
        "SnapStartNotReadyException",
        "SnapStartTimeoutException",
        "SubnetIPAddressLimitReachedException",
    }
)
KINDS = frozenset(kind.value for kind in TransferKind)
REASONS = frozenset(reason.value for reason in DeclineReason)


class LambdaWalletGateway:
    def __init__(self, client: LambdaClient, function_name: str) -> None:
        self._client = client
        self._function_name = function_name

    def ask(self, command: Command) -> Posted:
        payload = json.dumps(_json(command))
        try:
            with translated(TransferNotApplied, TransferUnconfirmed):
                answer = self._invoked(payload)
                reply = answer["Payload"].read()
        except ClientError as error:
            # No function there, or none that we may call: ours to mend, and nothing has run.
            logger.exception("the wallet service refuses to be invoked")
            raise TransferNotApplied from error
        if "FunctionError" in answer:
            raise TransferUnconfirmed
        return _posted(_parsed(reply))

    def _invoked(self, payload: str) -> InvocationResponseTypeDef:
        try:
            return self._client.invoke(FunctionName=self._function_name, Payload=payload)
        except ClientError as error:
            if code_of(error) in NOT_STARTED_CODES:
                logger.exception("the wallet function cannot be started")
                raise TransferNotApplied from error
            if was_turned_away(error):
                raise TransferNotApplied(retry_after_s(error)) from error
            raise


def _json(command: Command) -> Mapping[str, object]:
    asked = {
        "clientId": command.client_id,
        "paymentId": command.payment_id,
        "requestId": command.request_id,
    }
    match command:
        case Debit():
            return asked | {
                "command": "hold" if command.is_hold else "debit",
                "walletId": command.wallet_id,
                "transferId": command.transfer_id,
                "userId": command.user_id,
                "merchantId": command.merchant_id,
                "amount": command.amount.amount_minor,
                "currency": command.amount.currency,
            }
        case HoldEnd():
            return asked | {
                "command": "end_hold",
                "walletId": command.wallet_id,
                "originalId": command.original_id,
                "capturedAmount": command.captured_minor,
            }
        case Refund():
            return asked | {
                "command": "refund",
                "walletId": command.wallet_id,
                "transferId": command.transfer_id,
                "originalId": command.original_id,
                "amount": command.amount_minor,
            }
        case Reversal():
            return asked | {
                "command": "reverse",
                "originalId": command.original_id,
                "reason": command.reason,
            }
        case Correction():
            return asked | {
                "command": "correct",
                "debitId": command.debit_id,
                "merchantId": command.merchant_id,
                "amount": command.amount.amount_minor,
                "currency": command.amount.currency,
                "reason": command.reason,
            }


def _parsed(payload: bytes) -> Mapping[str, Any]:
    try:
        reply = json.loads(payload)
    except ValueError as error:
        raise TransferUnconfirmed from error
    if not isinstance(reply, dict):
        raise TransferUnconfirmed
    return reply


def _posted(reply: Mapping[str, Any]) -> Posted:
    match reply:
        case {
            "outcome": "posted",
            "transferId": str(transfer_id),
            "kind": str(kind),
            "amount": int(amount_minor),
        } if kind in KINDS:
            return Posted(transfer_id, TransferKind(kind), amount_minor)
        case {"outcome": "declined", "reason": str(reason), "message": str(message)} if (
            reason in REASONS
        ):
            raise Declined(DeclineReason(reason), message, first_request_id=reply.get("requestId"))
        case {"outcome": "not_found"}:
            raise ObjectNotFound
        case {"outcome": "invalid", "errors": [*errors]}:
            raise ValidationFailed(*map(_field_error, errors))
        case {"outcome": "not_applied", "cause": "contended"}:
            raise TransferContended
        case {"outcome": "not_applied"}:
            raise TransferNotApplied
        case _:
            raise TransferUnconfirmed


def _field_error(said: Any) -> FieldError:
    match said:
        case {"field": str(field), "message": str(message)}:
            return FieldError(field, message)
        case _:
            raise TransferUnconfirmed
