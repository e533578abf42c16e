"""Use cases of a payment on hold: capture it, void it, let it expire.

Between any two calls the process may die. What is stored then says how to go on: the
payment says how its hold was to end, under a lease, before the wallets are asked, and
the end has an id that follows from the hold's. So whoever comes after the lease asks
again, and the wallets answer with the one end that there is.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.clock import Clock
from evenkeel.errors import (
    Declined,
    OutcomeUnknown,
    RequestInProgress,
    Unavailable,
    WalletUnavailable,
)
from evenkeel.payments import ending
from evenkeel.payments.answers import Answer, Attempt
from evenkeel.payments.ending import Ending, EndingKind
from evenkeel.payments.guard import WalletGuard
from evenkeel.payments.leases import Lease
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.records import PaymentRecords
from evenkeel.payments.states import UNSETTLED, PaymentStatus


@dataclass(frozen=True, slots=True)
class Holds:
    records: PaymentRecords
    wallets: WalletGuard
    clock: Clock

    def capture(self, key: PaymentKey, amount_minor: int | None, attempt: Attempt) -> Answer:
        """Have a hold paid, all of it or less, and the rest released; again, the same.

        Without an amount it is all that was authorized.

        Raises:
            Declined: The wallet is frozen. The payment is AUTHORIZED.
            InvalidState: The payment has no hold, or one of less, or another end.
            RequestInProgress: Somebody else is at it.
            ObjectNotFound: This client has no such payment.
            WalletUnavailable: Nothing was applied. The payment is AUTHORIZED.
        """
        return self._end(key, Ending(EndingKind.CAPTURE, amount_minor), attempt)

    def void(self, key: PaymentKey, attempt: Attempt) -> Answer:
        """Cancel a payment that was not captured, and release its hold; again, the same.

        Raises:
            InvalidState, RequestInProgress, ObjectNotFound, WalletUnavailable: As for `capture`.
        """
        return self._end(key, Ending(EndingKind.VOID), attempt)

    def expire(self, payment: Payment, attempt: Attempt) -> Answer:
        """Release a hold that has lasted for its time.

        Raises:
            InvalidState, RequestInProgress, WalletUnavailable: As for `capture`.
        """
        return self._end(_key(payment), Ending(EndingKind.EXPIRY), attempt)

    def resume(self, payment: Payment, attempt: Attempt) -> Answer:
        """Go on with the end of a hold that whoever worked on it has left open.

        Raises:
            Declined, InvalidState, RequestInProgress, WalletUnavailable: As for `capture`.
        """
        assert payment.ending is not None
        now = self.clock()
        lease = Lease.taken(attempt.request_id, now)
        return self._claimed(ending.begun(payment, payment.ending, lease, now), attempt)

    def _end(self, key: PaymentKey, wish: Ending, attempt: Attempt) -> Answer:
        now = self.clock()
        lease = Lease.taken(attempt.request_id, now)
        begun = self.records.begin_ending(key, wish, lease, now)
        before = begun.before
        if begun.is_written:
            return self._settle(ending.begun(before, wish, lease, now), attempt)
        if before.lease == lease:
            return self._settle(before, attempt)  # Our own write was first: its answer was lost.
        if before.status not in UNSETTLED:
            return _answered(before, wish, replayed=True)
        if before.status is PaymentStatus.PENDING and wish.kind is EndingKind.VOID:
            return self._voided(before.voided(now))
        return self._claimed(ending.begun(before, wish, lease, now), attempt)

    def _voided(self, payment: Payment) -> Answer:
        """Record that nobody has processed it, and nobody will."""
        if self.records.save(payment) != payment:
            raise RequestInProgress(payment.id)
        return Answer(payment)

    def _claimed(self, payment: Payment, attempt: Attempt) -> Answer:
        if self.records.save(payment) != payment:
            raise RequestInProgress(payment.id)
        return self._settle(payment, attempt)

    def _settle(self, payment: Payment, attempt: Attempt) -> Answer:
        """Ask for the end of the hold and record what came of it. The caller holds the lease."""
        wish = payment.ending
        assert wish is not None
        command = ending.command(payment, attempt.request_id)
        try:
            end = self.wallets.ask(command, attempt.deadline)
        except Declined as declined:
            return self._refused(payment, wish, declined)
        except OutcomeUnknown as unknown:
            after = ending.left_open(payment, self.clock(), unknown.code)
            return self._recorded(after, wish, unknown.code)
        except Unavailable as unavailable:
            return self._put_off(payment, wish, unavailable)
        return self._recorded(ending.ended(payment, end, self.clock()), wish)

    def _refused(self, payment: Payment, wish: Ending, declined: Declined) -> Answer:
        """Give back a payment whose wallet pays nothing now."""
        after = ending.refused(payment, self.clock(), declined.reason)
        answer = self._recorded(after, wish, declined.reason)
        if answer.is_open and after.ending is None:
            declined.payment_id = payment.id
            raise declined
        return answer

    def _put_off(self, payment: Payment, wish: Ending, cause: Unavailable) -> Answer:
        """Give back a payment of whose hold nothing was ended."""
        after = ending.released(payment, self.clock(), cause.code)
        answer = self._recorded(after, wish, cause.code)
        if answer.is_open and after.ending is None:
            raise WalletUnavailable(payment.id, cause.retry_after_s) from cause
        return answer

    def _recorded(self, after: Payment, wish: Ending, cause: str | None = None) -> Answer:
        current = self.records.save_outcome(after)
        if current == after:
            return Answer(after, cause=cause) if cause else _answered(after, wish)
        # Somebody else has settled it meanwhile, or is at it.
        if current.status in UNSETTLED:
            raise RequestInProgress(after.id)
        return _answered(current, wish)


def _answered(payment: Payment, wish: Ending, *, replayed: bool = False) -> Answer:
    """Answer with the end that the hold has had, if it is the one that was wished for."""
    if wish.kind is EndingKind.CAPTURE and payment.captured_at is not None:
        if payment.captured_minor == ending.wanted_minor(payment, wish):
            return Answer(payment.as_captured(), replayed)
    elif wish.kind is not EndingKind.CAPTURE and payment.status is PaymentStatus.CANCELLED:
        return Answer(payment, replayed)
    raise ending.refusal(payment, wish)


def _key(payment: Payment) -> PaymentKey:
    return PaymentKey(payment.client_id, payment.id)
