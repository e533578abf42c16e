"""Use cases of payments: create and process.

Between any two calls the process may die. What is stored then says how to go
on: a payment is PROCESSING under a lease before the wallet is asked, and the
debit carries an id derived from the payment. So whoever comes after the lease
asks for the same debit, and the ledger posts it once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evenkeel.clock import Clock
from evenkeel.errors import (
    Declined,
    IdempotencyKeyReused,
    OutcomeUnknown,
    RequestInProgress,
    StoreBusy,
    StoreUnconfirmed,
    Unavailable,
    WalletUnavailable,
)
from evenkeel.payments.answers import Answer, Attempt
from evenkeel.payments.guard import WalletGuard
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Order
from evenkeel.payments.ports import (
    OutcomeWatch,
    PaymentQueue,
    SeenPayments,
    WaitingPayment,
)
from evenkeel.payments.records import PaymentRecords
from evenkeel.payments.states import PaymentStatus
from evenkeel.resilience.retry import Retry
from evenkeel.screening.anomaly import UNKNOWN, Anomaly


@dataclass(frozen=True, slots=True)
class Payments:
    records: PaymentRecords
    wallets: WalletGuard
    queue: Callable[[], PaymentQueue]  # Needed in an outage only, and dear to build.
    seen: SeenPayments
    outcomes: OutcomeWatch
    retry: Retry  # Of calls to the queue.
    clock: Clock

    def create(self, order: Order, anomaly: Anomaly = UNKNOWN) -> Answer:
        """Record a payment, once per idempotency key.

        Raises:
            IdempotencyKeyReused: The key stands for another request.
        """
        wanted = Payment.created(order, self.clock(), anomaly)
        payment = self._recorded(wanted)
        return Answer(payment.as_created(), replayed=payment != wanted)

    def create_and_process(
        self, order: Order, attempt: Attempt, anomaly: Anomaly = UNKNOWN
    ) -> Answer:
        """Record a payment and have it debited, in one call and once per idempotency key.

        Raises:
            IdempotencyKeyReused: The key stands for another request.
            Declined, InvalidState, RequestInProgress, WalletUnavailable: As for `process`.
        """
        assert order.wallet_id is not None
        wanted = Payment.created_and_claimed(order, self.clock(), attempt.request_id, anomaly)
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
        payment = self.get(client_id, payment_id)
        if payment.status is PaymentStatus.CANCELLED:
            raise payment.not_while("be processed")
        return self._process(payment, wallet_id, attempt)

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
        return self.records.get(client_id, payment_id)

    def _recorded(self, wanted: Payment) -> Payment:
        """Return what stands under the payment's id: *wanted*, recorded now, or an earlier one."""
        recorded = None
        if self.seen.note(wanted.id):
            recorded = self.records.find(wanted.client_id, wanted.id)
        if recorded is None:
            recorded = self.records.add(wanted)
        if recorded.order.fingerprint != wanted.order.fingerprint:
            raise IdempotencyKeyReused
        return recorded

    def _process(self, payment: Payment, wallet_id: str, attempt: Attempt) -> Answer:
        if payment.is_processed and payment.wallet_id == wallet_id:
            return _answered(payment)
        claimed = payment.claimed(wallet_id, self.clock(), attempt.request_id)
        current = self.records.save(claimed)
        if current != claimed:
            return self._overtaken(current, claimed)
        return self._settle(claimed, attempt)

    def _settle(self, payment: Payment, attempt: Attempt) -> Answer:
        """Ask for the debit and record what came of it. The caller holds the lease."""
        try:
            posted = self.wallets.ask(payment.debit(attempt.request_id), attempt.deadline)
        except Declined as declined:
            return self._record(payment.declined(self.clock(), declined))
        except OutcomeUnknown as unknown:
            return self._record(payment.left_open(self.clock(), unknown.code), unknown.code)
        except Unavailable as unavailable:
            return self._put_off(payment, attempt, unavailable)
        return self._record(payment.debited(self.clock(), posted.transfer_id))

    def _put_off(self, payment: Payment, attempt: Attempt, cause: Unavailable) -> Answer:
        """Give back a payment of which nothing was applied, queued before if that is wished."""
        now = self.clock()
        released = payment.released(now, cause.code)
        if released.status is not PaymentStatus.PENDING:
            return self._record(released, cause.code)  # An earlier attempt may have been applied.
        if attempt.may_wait and not released.is_queued(now) and self._queue(payment, cause):
            released = released.queued(now)
        answer = self._record(released, cause.code)
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

    def _record(self, after: Payment, cause: str | None = None) -> Answer:
        current = self.records.save_outcome(after)
        if current != after:
            return self._overtaken(current, after)
        if not after.is_processed:
            return Answer(after, cause=cause)
        self.outcomes.processed(after)
        return _answered(after, replayed=False)

    def _overtaken(self, current: Payment, wanted: Payment) -> Answer:
        """Answer with what somebody else has made of the payment meanwhile."""
        assert wanted.wallet_id is not None
        if current.is_processed and current.wallet_id == wanted.wallet_id:
            return _answered(current)
        current.claimed(wanted.wallet_id, self.clock(), "")  # Says so if it cannot be, any more.
        raise RequestInProgress(wanted.id)


def _answered(payment: Payment, *, replayed: bool = True) -> Answer:
    """Answer as the wallet did. A decline is an answer too, the same for ever."""
    if payment.failure is None:
        return Answer(payment.as_processed(), replayed)
    raise payment.declined_again(payment.failure, replayed=replayed)
