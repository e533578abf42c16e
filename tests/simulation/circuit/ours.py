from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial

from evenkeel.errors import CircuitOpen, TransferNotApplied
from evenkeel.resilience.breaker import Breaker, Environment
from evenkeel.resilience.circuit import Circuit, Signal, Transition
from evenkeel.resilience.limits import Limits
from evenkeel.resilience.trial import Ballot, Trial
from tests.fakes.circuit_store import InMemoryCircuitStore
from tests.simulation.circuit.fleet import Ask, World
from tests.simulation.circuit.lagged import Lagged


class LaggedCircuitStore:
    """Writes are seen at once by whoever writes, reads are eventually consistent."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._inner = InMemoryCircuitStore()
        self._seen: dict[str, Lagged[Circuit]] = {}
        self.read_count = 0
        self.trial_count = 0

    @property
    def write_count(self) -> int:
        return self._inner.write_count

    def get(self, name: str, *, is_latest: bool = False) -> Circuit:
        self.read_count += 1
        return self._lagged(name).read()

    def save(self, circuit: Circuit, *, instead_of: Circuit) -> Circuit:
        return self._written(self._inner.save(circuit, instead_of=instead_of))

    def open_trial(self, name: str, trial: Trial, *, instead_of: Trial | None) -> Circuit:
        stored = self._inner.open_trial(name, trial, instead_of=instead_of)
        self.trial_count += stored.trial is trial
        return self._written(stored)

    def vote(self, name: str, ballot: Ballot) -> Circuit:
        return self._written(self._inner.vote(name, ballot))

    def transitions(self, circuit: Circuit, *, limit: int) -> Sequence[Transition]:
        return self._inner.transitions(circuit, limit=limit)

    def force(self, name: str, signal: Signal) -> None:
        """Let an operator force the circuit, at no cost."""
        circuit = self._lagged(name).latest
        now = self._world.timeline.clock()
        forced = circuit.forced(signal, now, "operator", "a drill")
        self._written(self._inner.save(forced, instead_of=circuit))
        self._inner.write_count = 0

    def _written(self, circuit: Circuit) -> Circuit:
        lagged = self._lagged(circuit.name)
        if circuit is not lagged.latest:
            lagged.write(circuit)
            now_s = self._world.timeline.now_s
            self._world.journal.state_is(now_s, circuit.name, circuit.state)
        return circuit

    def _lagged(self, name: str) -> Lagged[Circuit]:
        if name not in self._seen:
            self._seen[name] = Lagged(Circuit(name), self._world.timeline, self._world.rng)
        return self._seen[name]


class NoWatch:
    def moved(self, name: str, transition: Transition) -> None:
        pass

    def refused(self, name: str) -> None:
        pass

    def blind(self, name: str, error: Exception) -> None:
        raise error


class Evenkeel:
    """Our breaker, one per environment and circuit, around one store."""

    def __init__(self, world: World, environment_count: int, limits: Limits) -> None:
        self._limits = limits
        self.store = LaggedCircuitStore(world)
        ids = random.Random(world.rng.random())  # noqa: S311  # Names, not secrets.
        self._environments = [
            Environment(
                f"{ids.getrandbits(64):016x}",
                world.timeline.clock,
                world.timeline.elapsed_s,
                world.rng.random,
            )
            for _ in range(environment_count)
        ]
        self._breakers: dict[tuple[int, str], Breaker] = {}

    @property
    def read_count(self) -> int:
        return self.store.read_count

    @property
    def write_count(self) -> int:
        return self.store.write_count

    def call(self, environment: int, circuit: str, ask: Ask) -> bool:
        def answer() -> None:
            if not ask():
                raise TransferNotApplied

        try:
            breaker = self.breaker(environment, circuit)
            breaker.call(lambda: breaker.timed(answer))
        except CircuitOpen:
            return False
        except TransferNotApplied:
            return True
        return True

    def breaker(self, environment: int, circuit: str) -> Breaker:
        key = environment, circuit
        if key not in self._breakers:
            self._breakers[key] = Breaker(
                circuit,
                store=self.store,
                watch=NoWatch(),
                limits=self._limits,
                environment=self._environments[environment],
            )
        return self._breakers[key]


def evenkeel(limits: Limits | None = None) -> Callable[[World, int], Evenkeel]:
    return partial(Evenkeel, limits=limits or Limits())
