"""Processes the payments whose clients were content to be told later.

What cannot be debited yet goes back to the queue with a delay, as a new message:
so an outage, however long, is no reason to give a message up, and only what
fails for reasons of our own ends among the dead letters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evenkeel.errors import Declined, InvalidState, RequestInProgress, WalletUnavailable
from evenkeel.payments.ports import PaymentQueue, WaitingPayment
from evenkeel.payments.service import Attempt, Payments

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
            StoreBusy, StoreUnconfirmed: The message must come again.
        """
        if self.payments.wallets.refuses_for_s is not None:
            self._put_back(waiting, DELAY_S_BASE)
            return
        try:
            self.payments.process(waiting.client_id, waiting.payment_id, waiting.wallet_id, attempt)
        except (Declined, InvalidState):
            return  # It has its answer.
        except (RequestInProgress, WalletUnavailable) as error:
            self._put_back(waiting, error.retry_after_s or DELAY_S_BASE)

    def _put_back(self, waiting: WaitingPayment, delay_s: float) -> None:
        self.queue.put(waiting, delay_s=delay_s + self.draw() * DELAY_S_SPREAD)
