"""Breakers of many environments on one store, as in a fleet."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from evenkeel.errors import (
    CircuitOpen,
    Declined,
    DeclineReason,
    StoreBusy,
    TransferNotApplied,
)
from evenkeel.resilience.breaker import Breaker, Environment
from evenkeel.resilience.circuit import Circuit, CircuitState, Signal, Transition
from evenkeel.resilience.limits import Limits
from tests.fakes.circuit_store import InMemoryCircuitStore
from tests.fakes.clock import NOON, ManualClock

LIMITS = Limits()
DECLINED = Declined(DeclineReason.INSUFFICIENT_FUNDS, "cannot cover it")
NAME = "wallets"


def works() -> str:
    return "debited"


def fails() -> str:
    raise TransferNotApplied


@dataclass
class Heard:
    """What the breakers of a fleet have told."""

    moves: list[Transition] = field(default_factory=list)
    refused_count: int = 0
    blind: list[Exception] = field(default_factory=list)

    def moved(self, name: str, transition: Transition) -> None:
        assert name == NAME
        self.moves.append(transition)

    def refused(self, name: str) -> None:
        assert name == NAME
        self.refused_count += 1

    def blinded(self, name: str, error: Exception) -> None:
        assert name == NAME
        self.blind.append(error)


class Watch:
    def __init__(self, heard: Heard) -> None:
        self.moved = heard.moved
        self.refused = heard.refused
        self.blind = heard.blinded


class Fleet:
    """Its time stands still unless a test lets it pass; its draws are what a test says.

    Attributes:
        draw: Decides who is let through on the ramp, and how old a view may become.
    """

    def __init__(self, size: int, *, limits: Limits = LIMITS) -> None:
        self.store, self.clock, self.heard = InMemoryCircuitStore(), ManualClock(), Heard()
        self.limits = limits
        self.draw: Callable[[], float] = lambda: 0.0
        self.breakers = [self._breaker(f"env_{number}") for number in range(size)]
        self.asked_count = 0

    def _breaker(self, id_: str) -> Breaker:
        environment = Environment(id_, self.clock, self.elapsed_s, self._draw)
        return Breaker(
            NAME,
            store=self.store,
            watch=Watch(self.heard),
            limits=self.limits,
            environment=environment,
        )

    def _draw(self) -> float:
        return self.draw()

    def elapsed_s(self) -> float:
        return (self.clock.now - NOON).total_seconds()

    def wait(self, duration_s: float) -> None:
        self.clock.advance(timedelta(seconds=duration_s))

    @property
    def circuit(self) -> Circuit:
        return self.store.get(NAME)

    @property
    def state(self) -> CircuitState:
        return self.circuit.state

    def transitions(self) -> list[Transition]:
        return list(reversed(self.store.transitions(self.circuit, limit=10_000)))

    def call(self, number: int, ask: Callable[[], str]) -> str:
        """Return what becomes of a call: answered, failed or refused."""

        def asked() -> str:
            self.asked_count += 1
            return ask()

        breaker = self.breakers[number]
        try:
            breaker.call(lambda: breaker.timed(asked))
        except CircuitOpen:
            return "refused"
        except (TransferNotApplied, ZeroDivisionError):
            return "failed"
        return "answered"

    def all_call(self, ask: Callable[[], str]) -> Counter[str]:
        return Counter(self.call(number, ask) for number in range(len(self.breakers)))

    def run(self, duration_s: float, ask: Callable[[], str], *, every_s: float = 0.1) -> None:
        """Let every environment call so often."""
        until_s = self.elapsed_s() + duration_s
        while self.elapsed_s() < until_s:
            self.all_call(ask)
            self.wait(every_s)

    def force(self, signal: Signal) -> None:
        circuit = self.circuit
        self.store.save(circuit.forced(signal, self.clock(), "ops", "why"), instead_of=circuit)

    def opened(self) -> "Fleet":
        """Fail until the circuit is open, and everybody has heard of it."""
        self.tripped().wait(self.limits.vote_interval_s)
        self.all_call(fails)
        return self

    def tripped(self) -> "Fleet":
        """Fail until the circuit is open: ten environments do it as soon as it may be."""
        self.all_call(fails)
        self.wait(self.limits.trial_s_min)
        self.all_call(fails)
        assert self.state is CircuitState.OPEN
        return self

    @property
    def cooling_s(self) -> float:
        """How long it is until the circuit may be probed."""
        retry_at = self.circuit.retry_at
        assert retry_at is not None
        return (retry_at - self.clock.now).total_seconds()

    def cooled_down(self) -> "Fleet":
        self.opened().wait(self.cooling_s)
        return self

    def ramping(self) -> "Fleet":
        self.cooled_down().call(0, works)
        return self


def at_rate(rate: float, *, seed: int) -> Callable[[], str]:
    random = Random(seed)  # noqa: S311  # A workload, not a secret.

    def ask() -> str:
        return fails() if random.random() < rate else works()

    return ask


def dies(fleet: Fleet) -> Callable[[], str]:
    """Return a call after which nothing is heard of its environment."""

    def ask() -> str:
        fleet.store.fault = StoreBusy()
        return works()

    return ask
