"""The CPU that breaker, retry and retry budget add to a healthy debit.

`python -m tests.bench.guard` says it alone. The wallets answer at once, and the
environment has seen the circuit a moment ago: what is left is the guard's own
work, with the clocks and the random numbers of a real one.
"""

import random
import statistics
import time
from collections.abc import Callable

from evenkeel import bootstrap
from evenkeel.clock import Deadline, utc_now
from evenkeel.ledger.commands import Command, Debit, Posted
from evenkeel.ledger.transfer import TransferKind
from evenkeel.money import Money
from evenkeel.payments.guard import WalletGuard
from evenkeel.payments.ports import WalletGateway
from evenkeel.resilience.breaker import Breaker, Environment
from evenkeel.resilience.budget import RetryBudget
from evenkeel.resilience.limits import Limits
from tests.fakes.circuit_store import InMemoryCircuitStore
from tests.fakes.guard import RecordingWatch

ROUND_COUNT = 9
DEBIT_COUNT = 2000  # In a round.

DEBIT = Debit(
    client_id="cli_benchmark",
    transfer_id="trf_4bfzq3hgn7dt7qkjon6boomugb",
    payment_id="pay_4bfzq3hgn7dt7qkjon6boomugb",
    wallet_id="wal_4bfzq3hgn7dt7qkjon6boomugb",
    user_id="alice",
    merchant_id="corner-cafe",
    amount=Money(1250, "EUR"),
    request_id="r",
)


class AnsweringGateway:
    def ask(self, command: Command) -> Posted:
        return Posted(command.transfer_id, TransferKind.PAYMENT, 40)


def added_cpu_ms() -> float:
    """Return what the guard adds to one debit, in milliseconds: the median of some rounds."""
    gateway, deadline = AnsweringGateway(), Deadline.after(20.0)
    environment = Environment("env_benchmark", utc_now, time.monotonic, random.random)
    guard = guarded(gateway, InMemoryCircuitStore(), environment)
    bare_ms, guarded_ms = [], []
    for _ in range(ROUND_COUNT):
        bare_ms.append(_cpu_ms(lambda: gateway.ask(DEBIT)))
        guarded_ms.append(_cpu_ms(lambda: guard.ask(DEBIT, deadline)))
    return statistics.median(guarded_ms) - statistics.median(bare_ms)


def guarded(
    gateway: WalletGateway, store: InMemoryCircuitStore, environment: Environment
) -> WalletGuard:
    """Return a guard as it is deployed, but for its store."""
    limits = Limits()
    breaker = Breaker(
        "wallet",
        store=store,
        watch=RecordingWatch(),
        limits=limits,
        environment=environment,
    )
    budget = RetryBudget(breaker.retry_share, random.random, earned=limits.retry_ratio)
    return WalletGuard(gateway, breaker, bootstrap.wallet_retry(), budget)


def _cpu_ms(ask: Callable[[], Posted]) -> float:
    began_at = time.thread_time()
    for _ in range(DEBIT_COUNT):
        ask()
    return (time.thread_time() - began_at) * 1000 / DEBIT_COUNT


if __name__ == "__main__":
    print(f"{added_cpu_ms():.3f}")
