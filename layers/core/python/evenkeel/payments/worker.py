"""Processes the payments whose clients were content to be told later.

What cannot be debited yet goes back to the queue with a delay, as a new message:
so an outage, however long, is no reason to give a message up, and only what
fails for reasons of our own ends among the dead letters.

The same holds if the payment cannot be read or written. Whatever has happened by
then, the new message does no harm:

* it was not claimed: nothing has happened, and it is claimed when the message comes;
* it may have been claimed: the message comes to a lease, and is put back until that
  has ended; then the debit is asked for under the id that it always has;
* it was debited, or refused, and that is not recorded: the same, and the ledger
  answers as the first time. The sweeper may have been there first: then the
  payment has its answer, and the message is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evenkeel.errors import (
    Declined,
    InvalidState,
    RequestInProgress,
    StoreBusy,
    StoreUnconfirmed,
    WalletUnavailable,
)
from evenkeel.payments.answers import Attempt
from evenkeel.payments.ports import PaymentQueue, WaitingPayment
from evenkeel.payments.service import Payments

DELAY_S_BASE = 2.0
DELAY_S_SPREAD = 3.0  # So that what was refused together does not come back together.


@dataclass(frozen=True, slots=True)
class PaymentWorker:
    payments: Payments
    queue: PaymentQueue
    draw: Callable[[], float]  # From 0 to 1, random.

    def work(self, waiting: WaitingPayment, attempt: Attempt) -> None:
        """Have the payment debited, or put it back; one that is void or expired is left alone.

        Raises:
            ObjectNotFound: There is no such payment.
            StoreBusy, StoreUnconfirmed: It could not be put back, so the message must come again.
        """
        delay_s = self._not_before_s(attempt)
        if delay_s is None:
            delay_s = self._worked(waiting, attempt)
        if delay_s is not None:
            self.queue.put(waiting, delay_s=delay_s + self.draw() * DELAY_S_SPREAD)

    def _not_before_s(self, attempt: Attempt) -> float | None:
        """Return how long it is not worth while to claim the payment, if it is not."""
        wallets = self.payments.wallets
        if not wallets.has_time(attempt.deadline):
            return DELAY_S_BASE  # The messages before it have taken it.
        return wallets.refuses_for_s

    def _worked(self, waiting: WaitingPayment, attempt: Attempt) -> float | None:
        """Have the payment debited; return when to try again, if it must be tried again."""
        try:
            self.payments.process(waiting.client_id, waiting.payment_id, waiting.wallet_id, attempt)
        except (Declined, InvalidState):
            return None  # It has its answer.
        except (RequestInProgress, StoreBusy, StoreUnconfirmed, WalletUnavailable) as error:
            return error.retry_after_s or DELAY_S_BASE
        return None
