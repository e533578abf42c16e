"""The JSON between payments and wallets: a command, and one of four outcomes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel

from evenkeel.entrypoints.schema import Reply, Request
from evenkeel.errors import Declined, OutcomeUnknown, Unavailable
from evenkeel.ledger.commands import Command, Debit, HoldEnd, Posted, Refund
from evenkeel.money import Money


class _Asked(Request):
    client_id: str
    payment_id: str
    wallet_id: str
    request_id: str


class DebitCommand(_Asked):
    """At once, or only to be held."""

    command: Literal["debit", "hold"]
    transfer_id: str
    user_id: str
    merchant_id: str
    amount: int
    currency: str

    def wish(self) -> Debit:
        return Debit(
            client_id=self.client_id,
            transfer_id=self.transfer_id,
            payment_id=self.payment_id,
            wallet_id=self.wallet_id,
            user_id=self.user_id,
            merchant_id=self.merchant_id,
            amount=Money(self.amount, self.currency),
            request_id=self.request_id,
            is_hold=self.command == "hold",
        )


class EndHoldCommand(_Asked):
    command: Literal["end_hold"]
    original_id: str
    captured_amount: Annotated[int, Field(ge=0)]

    def wish(self) -> HoldEnd:
        return HoldEnd(
            client_id=self.client_id,
            payment_id=self.payment_id,
            original_id=self.original_id,
            wallet_id=self.wallet_id,
            captured_minor=self.captured_amount,
            request_id=self.request_id,
        )


class RefundCommand(_Asked):
    command: Literal["refund"]
    transfer_id: str
    original_id: str
    amount: Annotated[int, Field(gt=0)]

    def wish(self) -> Refund:
        return Refund(
            client_id=self.client_id,
            transfer_id=self.transfer_id,
            payment_id=self.payment_id,
            original_id=self.original_id,
            wallet_id=self.wallet_id,
            amount_minor=self.amount,
            request_id=self.request_id,
        )


class WalletCommand(RootModel[DebitCommand | EndHoldCommand | RefundCommand]):
    root: DebitCommand | EndHoldCommand | RefundCommand = Field(discriminator="command")

    def wish(self) -> Command:
        return self.root.wish()


class PostedReply(Reply):
    """The transfer that stands in the ledger."""

    outcome: Literal["posted"] = "posted"
    transfer_id: str
    kind: str
    amount: int

    @classmethod
    def of(cls, posted: Posted) -> PostedReply:
        return cls(transfer_id=posted.transfer_id, kind=posted.kind, amount=posted.amount_minor)


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
