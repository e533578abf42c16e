"""The JSON between payments and wallets: a command, and one of four outcomes."""

from __future__ import annotations

from typing import Literal

from evenkeel.entrypoints.schema import Reply, Request
from evenkeel.errors import Declined, OutcomeUnknown, Unavailable
from evenkeel.money import Money
from evenkeel.wallets.requests import PaymentDebit


class DebitCommand(Request):
    command: Literal["debit"]
    client_id: str
    transfer_id: str
    payment_id: str
    wallet_id: str
    user_id: str
    merchant_id: str
    amount: int
    currency: str
    request_id: str

    def debit(self) -> PaymentDebit:
        return PaymentDebit(
            client_id=self.client_id,
            transfer_id=self.transfer_id,
            payment_id=self.payment_id,
            wallet_id=self.wallet_id,
            user_id=self.user_id,
            merchant_id=self.merchant_id,
            amount=Money(self.amount, self.currency),
            request_id=self.request_id,
        )


class Posted(Reply):
    outcome: Literal["posted"] = "posted"
    transfer_id: str


class DeclinedReply(Reply):
    outcome: Literal["declined"] = "declined"
    reason: str
    message: str
    request_id: str | None  # Of the request that met the refusal first.

    @classmethod
    def of(cls, declined: Declined) -> DeclinedReply:
        return cls(
            reason=declined.reason,
            message=declined.message,
            request_id=declined.first_request_id,
        )


class NotApplied(Reply):
    outcome: Literal["not_applied"] = "not_applied"
    cause: Literal["unavailable", "contended"]

    @classmethod
    def of(cls, error: Unavailable) -> NotApplied:
        return cls(cause="unavailable" if error.is_outage else "contended")


class Unknown(Reply):
    outcome: Literal["unknown"] = "unknown"

    @classmethod
    def of(cls, _: OutcomeUnknown) -> Unknown:
        return cls()
