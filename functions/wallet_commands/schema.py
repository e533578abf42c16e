"""The JSON between payments and wallets: a command, and one of six outcomes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel

from evenkeel.entrypoints.schema import Description, FieldFault, Reply, Request
from evenkeel.errors import (
    Declined,
    ObjectNotFound,
    OutcomeUnknown,
    Unavailable,
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
from evenkeel.money import Money


class _Asked(Request):
    client_id: str
    request_id: str


class _AskedOfWallet(_Asked):
    payment_id: str
    wallet_id: str


class DebitCommand(_AskedOfWallet):
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


class EndHoldCommand(_AskedOfWallet):
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


class RefundCommand(_AskedOfWallet):
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


class ReverseCommand(_Asked):
    command: Literal["reverse"]
    original_id: str
    payment_id: str | None
    reason: Description

    def wish(self) -> Reversal:
        return Reversal(
            client_id=self.client_id,
            original_id=self.original_id,
            payment_id=self.payment_id,
            reason=self.reason,
            request_id=self.request_id,
        )


class CorrectCommand(_Asked):
    command: Literal["correct"]
    debit_id: str
    payment_id: str
    merchant_id: str
    amount: Annotated[int, Field(gt=0)]
    currency: str
    reason: Description

    def wish(self) -> Correction:
        return Correction(
            client_id=self.client_id,
            debit_id=self.debit_id,
            payment_id=self.payment_id,
            merchant_id=self.merchant_id,
            amount=Money(self.amount, self.currency),
            reason=self.reason,
            request_id=self.request_id,
        )


AnyCommand = DebitCommand | EndHoldCommand | RefundCommand | ReverseCommand | CorrectCommand


class WalletCommand(RootModel[AnyCommand]):
    root: AnyCommand = Field(discriminator="command")

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


class NotFoundReply(Reply):
    """There is no such transfer to reverse."""

    outcome: Literal["not_found"] = "not_found"

    @classmethod
    def of(cls, _: ObjectNotFound) -> NotFoundReply:
        return cls()


class InvalidReply(Reply):
    """The transfer is there, and nothing that can be put right in this way."""

    outcome: Literal["invalid"] = "invalid"
    errors: list[FieldFault]

    @classmethod
    def of(cls, failed: ValidationFailed) -> InvalidReply:
        faults = (FieldFault(field=each.field, message=each.message) for each in failed.errors)
        return cls(errors=list(faults))


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
