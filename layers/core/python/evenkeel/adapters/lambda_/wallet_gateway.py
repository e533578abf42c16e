"""The wallet service behind a synchronous Lambda invoke.

What a failed invoke means to the debit, by typed facts only:

* turned away (throttled, no connection): not applied;
* lost on the way, a function that broke, an answer that cannot be read: it may
  have been applied.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evenkeel.adapters.failures import translated
from evenkeel.errors import (
    DebitNotApplied,
    DebitUnconfirmed,
    Declined,
    DeclineReason,
)
from evenkeel.payments.model import Debit
from evenkeel.payments.ports import Receipt

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


REASONS = frozenset(reason.value for reason in DeclineReason)


class LambdaWalletGateway:
    def __init__(self, client: LambdaClient, function_name: str) -> None:
        self._client = client
        self._function_name = function_name

    def debit(self, debit: Debit, request_id: str) -> Receipt:
        with translated(DebitNotApplied, DebitUnconfirmed):
            answer = self._client.invoke(
                FunctionName=self._function_name, Payload=json.dumps(_command(debit, request_id))
            )
            payload = answer["Payload"].read()
        if "FunctionError" in answer:
            raise DebitUnconfirmed
        return _receipt(_parsed(payload))


def _command(debit: Debit, request_id: str) -> Mapping[str, object]:
    return {
        "command": "debit",
        "clientId": debit.client_id,
        "transferId": debit.transfer_id,
        "paymentId": debit.payment_id,
        "walletId": debit.wallet_id,
        "userId": debit.user_id,
        "merchantId": debit.merchant_id,
        "amount": debit.amount.amount_minor,
        "currency": debit.amount.currency,
        "requestId": request_id,
    }


def _parsed(payload: bytes) -> Mapping[str, Any]:
    try:
        reply = json.loads(payload)
    except ValueError as error:
        raise DebitUnconfirmed from error
    if not isinstance(reply, dict):
        raise DebitUnconfirmed
    return reply


def _receipt(reply: Mapping[str, Any]) -> Receipt:
    match reply:
        case {"outcome": "posted", "transferId": str(transfer_id)}:
            return Receipt(transfer_id)
        case {"outcome": "declined", "reason": str(reason), "message": str(message)} if (
            reason in REASONS
        ):
            raise Declined(DeclineReason(reason), message, first_request_id=reply.get("requestId"))
        case {"outcome": "not_applied"}:
            raise DebitNotApplied
        case _:
            raise DebitUnconfirmed
