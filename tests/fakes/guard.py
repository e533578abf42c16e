"""The wallets behind a breaker that nothing has tripped yet, and attempts to ask them."""

from __future__ import annotations

from evenkeel.clock import Clock, Deadline
from evenkeel.payments.answers import Attempt
from evenkeel.payments.guard import WalletGuard
from evenkeel.payments.ports import WalletGateway
from evenkeel.resilience.breaker import Breaker, Environment
from evenkeel.resilience.budget import RetryBudget
from evenkeel.resilience.circuit import Transition
from evenkeel.resilience.limits import Limits
from evenkeel.resilience.retry import Retry
from tests.fakes.circuit_store import InMemoryCircuitStore
from tests.fakes.clock import NOON, ManualClock, ManualSeconds
from tests.fakes.retry import instant_retry


class RecordingWatch:
    def __init__(self) -> None:
        self.transitions: list[Transition] = []
        self.refused_count = 0
        self.errors: list[Exception] = []

    def moved(self, name: str, transition: Transition) -> None:
        self.transitions.append(transition)

    def refused(self, name: str) -> None:
        self.refused_count += 1

    def blind(self, name: str, error: Exception) -> None:
        self.errors.append(error)


def breaker(
    clock: Clock | None = None,
    store: InMemoryCircuitStore | None = None,
    watch: RecordingWatch | None = None,
) -> Breaker:
    now = clock or ManualClock()

    def elapsed_s() -> float:
        return (now() - NOON).total_seconds()

    environment = Environment("env_a", now, elapsed_s, lambda: 0.5)
    return Breaker(
        "wallet",
        store=store or InMemoryCircuitStore(),
        watch=watch or RecordingWatch(),
        limits=Limits(),
        environment=environment,
    )


def guarded(
    gateway: WalletGateway, *, circuit: Breaker | None = None, retry: Retry | None = None
) -> WalletGuard:
    """Ask once, unless a retry is given."""
    behind = circuit or breaker()
    budget = RetryBudget(behind.retry_share, lambda: 0.0, earned=1.0)
    return WalletGuard(gateway, behind, retry or instant_retry(attempt_count_max=1), budget)


def attempt(request_id: str = "r", *, may_wait: bool = False) -> Attempt:
    return Attempt(request_id, Deadline.after(20.0, ManualSeconds()), may_wait=may_wait)
