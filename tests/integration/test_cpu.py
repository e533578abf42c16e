"""What the payments function may spend of the CPU; measured as CPU time, not by the clock.

And what the breaker may cost beside: calls to its table, counted.
"""

import subprocess
import sys
from contextlib import suppress
from datetime import timedelta

import pytest

from evenkeel.clock import Deadline
from evenkeel.errors import Declined, DeclineReason
from evenkeel.ledger.commands import Command, Posted
from evenkeel.ledger.transfer import TransferKind
from evenkeel.resilience.breaker import JITTER, Environment
from evenkeel.resilience.limits import Limits
from infra.local.tools import build_layers
from tests.bench.guard import DEBIT, added_cpu_ms, guarded
from tests.bench.init import best_cpu_ms, yardstick_cpu_ms
from tests.fakes.circuit_store import InMemoryCircuitStore
from tests.fakes.clock import NOON, ManualClock, ManualSeconds

INIT_CPU_MS_MAX = 350
# What the imports of others cost on the machine of that budget, when nobody else is on it.
YARDSTICK_CPU_MS = 106
ROUND_COUNT_MAX = 4
PAYMENT_CPU_MS_MAX = 5
GUARD_CPU_MS_MAX = 1


@pytest.fixture(scope="module")
def layers() -> None:
    build_layers()


@pytest.mark.usefixtures("layers")
def test_a_cold_start_is_within_its_budget() -> None:
    def is_within() -> bool:
        # A machine that is throttled is slow at what is not ours, too.
        slowness = max(1.0, yardstick_cpu_ms() / YARDSTICK_CPU_MS)
        return best_cpu_ms() <= INIT_CPU_MS_MAX * slowness

    # It is what a start can do that counts: neighbours on the same core cost CPU time too.
    assert any(is_within() for _ in range(ROUND_COUNT_MAX))


def test_a_payment_is_within_its_budget() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.handler"], capture_output=True, text=True, check=True
    )

    assert float(done.stderr) <= PAYMENT_CPU_MS_MAX


def test_breaker_and_retry_add_next_to_nothing_to_a_healthy_payment() -> None:
    assert 0 < added_cpu_ms() < GUARD_CPU_MS_MAX


class Wallets:
    def __init__(self, refusal: Declined | None) -> None:
        self._refusal = refusal

    def ask(self, command: Command) -> Posted:
        if self._refusal is not None:
            raise self._refusal
        return Posted(command.transfer_id, TransferKind.PAYMENT, 40)


@pytest.mark.parametrize("draw", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("refusal", [None, Declined(DeclineReason.INSUFFICIENT_FUNDS, "no")])
def test_healthy_payments_write_nothing_about_it_and_read_once_in_a_while(
    draw: float, refusal: Declined | None
) -> None:
    """A refusal of business is healthy as well. A view is jittered, so it may end a bit sooner."""
    clock, circuits = ManualClock(), InMemoryCircuitStore()

    def elapsed_s() -> float:
        return (clock.now - NOON).total_seconds()

    environment = Environment("env_a", clock, elapsed_s, lambda: draw)
    guard = guarded(Wallets(refusal), circuits, environment)
    deadline = Deadline.after(20.0, ManualSeconds())
    for _ in range(3000):
        with suppress(Declined):
            guard.ask(DEBIT, deadline)
        clock.advance(timedelta(seconds=0.1))

    view_s = Limits().cache_s_max * (1 - JITTER * draw)
    assert circuits.write_count == 0
    assert 1 < circuits.read_count <= 1 + 300 / view_s
