"""What a message of the queue says."""

from __future__ import annotations

from evenkeel.entrypoints.schema import Request
from evenkeel.payments.ports import WaitingPayment


class WaitingMessage(Request):
    client_id: str
    payment_id: str
    wallet_id: str

    def waiting(self) -> WaitingPayment:
        return WaitingPayment(self.client_id, self.payment_id, self.wallet_id)
