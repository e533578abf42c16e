"""Use cases of payments: create, process, look.

Between any two calls the process may die. What is stored then says how to go
on: a payment is PROCESSING under a lease before the wallet is asked, and the
debit carries an id derived from the payment. So whoever comes after the lease
asks for the same debit, and the ledger posts it once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from evenkeel.clock import Clock, Deadline
from evenkeel.errors import (
    Declined,
    IdempotencyKeyReused,
    ObjectNotFound,
    OutcomeUnknown,
    RequestInProgress,
    StoreBusy,
    StoreUnconfirmed,
    Unavailable,
    VersionConflict,
    WalletUnavailable,
)
from evenkeel.ids import is_id
from evenkeel.payments.guard import WalletGuard
from evenkeel.payments.model import PAYMENT_PREFIX, Order, Payment, PaymentStatus
from evenkeel.payments.ports import (
    PaymentPage,
    PaymentQueue,
    PaymentStore,
    SeenPayments,
    UserQuery,
    WaitingPayment,
)
from evenkeel.resilience.retry import Retry

# A page that a filter leaves half empty is filled from the following ones, up to here.
FILTERED_PAGE_COUNT_MAX = 10


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to have a payment debited.

    Attributes:
        deadline: When the outcome must be known, with time left to record it.
        may_wait: Whether to queue the payment, instead of failing, while nobody can debit it.
    """

    request_id: str
    deadline: Deadline
    may_wait: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A payment as a request is answered with it.

    One that was to be debited and is not processed has an open outcome if it is
    PROCESSING, and waits in the queue if it is PENDING.
    """

    payment: Payment
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Payments:
    store: PaymentStore
    wallets: WalletGuard
    queue: Callable[[], PaymentQueue]  # Needed in an outage only, and dear to build.
    seen: SeenPayments
    retry: Retry  # Of calls to the store; the wallets' are their own.
    clock: Clock

    def create(self, order: Order) -> Answer:
        """Record a payment, once per idempotency key.

        Raises:
            IdempotencyKeyReused: The key stands for another request.
        """
        wanted = Payment.created(order, self.clock())
        payment = self._recorded(wanted)
        return Answer(payment.as_created(), replayed=payment != wanted)

    def create_and_process(self, order: Order, attempt: Attempt) -> Answer:
        """Record a payment and have it debited, in one call and once per idempotency key.

        Raises:
            IdempotencyKeyReused: The key stands for another request.
            Declined, InvalidState, RequestInProgress, WalletUnavailable: As for `process`.
        """
        assert order.wallet_id is not None
        wanted = Payment.created_and_claimed(order, self.clock(), attempt.request_id)
        payment = self._recorded(wanted)
        if payment == wanted:
            return self._settle(wanted, attempt)
        return self._process(payment, order.wallet_id, attempt)

    def process(self, client_id: str, payment_id: str, wallet_id: str, attempt: Attempt) -> Answer:
        """Have a payment debited, once, however often it is asked for.

        Raises:
            Declined: The wallet refused, now or the first time. The payment is FAILED.
            InvalidState: The payment is cancelled or expired, or tied to another wallet.
            RequestInProgress: Somebody else is at it.
            ObjectNotFound: This client has no such payment.
            WalletUnavailable: Nothing was applied. The payment is PENDING.
        """
        return self._process(self.get(client_id, payment_id), wallet_id, attempt)

    def resume(self, payment: Payment, attempt: Attempt) -> Answer:
        """Go on with a payment that whoever worked on it has left PROCESSING.

        Raises:
            Declined, InvalidState, RequestInProgress: As for `process`.
        """
        assert payment.wallet_id is not None
        return self._process(payment, payment.wallet_id, attempt)

    def get(self, client_id: str, payment_id: str) -> Payment:
        """Return the payment as it is now.

        Raises:
            ObjectNotFound: This client has no such payment.
        """
        if not is_id(PAYMENT_PREFIX, payment_id):
            raise ObjectNotFound
        return self.retry.call(lambda: self.store.get(client_id, payment_id))

    def of_user(self, query: UserQuery, status: PaymentStatus | None = None) -> PaymentPage:
        """Return a page of a user's payments, newest first; it may be short and not the last."""
        found: list[Payment] = []
        for _ in range(FILTERED_PAGE_COUNT_MAX):
            page = self.retry.call(partial(self.store.of_user, query))
            for payment in page.payments:
                if status in (None, payment.status):
                    found.append(payment)
                if len(found) == query.limit:
                    is_last = payment is page.payments[-1]
                    return PaymentPage(found, page.next if is_last else payment.ref)
            query = replace(query, after=page.next)
            if page.next is None:
                break
        return PaymentPage(found, query.after)

    def _recorded(self, wanted: Payment) -> Payment:
        """Return what stands under the payment's id: *wanted*, recorded now, or an earlier one."""
        recorded = None
        if self.seen.note(wanted.id):
            recorded = self.retry.call(lambda: self.store.find(wanted.client_id, wanted.id))
        if recorded is None:
            recorded = self.retry.call(lambda: self.store.add(wanted))
        if recorded.order.fingerprint != wanted.order.fingerprint:
            raise IdempotencyKeyReused
        return recorded

    def _process(self, payment: Payment, wallet_id: str, attempt: Attempt) -> Answer:
        if payment.is_processed and payment.wallet_id == wallet_id:
            return _answered(payment)
        claimed = payment.claimed(wallet_id, self.clock(), attempt.request_id)
        if not self._saved(claimed):
            return self._overtaken(claimed)
        return self._settle(claimed, attempt)

    def _settle(self, payment: Payment, attempt: Attempt) -> Answer:
        """Ask for the debit and record what came of it. The caller holds the lease."""
        try:
            posted = self.wallets.ask(payment.debit(attempt.request_id), attempt.deadline)
        except Declined as declined:
            return self._record(payment.declined(self.clock(), declined))
        except OutcomeUnknown as unknown:
            return self._record(payment.left_open(self.clock(), unknown.code))
        except Unavailable as unavailable:
            return self._put_off(payment, attempt, unavailable)
        return self._record(payment.completed(self.clock(), posted.transfer_id))

    def _put_off(self, payment: Payment, attempt: Attempt, cause: Unavailable) -> Answer:
        """Give back a payment of which nothing was applied, queued before if that is wished."""
        now = self.clock()
        released = payment.released(now, cause.code)
        if released.status is not PaymentStatus.PENDING:
            return self._record(released)  # An earlier attempt may have been applied.
        if attempt.may_wait and not released.is_queued(now) and self._queue(payment, cause):
            released = released.queued(now)
        answer = self._record(released)
        is_promised = attempt.may_wait and released.is_queued(now)
        if is_promised or answer.payment.status is not PaymentStatus.PENDING:
            return answer
        raise WalletUnavailable(payment.id, cause.retry_after_s) from cause

    def _queue(self, payment: Payment, cause: Unavailable) -> bool:
        """Put a message that stands for the payment, and tell whether it is there for sure."""
        assert payment.wallet_id is not None
        waiting = WaitingPayment(payment.client_id, payment.id, payment.wallet_id)
        try:
            self.retry.call(lambda: self.queue().put(waiting, delay_s=cause.retry_after_s or 0.0))
        except (StoreBusy, StoreUnconfirmed):
            return False
        return True

    def _record(self, after: Payment) -> Answer:
        try:
            is_saved = self._saved(after)
        except StoreBusy as busy:
            # The outcome is not written, but what it is the outcome of has happened.
            raise StoreUnconfirmed from busy
        if not is_saved:
            return self._overtaken(after)
        return _answered(after, replayed=False) if after.is_processed else Answer(after)

    def _saved(self, payment: Payment) -> bool:
        """Save a changed payment, and tell whether it is what is stored now."""
        return self.retry.call(lambda: self._save(payment))

    def _save(self, payment: Payment) -> bool:
        try:
            self.store.save(payment)
        except VersionConflict:
            # It may be our own write that was first: its answer was lost.
            return self.store.get(payment.client_id, payment.id) == payment
        return True

    def _overtaken(self, wanted: Payment) -> Answer:
        """Answer with what somebody else has made of the payment meanwhile."""
        current = self.get(wanted.client_id, wanted.id)
        assert wanted.wallet_id is not None
        if current.is_processed and current.wallet_id == wanted.wallet_id:
            return _answered(current)
        current.claimed(wanted.wallet_id, self.clock(), "")  # Says so if it cannot be, any more.
        raise RequestInProgress(wanted.id)


def _answered(payment: Payment, *, replayed: bool = True) -> Answer:
    """Answer as the wallet did. A decline is an answer too, the same for ever."""
    if payment.failure is None:
        return Answer(payment.as_processed(), replayed)
    failure = payment.failure
    declined = Declined(
        failure.reason,
        failure.message,
        first_request_id=failure.request_id,
        replayed=replayed,
    )
    declined.payment_id = payment.id
    raise declined
