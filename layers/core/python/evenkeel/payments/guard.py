"""The wallet service as payments ask it: behind a circuit breaker, with retries.

`breaker(retry(call))`: an open circuit costs no attempt, and a burst of retries
counts as one call. The command names the same transfer in every attempt.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.clock import Deadline
from evenkeel.errors import TransferNotApplied
from evenkeel.ledger.commands import Command, HoldEnd, Posted, Reversal
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
        """How long a command would be refused for sure, so that none needs to be prepared."""
        return self.breaker.refuses_for_s

    def has_time(self, deadline: Deadline) -> bool:
        """Whether what is asked for now has its answer by the deadline, however slow."""
        return deadline.remaining_s >= self.admission_s_max + self.retry.attempt_s_max

    def ask(self, command: Command, deadline: Deadline) -> Posted:
        """Ask the wallets, once or more often, and return what stands in the ledger then.

        Raises:
            Declined: Refused. A debit, a hold or a refund is refused for good.
            CircuitOpen, TransferContended, TransferNotApplied: It was not posted by this call.
            TransferUnconfirmed: It may have been posted.
        """
        if not self.has_time(deadline):
            raise TransferNotApplied  # Not as the breaker's call: the wallets are not to blame.
        return self.breaker.call(lambda: self._with_retries(command, deadline))

    def _with_retries(self, command: Command, deadline: Deadline) -> Posted:
        posted = self.retry.call(
            lambda: self.breaker.timed(lambda: self.gateway.ask(command)),
            deadline=deadline,
            may_retry=self.budget.spend,
            # These are refused without a record, so that they are possible later.
            refusal_decides=not isinstance(command, HoldEnd | Reversal),
        )
        self.budget.earn()
        return posted
