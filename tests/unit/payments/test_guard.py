from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from evenkeel.clock import Deadline
from evenkeel.errors import (
    CircuitOpen,
    Declined,
    DeclineReason,
    TransferContended,
    TransferNotApplied,
    TransferUnconfirmed,
)
from evenkeel.ledger.commands import Command, Debit, HoldEnd, Posted, Reversal
from evenkeel.ledger.transfer import TransferKind
from evenkeel.money import Money
from evenkeel.payments.guard import WalletGuard
from evenkeel.resilience.budget import RetryBudget
from evenkeel.resilience.circuit import FORCED_RETRY_AFTER, CircuitState, Signal
from evenkeel.resilience.retry import Retry
from tests.fakes.circuit_store import InMemoryCircuitStore
from tests.fakes.clock import ManualClock, ManualSeconds
from tests.fakes.guard import breaker

STEP = timedelta(seconds=1)
DEBIT = Debit("cli_a", "trf_a", "pay_a", "wal_a", "alice", "coffee", Money(40, "EUR"), "r1")


class Service:
    """Raises what it is told to, then answers; remembers what it was asked for."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked: list[Command] = []

    def ask(self, command: Command) -> Posted:
        self.asked.append(command)
        if self.errors:
            raise self.errors.pop(0)
        return Posted(command.transfer_id, TransferKind.PAYMENT, 40)


class Setting:
    def __init__(self, *errors: Exception, draw: Callable[[], float] = lambda: 0.0) -> None:
        self.seconds = ManualSeconds()
        self.service = Service(*errors)
        self.circuits = InMemoryCircuitStore()
        self.clock = ManualClock()
        self.breaker = breaker(self.clock, self.circuits)
        retry = Retry(
            attempt_count_max=3,
            total_s_max=8.0,
            delay_s_base=0.05,
            delay_s_max=1.0,
            jitter=lambda: 1.0,
            sleep=self.seconds.sleep,
            elapsed_s=self.seconds,
            attempt_s_max=7.0,
        )
        budget = RetryBudget(self.breaker.retry_share, draw, earned=0.2)
        self.guard = WalletGuard(self.service, self.breaker, retry, budget)

    def ask(self, within_s: float = 20.0) -> str:
        return self.guard.ask(DEBIT, Deadline.after(within_s, self.seconds)).transfer_id


def test_what_was_not_applied_is_asked_for_again_under_the_same_id() -> None:
    setting = Setting(TransferNotApplied())

    assert setting.ask() == "trf_a"
    assert setting.service.asked == [DEBIT, DEBIT]


def test_a_refusal_is_final() -> None:
    setting = Setting(Declined(DeclineReason.WALLET_FROZEN, "no"))

    with pytest.raises(Declined):
        setting.ask()

    assert len(setting.service.asked) == 1


def test_an_unknown_outcome_is_remembered_over_a_later_one() -> None:
    setting = Setting(TransferUnconfirmed(), TransferNotApplied(), TransferNotApplied())

    with pytest.raises(TransferUnconfirmed):
        setting.ask()


def test_no_attempt_begins_that_could_outlast_the_deadline() -> None:
    setting = Setting()

    with pytest.raises(TransferNotApplied):
        setting.ask(within_s=6.9)

    assert setting.service.asked == []


def test_no_retry_begins_that_could_outlast_the_deadline() -> None:
    setting = Setting(TransferNotApplied(retry_after_s=1.0))

    with pytest.raises(TransferNotApplied):
        setting.ask(within_s=7.5)

    assert len(setting.service.asked) == 1


def test_a_cold_environment_has_one_retry_and_earns_the_others() -> None:
    failures = [TransferNotApplied() for _ in range(3)]
    setting = Setting(*failures)

    with pytest.raises(TransferNotApplied):
        setting.ask()

    assert len(setting.service.asked) == 2


def test_a_burst_of_retries_counts_as_one_call() -> None:
    setting = Setting(TransferNotApplied(), TransferNotApplied(), TransferNotApplied())
    with pytest.raises(TransferNotApplied):
        setting.ask()

    assert setting.circuits.write_count == 1


def test_a_dead_service_is_left_alone_after_a_few_calls_and_asked_again_later() -> None:
    setting = Setting(*(TransferNotApplied() for _ in range(100)))
    refused = 0
    for _ in range(60):
        setting.clock.advance(STEP)
        try:
            setting.ask()
        except CircuitOpen:
            refused += 1
        except TransferNotApplied:
            pass

    assert setting.circuits.get("wallet").state is not CircuitState.CLOSED
    assert refused > 30


def test_sixty_refusals_and_lost_races_in_a_row_leave_the_circuit_closed() -> None:
    refusals = [Declined(DeclineReason.INSUFFICIENT_FUNDS, "no") for _ in range(60)]
    setting = Setting(*refusals, *(TransferContended() for _ in range(60)))
    for _ in range(60):
        with pytest.raises(Declined):
            setting.ask()
    for _ in range(20):
        with pytest.raises(TransferContended):
            setting.ask()

    assert setting.circuits.get("wallet").state is CircuitState.CLOSED
    assert setting.circuits.write_count == 0


def test_a_caller_without_time_says_nothing_against_the_service() -> None:
    setting = Setting()
    for _ in range(60):
        with pytest.raises(TransferNotApplied):
            setting.ask(within_s=6.9)

    assert setting.circuits.get("wallet").state is CircuitState.CLOSED
    assert setting.circuits.write_count == 0


def test_what_a_slow_breaker_could_make_too_late_is_not_begun() -> None:
    setting = Setting()
    guard = replace(setting.guard, admission_s_max=1.0)
    with pytest.raises(TransferNotApplied):
        guard.ask(DEBIT, Deadline.after(7.9, setting.seconds))

    assert setting.service.asked == []
    assert setting.circuits.read_count == 0
    assert guard.ask(DEBIT, Deadline.after(8.1, setting.seconds)).transfer_id == "trf_a"


def test_it_says_for_how_long_a_debit_would_be_refused() -> None:
    setting = Setting()
    before = setting.guard.refuses_for_s
    circuit = setting.circuits.get("wallet")
    forced = circuit.forced(Signal.FORCED_OPEN, setting.clock(), "ops", "a test")
    setting.circuits.save(forced, instead_of=circuit)
    setting.clock.advance(6 * STEP)

    assert before is None
    assert setting.guard.refuses_for_s == FORCED_RETRY_AFTER.total_seconds()


def test_only_a_refusal_that_is_recorded_decides_what_became_of_an_earlier_attempt() -> None:
    """The others are refused without a record, so that the earlier attempt may still post it."""
    end = HoldEnd("cli_a", "pay_a", "trf_a", "wal_a", 0, "r1")
    reversal = Reversal("cli_a", "trf_a", "pay_a", "it failed", "r1")
    frozen = Declined(DeclineReason.WALLET_FROZEN, "frozen")

    expectations: list[tuple[Command, type[Exception]]] = [
        (DEBIT, Declined),
        (end, TransferUnconfirmed),
        (reversal, TransferUnconfirmed),
    ]
    for command, expected in expectations:
        setting = Setting(TransferUnconfirmed(), frozen)
        with pytest.raises(expected):
            setting.guard.ask(command, Deadline.after(20.0, setting.seconds))
