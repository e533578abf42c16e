"""What is inside what, in time; `tests/infra` holds the functions to the seconds named here."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from evenkeel import bootstrap
from evenkeel.adapters import clients
from evenkeel.clock import Deadline
from evenkeel.entrypoints.deadlines import ANSWER_S_MAX, deadline_of, reserve_s
from evenkeel.errors import StoreBusy, StoreUnconfirmed, TransferNotApplied
from evenkeel.ledger.commands import Command, Posted
from evenkeel.payments.answers import Answer, Attempt
from evenkeel.payments.guard import WalletGuard
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import WaitingPayment
from evenkeel.payments.states import PaymentStatus
from evenkeel.resilience.budget import RetryBudget
from evenkeel.resilience.circuit import Circuit, CircuitState
from evenkeel.resilience.limits import Limits
from evenkeel.resilience.retry import Retry
from evenkeel.resilience.trial import Ballot, Trial
from tests.context import Context
from tests.fakes.circuit_store import InMemoryCircuitStore
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.desk import payment_desk
from tests.fakes.guard import breaker
from tests.fakes.payment_store import InMemoryPaymentStore
from tests.payments import order

GATEWAY_S = 29
PAYMENTS_API_S = 26
PAYMENT_WORKER_S = 50
WALLET_COMMANDS_S = 5
SWEEP_EVERY_S, SWEEPER_S = 60, 58


def longest_s(retry: Retry, call_count: int) -> float:
    """How long a retry lasts whose attempts are so many calls to a table."""
    return retry.total_s_max + call_count * clients.CALL_S_MAX


DEBIT_S = bootstrap.wallet_retry().total_s_max + clients.INVOKE_S_MAX

LIMITS = {
    "the attempts of the ledger end before its function": (
        longest_s(bootstrap.ledger_retry(), 2),
        WALLET_COMMANDS_S,
    ),
    "the function of the wallets ends before who waits for it": (
        WALLET_COMMANDS_S,
        clients.INVOKE_READ_S_MAX,
    ),
    "a probe is answered before its lease ends": (
        clients.INVOKE_S_MAX,
        Limits().probe_s_max,
    ),
    "all attempts at the wallets leave what is kept to record their outcome": (
        DEBIT_S + reserve_s(),
        PAYMENTS_API_S,
    ),
    "a payment is answered before the gateway gives up": (
        PAYMENTS_API_S,
        GATEWAY_S,
    ),
    "the gateway has given up before the lease ends": (
        GATEWAY_S,
        LEASE_FOR.total_seconds(),
    ),
    "a message is worked off before the worker ends": (
        DEBIT_S + reserve_s(),
        PAYMENT_WORKER_S,
    ),
    "a sweep ends before the next one begins": (SWEEPER_S, SWEEP_EVERY_S),
}


@pytest.mark.parametrize("name", LIMITS)
def test_what_is_inside_ends_first(name: str) -> None:
    inner_s, outer_s = LIMITS[name]

    assert inner_s <= outer_s + 1e-9


def test_what_is_kept_of_a_function_is_what_is_not_left_for_its_work() -> None:
    remaining_s = deadline_of(Context()).remaining_s

    assert remaining_s == pytest.approx(PAYMENTS_API_S - reserve_s(), abs=1.0)
    assert reserve_s() == pytest.approx(11.2)


class SlowWorld:
    """Every call takes as long as it may, and many come to nothing."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.wallet_retry = self._in_this_world(bootstrap.wallet_retry())
        self.store_retry = self._in_this_world(bootstrap.store_retry())
        self.circuits = SlowCircuits(self)
        self.store = SlowPaymentStore(self)
        circuit = breaker(self.clock, self.circuits)
        budget = RetryBudget(circuit.retry_share, lambda: 0.0, earned=1.0)
        guard = WalletGuard(self, circuit, self.wallet_retry, budget)
        queue = SlowQueue(self)
        self.payments = payment_desk(
            self.store, guard, self.clock, queue=lambda: queue, retry=self.store_retry
        ).payments

    @property
    def elapsed_s(self) -> float:
        return (self.clock.now - NOON).total_seconds()

    def pass_s(self, duration_s: float) -> None:
        self.clock.advance(timedelta(seconds=duration_s))

    def call(self) -> None:
        """Let a call to a table or a queue take all of its time."""
        self.pass_s(clients.CALL_S_MAX)

    def ask(self, command: Command) -> Posted:
        self.pass_s(clients.INVOKE_S_MAX)
        raise TransferNotApplied

    def pay(self) -> Answer:
        """Ask for a debit at the last moment at which the deadline allows it."""
        self.pass_s(PAYMENTS_API_S - reserve_s() - clients.INVOKE_S_MAX - 0.01)
        work_s = PAYMENTS_API_S - reserve_s()
        attempt = Attempt("r1", Deadline(work_s, lambda: self.elapsed_s), may_wait=True)
        return self.payments.create_and_process(order("k1", wallet_id="wal_a"), attempt)

    def _in_this_world(self, retry: Retry) -> Retry:
        return replace(
            retry, jitter=lambda: 1.0, sleep=self.pass_s, elapsed_s=lambda: self.elapsed_s
        )


class SlowCircuits(InMemoryCircuitStore):
    """One vote is missing in its trial, and then it opens."""

    def __init__(self, world: SlowWorld) -> None:
        super().__init__()
        self._world = world
        trial = Trial("others", world.clock(), 8, 8, frozenset({1, 2, 3}), frozenset({1, 2, 3}))
        self.open_trial("wallet", trial, instead_of=None)

    def vote(self, name: str, ballot: Ballot) -> Circuit:
        self._world.call()
        return super().vote(name, ballot)

    def save(self, circuit: Circuit, *, instead_of: Circuit) -> Circuit:
        self._world.call()  # The transition,
        self._world.call()  # and the state.
        return super().save(circuit, instead_of=instead_of)


class SlowPaymentStore(InMemoryPaymentStore):
    """Turns the first change away, and loses the answer to the second."""

    def __init__(self, world: SlowWorld) -> None:
        super().__init__()
        self._world = world
        self._faults: list[Any] = [StoreBusy(), None]

    def save(self, payment: Payment) -> None:
        self._world.call()
        if fault := self._faults.pop(0):
            raise fault
        super().save(payment)
        super().save(payment)  # So that the answer is that somebody was first.

    def get(self, client_id: str, payment_id: str) -> Payment:
        self._world.call()
        return super().get(client_id, payment_id)


class SlowQueue:
    def __init__(self, world: SlowWorld) -> None:
        self._world = world
        self._faults: list[Any] = [StoreUnconfirmed(), None]

    def put(self, waiting: WaitingPayment, *, delay_s: float) -> None:
        self._world.call()
        if fault := self._faults.pop(0):
            raise fault


def test_a_debit_at_the_last_moment_is_recorded_and_answered_however_slow_the_tables_are() -> None:
    world = SlowWorld()
    answer = world.pay()

    assert answer.payment.status is PaymentStatus.PENDING
    assert world.circuits.get("wallet").state is CircuitState.OPEN
    assert world.elapsed_s > PAYMENTS_API_S - ANSWER_S_MAX - 1.0, "it has been as slow as it may be"
    assert world.elapsed_s <= PAYMENTS_API_S - ANSWER_S_MAX
