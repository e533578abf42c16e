"""The end of a payment's hold: captured, voided or expired.

Pure. Who ends a hold says so in the payment first, under a lease, and asks the wallets
then. There the first end that arrives is the end, for ever; so what the payment becomes
is what the wallets say, and not what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from evenkeel.errors import InvalidState, RequestInProgress
from evenkeel.ledger.commands import HoldEnd, Posted
from evenkeel.ledger.transfer import TransferKind
from evenkeel.payments.leases import LEASE_FOR, Lease
from evenkeel.payments.states import Event, PaymentStatus

if TYPE_CHECKING:
    from evenkeel.payments.model import Payment


class EndingKind(StrEnum):
    CAPTURE = "capture"
    VOID = "void"
    EXPIRY = "expiry"


WISHES = {
    EndingKind.CAPTURE: "be captured",
    EndingKind.VOID: "be voided",
    EndingKind.EXPIRY: "expire",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a hold is to end, until the wallets have said how it has ended.

    Attributes:
        amount_minor: Of a capture; None is all that was authorized.
        open_since: When the latest attempt was made that may have been applied, or still be
            under way, which it is for less than a lease; None if there is none.
    """

    kind: EndingKind
    amount_minor: int | None = None
    attempts: int = 1
    open_since: datetime | None = None


def begun(payment: Payment, wish: Ending, lease: Lease, now: datetime) -> Payment:
    """Return the payment as the caller's, who ends its hold.

    Raises:
        InvalidState: It has no hold, or one of less than is to be captured.
        RequestInProgress: Somebody else is at it.
    """
    if payment.status is PaymentStatus.PROCESSING or payment.is_leased(now):
        raise RequestInProgress(payment.id)
    if payment.status is not PaymentStatus.AUTHORIZED:
        raise refusal(payment, wish)
    if (wish.amount_minor or 0) > payment.authorized_minor:
        raise payment.not_while("be captured for more than was authorized")
    if payment.ending is not None:
        if wish.kind is EndingKind.EXPIRY and payment.ending.kind is not EndingKind.EXPIRY:
            raise RequestInProgress(payment.id)  # Time takes nothing from what a client asked for.
        # Whoever was at it has asked for an end, or has died before or after that: their lease
        # is over, and with it the time in which that may still arrive.
        has_died = payment.lease is not None
        open_since = payment.updated_at if has_died else payment.ending.open_since
        wish = replace(wish, attempts=payment.ending.attempts + 1, open_since=open_since)
    return replace(payment.after(Event.CLAIMED, now, detail=wish.kind), ending=wish, lease=lease)


def refusal(payment: Payment, wish: Ending) -> InvalidState:
    """Return the refusal of an end that the payment's state does not allow."""
    return payment.not_while(WISHES[wish.kind])


def command(payment: Payment, request_id: str) -> HoldEnd:
    """Return what to ask the wallets for."""
    ending, wallet_id = payment.ending, payment.wallet_id
    assert ending is not None
    assert wallet_id is not None
    is_capture = ending.kind is EndingKind.CAPTURE
    return HoldEnd(
        client_id=payment.client_id,
        payment_id=payment.id,
        original_id=payment.transfer_id_wanted,
        wallet_id=wallet_id,
        captured_minor=wanted_minor(payment, ending) if is_capture else 0,
        request_id=request_id,
    )


def wanted_minor(payment: Payment, ending: Ending) -> int:
    """Return how much a capture is for."""
    return ending.amount_minor or payment.authorized_minor


def ended(payment: Payment, end: Posted, now: datetime) -> Payment:
    """Return the payment as the end of its hold has left it."""
    if end.kind is TransferKind.CAPTURE:
        after = payment.after(Event.CAPTURED, now)
        return replace(
            after,
            ending=None,
            captured_minor=end.amount_minor,
            transfer_id=end.transfer_id,
            captured_at=now,
            captured_version=after.version,
        )
    assert end.kind is TransferKind.RELEASE
    has_expired = payment.ending is not None and payment.ending.kind is EndingKind.EXPIRY
    event = Event.EXPIRED if has_expired else Event.VOIDED
    return replace(payment.after(event, now), ending=None)


def refused(payment: Payment, now: datetime, reason: str) -> Payment:
    """Return the payment after the wallet gave no money for a capture: its hold stands.

    Unless an earlier attempt may still be on its way: if the wallet thaws, that one is paid.
    """
    assert payment.ending is not None
    open_since = payment.ending.open_since
    if open_since is not None and now < open_since + LEASE_FOR:
        return payment.after(Event.LEFT_OPEN, now, detail=reason)
    return replace(payment.after(Event.RELEASED, now, detail=reason), ending=None)


def released(payment: Payment, now: datetime, cause: str) -> Payment:
    """Return the payment after an attempt that was not applied."""
    assert payment.ending is not None
    if payment.ending.open_since is not None:
        return payment.after(Event.LEFT_OPEN, now, detail=cause)
    return replace(payment.after(Event.RELEASED, now, detail=cause), ending=None)


def left_open(payment: Payment, now: datetime, cause: str) -> Payment:
    """Return the payment after an attempt of unknown outcome, free for the next one."""
    assert payment.ending is not None
    open_ = replace(payment.ending, open_since=now)
    return replace(payment.after(Event.LEFT_OPEN, now, detail=cause), ending=open_)
