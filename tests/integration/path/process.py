"""An execution environment with all that works on payments. It is dropped when it dies."""

from collections.abc import Sequence
from datetime import timedelta

from evenkeel.adapters.memory.seen_payments import SeenInThisProcess
from evenkeel.clock import Deadline
from evenkeel.payments.answers import Attempt
from evenkeel.payments.guard import WalletGuard
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.sweeper import Sweeper
from evenkeel.payments.worker import PaymentWorker
from evenkeel.resilience.breaker import Breaker, Environment
from evenkeel.resilience.budget import RetryBudget
from evenkeel.resilience.limits import Limits
from tests.fakes.desk import payment_desk
from tests.fakes.guard import RecordingWatch
from tests.fakes.retry import instant_retry
from tests.integration.path.platform import Platform

LIMITS = Limits()
ATTEMPT_S = 7.0  # For a sweep: two passes.


def no_chance() -> float:
    """Draw what lets every call through that may go through."""
    return 0.0


class Unforgiving:
    """Watches a sweep: what the sweeper does not expect is not expected here either."""

    def failed(self, key: PaymentKey, transfer_id: str | None, error: Exception) -> None:
        raise AssertionError(key) from error

    def broke_off(self, shards: Sequence[int], error: Exception) -> None:
        raise AssertionError(shards) from error


class Process:
    """Its sweeper has one lane, so that calls come in one order."""

    def __init__(self, platform: Platform, circuit: str, environment_id: str) -> None:
        clock = platform.clock
        environment = Environment(environment_id, clock, platform.elapsed_s, no_chance)
        breaker = Breaker(
            circuit,
            store=platform.circuits,
            watch=RecordingWatch(),
            limits=LIMITS,
            environment=environment,
        )
        budget = RetryBudget(breaker.retry_share, no_chance, earned=LIMITS.retry_ratio)
        self.desk = payment_desk(
            platform.payments,
            WalletGuard(platform.gateway, breaker, instant_retry(3), budget),
            clock,
            queue=lambda: platform.queue,
            seen=SeenInThisProcess(),
            retry=instant_retry(3),
        )
        self.payments = self.desk.payments
        self.sweeper = Sweeper(
            platform.payments,
            platform.journal,
            [self.desk],
            Unforgiving(),
            clock,
            lambda pause_s: clock.advance(timedelta(seconds=pause_s)),
        )
        self.worker = PaymentWorker(self.payments, platform.queue, no_chance)
        self._elapsed_s = platform.elapsed_s

    def attempt(self, request_id: str, *, may_wait: bool = False) -> Attempt:
        deadline = Deadline.after(ATTEMPT_S, self._elapsed_s)
        return Attempt(request_id, deadline, may_wait=may_wait)
