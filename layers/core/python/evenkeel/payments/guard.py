"""The wallet service as payments ask it: behind a circuit breaker, with retries.

`breaker(retry(call))`: an open circuit costs no attempt, and a burst of retries
counts as one call. The debit carries the same transfer id in every attempt.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.clock import Deadline
from evenkeel.errors import TransferNotApplied
from evenkeel.payments.model import Debit
from evenkeel.payments.ports import WalletGateway
from evenkeel.resilience.breaker import Breaker
from evenkeel.resilience.budget import RetryBudget
from evenkeel.resilience.retry import Retry


@dataclass(frozen=True, slots=True)
class WalletGuard:
    """The wallets, guarded.

    Attributes:
        admission_s_max: How long the breaker may take to let a call through.
    """

    gateway: WalletGateway
    breaker: Breaker
    retry: Retry
    budget: RetryBudget
    admission_s_max: float = 0.0

    @property
    def refuses_for_s(self) -> float | None:
        """How long a debit would be refused for sure, so that none needs to be prepared."""
        return self.breaker.refuses_for_s

    def has_time(self, deadline: Deadline) -> bool:
        """Whether a debit that is asked for now has its answer by the deadline, however slow."""
        return deadline.remaining_s >= self.admission_s_max + self.retry.attempt_s_max

    def debit(self, debit: Debit, request_id: str, deadline: Deadline) -> str:
        """Ask for the debit, once or more often, and return the id of the posted transfer.

        Raises:
            Declined: Refused for good: this debit will never be posted.
            CircuitOpen, TransferContended, TransferNotApplied: It was not posted by this call.
            TransferUnconfirmed: It may have been posted.
        """
        if not self.has_time(deadline):
            raise TransferNotApplied  # Not as the breaker's call: the wallets are not to blame.
        return self.breaker.call(lambda: self._with_retries(debit, request_id, deadline))

    def _with_retries(self, debit: Debit, request_id: str, deadline: Deadline) -> str:
        transfer_id = self.retry.call(
            lambda: self.breaker.timed(lambda: self.gateway.debit(debit, request_id)),
            deadline=deadline,
            may_retry=self.budget.spend,
        )
        self.budget.earn()
        return transfer_id
