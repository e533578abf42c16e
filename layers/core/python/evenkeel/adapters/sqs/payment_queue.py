"""The payments that wait for the wallets, as messages."""

from __future__ import annotations

import json
from math import ceil
from typing import TYPE_CHECKING

from evenkeel.adapters.failures import translated
from evenkeel.errors import StoreBusy, StoreUnconfirmed
from evenkeel.payments.ports import WaitingPayment

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

DELAY_S_MAX = 900  # SQS has no longer one.


class SqsPaymentQueue:
    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, waiting: WaitingPayment, *, delay_s: float) -> None:
        body = {
            "clientId": waiting.client_id,
            "paymentId": waiting.payment_id,
            "walletId": waiting.wallet_id,
        }
        with translated(StoreBusy, StoreUnconfirmed):
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=json.dumps(body),
                DelaySeconds=min(ceil(delay_s), DELAY_S_MAX),
            )
