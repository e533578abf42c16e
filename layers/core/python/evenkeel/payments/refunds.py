"""Use cases of refunds: pay back all or part of what was captured.

Between any two calls the process may die. What is stored then says how to go on: the
payment holds the refund, with its amount set aside and under a lease, before the wallets
are asked, and its transfer has an id that follows from the refund's. So whoever comes
after the lease asks for the same transfer, and the ledger posts it once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from evenkeel.clock import Clock
from evenkeel.errors import (
    Declined,
    IdempotencyKeyReused,
    OutcomeUnknown,
    RequestInProgress,
    Unavailable,
    WalletUnavailable,
)
from evenkeel.payments import refunding
from evenkeel.payments.answers import Answer, Attempt
from evenkeel.payments.failure import Failure
from evenkeel.payments.guard import WalletGuard
from evenkeel.payments.leases import Lease
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import Begun, PaymentKey
from evenkeel.payments.records import PaymentRecords
from evenkeel.payments.refunding import Refund, RefundOrder, RefundStatus

# Each time another refund was faster, and has got on.
BEGIN_COUNT_MAX = 20

Outcome = Callable[[Payment, Refund, datetime], Payment]


@dataclass(frozen=True, slots=True)
class Refunds:
    records: PaymentRecords
    wallets: WalletGuard
    clock: Clock

    def refund(self, key: PaymentKey, order: RefundOrder, attempt: Attempt) -> Answer:
        """Pay back all or part of what was captured, once per idempotency key.

        Raises:
            Declined: The wallet takes no money, now or the first time. The refund is FAILED.
            IdempotencyKeyReused: The key stands for another request.
            InvalidState: The payment is not to be refunded, or not for so much.
            RequestInProgress: Somebody else is at it.
            ObjectNotFound: This client has no such payment.
            WalletUnavailable: Nothing was applied.
        """
        begun, lease, now = self._begun(key, order, attempt)
        before = begun.before
        if begun.is_written:
            after = refunding.begun(before, order, lease, now)
            return self._settle(after, order.refund_id, attempt)
        known = before.refunds.get(order.refund_id)
        if known is not None and known.fingerprint != order.fingerprint:
            raise IdempotencyKeyReused
        if known is not None and known.lease == lease:
            # Our own write was first: its answer was lost.
            return self._settle(before, order.refund_id, attempt)
        if known is not None and known.is_final:
            return _answered(before, known, replayed=True)
        return self._claimed(before, order, attempt)

    def resume(self, payment: Payment, refund: Refund, attempt: Attempt) -> Answer:
        """Go on with a refund that whoever worked on it has left open.

        Raises:
            Declined, RequestInProgress: As for `refund`.
        """
        return self._claimed(payment, refund.order, attempt)

    def _begun(
        self, key: PaymentKey, order: RefundOrder, attempt: Attempt
    ) -> tuple[Begun, Lease, datetime]:
        """Begin it, and say when and under which lease.

        A begin that another refund was faster than is like a late copy, and begins nothing.
        Then it is made anew.
        """
        now = self.clock()
        for _ in range(BEGIN_COUNT_MAX):
            lease = Lease.taken(attempt.request_id, now)
            begun = self.records.begin_refund(key, order, lease, now)
            before = begun.before
            if begun.is_written or order.refund_id in before.refunds or before.updated_at <= now:
                break
            now = max(self.clock(), before.updated_at)
        return begun, lease, now

    def _claimed(self, payment: Payment, order: RefundOrder, attempt: Attempt) -> Answer:
        now = self.clock()
        lease = Lease.taken(attempt.request_id, now)
        after = refunding.begun(payment, order, lease, now)
        if self.records.save(after) != after:
            raise RequestInProgress(payment.id)
        return self._settle(after, order.refund_id, attempt)

    def _settle(self, payment: Payment, refund_id: str, attempt: Attempt) -> Answer:
        """Ask for the transfer and record what came of it. The caller holds the lease."""
        refund = payment.refunds[refund_id]
        command = refunding.command(payment, refund, attempt.request_id)
        try:
            self.wallets.ask(command, attempt.deadline)
        except Declined as declined:
            failure = Failure.of(declined)
            return self._record(payment, refund, partial(refunding.failed, failure=failure))
        except OutcomeUnknown as unknown:
            left_open = partial(refunding.left_open, cause=unknown.code)
            return self._record(payment, refund, left_open, unknown.code)
        except Unavailable as unavailable:
            return self._put_off(payment, refund, unavailable)
        return self._record(payment, refund, refunding.succeeded)

    def _put_off(self, payment: Payment, refund: Refund, cause: Unavailable) -> Answer:
        """Give back what was set aside for a refund of which nothing was applied."""
        released = partial(refunding.released, cause=cause.code)
        answer = self._record(payment, refund, released, cause.code)
        assert answer.refund is not None
        if answer.refund.status is RefundStatus.RELEASED:
            raise WalletUnavailable(payment.id, cause.retry_after_s) from cause
        return answer

    def _record(
        self, payment: Payment, refund: Refund, outcome: Outcome, cause: str | None = None
    ) -> Answer:
        """Write the outcome into the payment as it is by then: other refunds go on beside."""

        def change(current: Payment) -> Payment | None:
            mine = current.refunds.get(refund.id)
            if mine is None or mine.lease != refund.lease:
                return None  # Somebody else has settled it, after our lease.
            return outcome(current, mine, self.clock())

        after = self.records.change(payment, change)
        # Only what was released can be forgotten.
        forgotten = replace(refund, status=RefundStatus.RELEASED)
        return _answered(after, after.refunds.get(refund.id, forgotten), cause)


def _answered(
    payment: Payment, refund: Refund, cause: str | None = None, *, replayed: bool = False
) -> Answer:
    """Answer as the wallet did. A decline is an answer too, the same for ever."""
    if refund.failure is not None:
        raise payment.declined_again(refund.failure, replayed=replayed)
    if refund.status is RefundStatus.SUCCEEDED:
        return Answer(refunding.as_refunded(payment, refund), replayed, refund)
    return Answer(payment, refund=refund, cause=cause or RequestInProgress.code)
