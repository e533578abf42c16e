"""What payments need from the outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from evenkeel.ledger.commands import Command, Posted
from evenkeel.ledger.transfer import Record
from evenkeel.payments.ending import Ending
from evenkeel.payments.leases import Lease
from evenkeel.payments.model import Payment, PaymentRef
from evenkeel.payments.refunding import RefundOrder
from evenkeel.screening.anomaly import Unusual

# Payments that are due are kept in so many parts, each of which is looked through by itself.
DUE_SHARD_COUNT = 8
FLAG_SHARD_COUNT = 4


@dataclass(frozen=True, slots=True)
class PaymentPage:
    payments: Sequence[Payment]
    next: PaymentRef | None  # The last one seen, if there may be more.


@dataclass(frozen=True, slots=True)
class UserQuery:
    """Up to *limit* of the payments that a user made in [since, until), behind *after*."""

    client_id: str
    user_id: str
    limit: int
    since: datetime | None = None
    until: datetime | None = None
    after: PaymentRef | None = None


@dataclass(frozen=True, slots=True)
class FlagQuery:
    """Up to *limit* of a client's remarkable payments, made in [since, until), behind *after*."""

    client_id: str
    limit: int
    since: datetime | None = None
    until: datetime | None = None
    after: PaymentRef | None = None


@dataclass(frozen=True, slots=True)
class PaymentKey:
    client_id: str
    payment_id: str


@dataclass(frozen=True, slots=True)
class WaitingPayment:
    """A payment that is to be debited from a wallet as soon as that is possible."""

    client_id: str
    payment_id: str
    wallet_id: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A payment as it was found, by one who wants to begin something.

    Attributes:
        is_written: Whether that is begun: `begun(before, …)` is what is stored then.
    """

    before: Payment
    is_written: bool


class PaymentStore(Protocol):
    """Payments, each by its id and in its user's list.

    Besides what it names, every method may raise StoreBusy, when nothing was
    applied, and every write StoreUnconfirmed, when it may have been.
    """

    def add(self, payment: Payment) -> Payment:
        """Record a new payment.

        Returns:
            What is stored under its id: this payment, or an earlier one.
        """

    def get(self, client_id: str, payment_id: str) -> Payment:
        """Return the payment as it is now, strongly consistent.

        Raises:
            ObjectNotFound: This client has no such payment.
        """

    def find(self, client_id: str, payment_id: str) -> Payment | None:
        """Return the payment as it is now, strongly consistent, if there is one."""

    def save(self, payment: Payment) -> None:
        """Record a changed payment.

        Raises:
            VersionConflict: The stored payment is not the one before it.
        """

    def begin_ending(self, key: PaymentKey, wish: Ending, lease: Lease, now: datetime) -> Begun:
        """Begin the end of a hold in one call, unless anything needs a closer look.

        It is not begun if the payment has no hold, or one of less than is to be captured,
        if an end is begun already, or if it has changed after *now*: then this is a late copy.

        Raises:
            ObjectNotFound: This client has no such payment.
        """

    def begin_refund(
        self, key: PaymentKey, order: RefundOrder, lease: Lease, now: datetime
    ) -> Begun:
        """Begin a refund in one call, unless anything needs a closer look.

        It is not begun if the payment cannot be refunded, or not for so much, or not so
        often, if it knows the refund already, or if it has changed after *now*.

        Raises:
            ObjectNotFound: This client has no such payment.
        """

    def of_user(self, query: UserQuery) -> PaymentPage:
        """Return payments of one user, newest first, eventually consistent."""

    def flagged(self, query: FlagQuery) -> PaymentPage:
        """Return remarkable payments of one client, newest first, eventually consistent."""

    def mark_unusual(self, key: PaymentKey, unusual: Unusual) -> None:
        """Record what was found in a payment, once: what is recorded already stays.

        It is no new version of the payment, and in nobody's way.

        Raises:
            ObjectNotFound: This client has no such payment.
        """

    def due(self, before: datetime, shard: int) -> Iterator[PaymentKey]:
        """Yield the payments of a shard that are due by then, eventually consistent.

        Those that are due longest come first. A payment stays in its shard, one of
        DUE_SHARD_COUNT; `Payment.due_at` says when it is due.
        """


class OutcomeWatch(Protocol):
    def processed(self, payment: Payment) -> None:
        """Hear of a payment whose wallet has just given its answer. Nothing comes back."""


class WalletGateway(Protocol):
    def ask(self, command: Command) -> Posted:
        """Ask the wallet service for a transfer; it is posted once, however often it is asked for.

        Raises:
            Declined: Refused. A debit, a hold or a refund is refused for good.
            TransferContended, TransferNotApplied: It was not posted by this call.
            TransferUnconfirmed: It may have been posted.
        """


class Journal(Protocol):
    def record(self, client_id: str, transfer_id: str) -> Record | None:
        """Return what the ledger holds under the id, strongly consistent.

        Raises:
            LedgerBusy: It could not be read.
        """


class PaymentQueue(Protocol):
    def put(self, waiting: WaitingPayment, *, delay_s: float) -> None:
        """Have the payment processed later; twice does no harm.

        Raises:
            StoreBusy, StoreUnconfirmed: It may not be queued.
        """


class SweepWatch(Protocol):
    """Told of what goes wrong in a sweep, by several threads at once."""

    def failed(self, key: PaymentKey, transfer_id: str | None, error: Exception) -> None:
        """Say that a payment could not be looked after, for a reason that nobody expects.

        The transfer is the one that it went wrong at, if it came so far.
        """

    def broke_off(self, shards: Sequence[int], error: Exception) -> None:
        """Say that nobody looks any further, in this sweep, through these shards."""


class SeenPayments(Protocol):
    """A hint that saves a write: whether a payment id has been asked for before.

    It may forget, so *no* means nothing; a *yes* sends the caller to look first.
    """

    def note(self, payment_id: str) -> bool:
        """Remember the id, and tell whether it was there already."""


class PaymentStream(Protocol):
    def read(self, raw: Mapping[str, Any]) -> tuple[Payment | None, Payment]:
        """Return a payment before a change, if it was there, and after it.

        Raises:
            UnreadableRecord: The record of the stream brings no payment as we write them.
        """
