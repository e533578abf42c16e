"""What can be posted to put something right, as commands to the wallets.

Each has an id that follows from what it puts right, so it is posted once, whoever asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from evenkeel.ledger import accounts
from evenkeel.ledger.commands import Command, Correction, HoldEnd, Reversal
from evenkeel.ledger.transfer import Transfer
from evenkeel.money import Money
from evenkeel.payments import refunding
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import Refund
from evenkeel.payments.states import PaymentStatus


class Action(StrEnum):
    REVERSE = "reverse"
    DEBIT = "debit"
    CAPTURE = "capture"
    RELEASE = "release"
    REFUND = "refund"
    CORRECT = "correct"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as the ledger remembers it.

    Attributes:
        reason: For whoever reads it in a statement.
    """

    request_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One transfer of a repair.

    Attributes:
        debited: The account that gives, named without the currency.
        credited: The account that takes.
        is_fallback: It is only asked for if the wallet refuses the step before, for good.
    """

    action: Action
    command: Command
    amount: Money
    debited: str
    credited: str
    is_fallback: bool = False

    @property
    def transfer_id(self) -> str:
        return self.command.transfer_id

    def as_fallback(self) -> Step:
        return replace(self, is_fallback=True)


def reverse(transfer: Transfer, asker: Asker) -> Step:
    """Take a transfer back whole."""
    wish = Reversal(
        transfer.client_id, transfer.id, transfer.payment_id, asker.reason, asker.request_id
    )
    debited, credited = _sides(transfer)
    return Step(Action.REVERSE, wish, transfer.amount, debited=credited, credited=debited)


def debit(payment: Payment, asker: Asker) -> Step:
    """Ask for the debit of a payment, as it was asked for before, to the letter."""
    wish = replace(payment, status=PaymentStatus.PROCESSING).debit(asker.request_id)
    merchant = accounts.merchant(wish.merchant_id)
    return Step(Action.DEBIT, wish, wish.amount, wish.wallet_id, merchant)


def correct(payment: Payment, debit_id: str, asker: Asker) -> Step:
    """Pay the merchant from the suspense account what no wallet will pay."""
    order = payment.order
    amount = Money(payment.captured_minor, order.amount.currency)
    wish = Correction(
        payment.client_id,
        debit_id,
        payment.id,
        order.merchant_id,
        amount,
        asker.reason,
        asker.request_id,
    )
    merchant = accounts.merchant(order.merchant_id)
    return Step(Action.CORRECT, wish, amount, accounts.SUSPENSE, merchant)


def end_hold(hold: Transfer, captured_minor: int, asker: Asker) -> Step:
    """Pay so much of a hold and release the rest; nothing of it is a release."""
    assert hold.payment_id is not None
    debited, credited = _sides(hold)
    wish = HoldEnd(
        client_id=hold.client_id,
        payment_id=hold.payment_id,
        original_id=hold.id,
        wallet_id=debited,
        captured_minor=captured_minor,
        request_id=asker.request_id,
    )
    action = Action.CAPTURE if captured_minor else Action.RELEASE
    amount = Money(captured_minor or hold.amount.amount_minor, hold.amount.currency)
    return Step(action, wish, amount, debited, credited)


def refund(payment: Payment, wanted: Refund, asker: Asker) -> Step:
    """Ask for the transfer of a refund, as it was asked for before."""
    wish = refunding.command(payment, wanted, asker.request_id)
    amount = Money(wanted.amount_minor, payment.order.amount.currency)
    merchant = accounts.merchant(payment.order.merchant_id)
    return Step(Action.REFUND, wish, amount, merchant, wish.wallet_id)


def _sides(transfer: Transfer) -> tuple[str, str]:
    """Return the accounts that it debits and credits, named without its currency."""
    currency = transfer.amount.currency
    debited, credited = transfer.debit.account_id, transfer.credit.account_id
    return accounts.named(debited, currency), accounts.named(credited, currency)
