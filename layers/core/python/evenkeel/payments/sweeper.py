"""Settles what was left open: to what the ledger says, or by asking for the debit again.

Whoever worked on a payment may have died, or may not have been told what became
of the debit. The ledger knows, and it is asked with a strong read. A debit that
is not there may still be under way, so it is never taken back: it is asked for
again, under the same id, and posted once. Every change is conditional on the
version, so live requests and other sweepers do no harm, and are done none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from evenkeel.clock import Clock
from evenkeel.errors import (
    Declined,
    InvalidState,
    LedgerBusy,
    OutcomeUnknown,
    RequestInProgress,
    StoreBusy,
    Unavailable,
    VersionConflict,
)
from evenkeel.ledger.transfer import Decline
from evenkeel.payments.model import Payment, PaymentStatus
from evenkeel.payments.ports import Journal, PaymentKey, PaymentStore
from evenkeel.payments.service import Attempt, Payments

# Between two passes, while the wallets cannot be asked: the outage may end any moment.
PAUSE_S = 3.0


class Settlement(StrEnum):
    COMPLETED = "completed"
    DECLINED = "declined"
    EXPIRED = "expired"
    RESUMED = "resumed"  # Debited, or refused, now.
    LEFT = "left"  # The wallets, or the tables, could not be asked.
    NOT_DUE = "not_due"  # Somebody was first, or the index was late.


@dataclass(frozen=True, slots=True)
class Sweep:
    """What came of the payments that were due, by number; *left* are those that still are."""

    counts: Counter[Settlement]

    @property
    def looked(self) -> int:
        return self.counts.total()


@dataclass(frozen=True, slots=True)
class Sweeper:
    store: PaymentStore
    journal: Journal
    payments: Payments
    clock: Clock
    sleep: Callable[[float], None]

    def sweep(self, attempt: Attempt) -> Sweep:
        """Settle all that is due, and stay with what cannot be settled yet until time is over."""
        total: Counter[Settlement] = Counter()
        while True:
            counts = self._pass(attempt)
            left = counts.pop(Settlement.LEFT, 0)
            total += counts
            if not left or attempt.deadline.remaining_s <= PAUSE_S:
                total[Settlement.LEFT] = left
                return Sweep(total)
            self.sleep(PAUSE_S)

    def _pass(self, attempt: Attempt) -> Counter[Settlement]:
        counts: Counter[Settlement] = Counter()
        try:
            for key in self.store.due(self.clock()):
                if attempt.deadline.remaining_s <= 0:
                    counts[Settlement.LEFT] += 1
                    break
                counts[self._looked_after(key, attempt)] += 1
        except StoreBusy:
            counts[Settlement.LEFT] += 1
        return counts

    def _looked_after(self, key: PaymentKey, attempt: Attempt) -> Settlement:
        try:
            payment = self.store.get(key.client_id, key.payment_id)
            return self._settled(payment, attempt)
        except (VersionConflict, RequestInProgress, InvalidState):
            return Settlement.NOT_DUE
        except Declined:
            return Settlement.RESUMED
        except (LedgerBusy, Unavailable, OutcomeUnknown):
            return Settlement.LEFT

    def _settled(self, payment: Payment, attempt: Attempt) -> Settlement:
        now = self.clock()
        if payment.due_at is None or now < payment.due_at:
            return Settlement.NOT_DUE
        if payment.status is PaymentStatus.PENDING:
            self.store.save(payment.expired(now))
            return Settlement.EXPIRED
        record = self.journal.record(payment.client_id, payment.transfer_id_wanted)
        if record is None:
            return self._resumed(payment, attempt)
        if isinstance(record, Decline):
            declined = Declined(record.reason, record.message, first_request_id=record.request_id)
            self.store.save(payment.declined(now, declined))
            return Settlement.DECLINED
        self.store.save(payment.completed(now, record.id))
        return Settlement.COMPLETED

    def _resumed(self, payment: Payment, attempt: Attempt) -> Settlement:
        if self.payments.wallets.is_open:
            return Settlement.LEFT
        answer = self.payments.resume(payment, attempt)
        return Settlement.RESUMED if answer.payment.is_processed else Settlement.LEFT
