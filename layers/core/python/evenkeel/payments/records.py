"""Payments as they are stored: a busy store is asked again, and a lost answer looked up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from evenkeel.errors import ObjectNotFound, StoreBusy, StoreUnconfirmed, VersionConflict
from evenkeel.ids import is_id
from evenkeel.payments.ending import Ending
from evenkeel.payments.leases import Lease
from evenkeel.payments.model import PAYMENT_PREFIX, Payment
from evenkeel.payments.ports import (
    Begun,
    FlagQuery,
    PaymentKey,
    PaymentPage,
    PaymentStore,
    UserQuery,
)
from evenkeel.payments.refunding import RefundOrder
from evenkeel.resilience.retry import Retry
from evenkeel.screening.anomaly import Unusual

# Each time somebody else was faster has brought somebody on; so many are a bug.
CHANGE_COUNT_MAX = 50


@dataclass(frozen=True, slots=True)
class PaymentRecords:
    """Payments, stored.

    Besides what it names, every method may raise StoreBusy, when nothing was
    applied, and every write StoreUnconfirmed, when it may have been.
    """

    store: PaymentStore
    retry: Retry

    def get(self, client_id: str, payment_id: str) -> Payment:
        """Return the payment as it is now.

        Raises:
            ObjectNotFound: This client has no such payment.
        """
        _require_id(payment_id)
        return self.retry.call(lambda: self.store.get(client_id, payment_id))

    def find(self, client_id: str, payment_id: str) -> Payment | None:
        """Return the payment as it is now, if there is one."""
        return self.retry.call(lambda: self.store.find(client_id, payment_id))

    def add(self, payment: Payment) -> Payment:
        """Record a new payment, and return what stands under its id."""
        return self.retry.call(lambda: self.store.add(payment))

    def of_user(self, query: UserQuery) -> PaymentPage:
        """Return payments of one user, newest first, eventually consistent."""
        return self.retry.call(lambda: self.store.of_user(query))

    def flagged(self, query: FlagQuery) -> PaymentPage:
        """Return remarkable payments of one client, newest first, eventually consistent."""
        return self.retry.call(lambda: self.store.flagged(query))

    def mark_unusual(self, key: PaymentKey, unusual: Unusual) -> None:
        """Record what was found in a payment, as the store does."""
        self.retry.call(lambda: self.store.mark_unusual(key, unusual))

    def begin_ending(self, key: PaymentKey, wish: Ending, lease: Lease, now: datetime) -> Begun:
        """Begin the end of a hold, as the store does."""
        _require_id(key.payment_id)
        return self.retry.call(lambda: self.store.begin_ending(key, wish, lease, now))

    def begin_refund(
        self, key: PaymentKey, order: RefundOrder, lease: Lease, now: datetime
    ) -> Begun:
        """Begin a refund, as the store does."""
        _require_id(key.payment_id)
        return self.retry.call(lambda: self.store.begin_refund(key, order, lease, now))

    def save(self, payment: Payment) -> Payment:
        """Save a changed payment, and return what is stored now: this one, or another's."""
        return self.retry.call(lambda: self._save(payment))

    def save_outcome(self, payment: Payment) -> Payment:
        """Save what came of something, and return what is stored now.

        Raises:
            StoreUnconfirmed: It may not be written, but what it is the outcome of has happened.
        """
        try:
            return self.save(payment)
        except StoreBusy as busy:
            raise StoreUnconfirmed from busy

    def change(self, payment: Payment, change: Callable[[Payment], Payment | None]) -> Payment:
        """Save what came of something in a payment on which others work too.

        The change returns nothing for a payment in which there is nothing to change any more.

        Raises:
            StoreUnconfirmed: As for `save_outcome`.
        """
        for _ in range(CHANGE_COUNT_MAX):
            after = change(payment)
            if after is None:
                return payment
            payment = self.save_outcome(after)
            if payment == after:
                return after
        raise StoreUnconfirmed

    def _save(self, payment: Payment) -> Payment:
        try:
            self.store.save(payment)
        except VersionConflict:
            # It may be our own write that was first: its answer was lost.
            return self.store.get(payment.client_id, payment.id)
        return payment


def _require_id(payment_id: str) -> None:
    if not is_id(PAYMENT_PREFIX, payment_id):
        raise ObjectNotFound
