"""The genuine circuit breaker of aws_lambda_powertools, in every environment of a fleet.

What it keeps per execution environment are variables of its module, so these
are exchanged whenever another environment goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

from aws_lambda_powertools.utilities.circuit_breaker import (
    CircuitBreakerConfig,
    CircuitBreakerOpenError,
    CircuitState,
)
from aws_lambda_powertools.utilities.circuit_breaker import base as handling
from aws_lambda_powertools.utilities.circuit_breaker.persistence import base as persistence
from aws_lambda_powertools.utilities.circuit_breaker.persistence.record import CircuitStateRecord

from tests.simulation.circuit.fleet import Ask, World
from tests.simulation.circuit.lagged import Lagged

Record = CircuitStateRecord


class Failed(Exception):
    """The dependency failed."""


class Table:
    """What all environments share: one item per circuit, with the library's own condition."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._items: dict[str, Lagged[Record | None]] = {}
        self.read_count = 0
        self.write_count = 0

    def get(self, name: str) -> Record | None:
        self.read_count += 1
        return self._item(name).read()

    def write(self, record: Record) -> None:
        self.write_count += 1
        self._item(record.name).write(replace(record))
        self._world.journal.state_is(self._world.timeline.now_s, record.name, str(record.state))

    def elect(self, record: Record, opened_at: int | None) -> None:
        """Write, if the circuit is open and nobody probes, or a probe's lease is over."""
        stored = self._item(record.name).latest
        may_probe = stored is not None and (
            _is_unclaimed(stored, opened_at) or _has_lapsed(stored, self._now())
        )
        if not may_probe:
            self.write_count += 1
            raise persistence.CircuitBreakerExistingLockError
        self.write(record)

    def _now(self) -> int:
        return int(self._world.timeline.clock().timestamp())

    def _item(self, name: str) -> Lagged[Record | None]:
        if name not in self._items:
            self._items[name] = Lagged(None, self._world.timeline, self._world.rng)
        return self._items[name]


def _is_unclaimed(stored: Record, opened_at: int | None) -> bool:
    is_open = stored.state is CircuitState.OPEN and stored.half_open_owner is None
    return is_open and opened_at in (None, stored.opened_at)


def _has_lapsed(stored: Record, now: int) -> bool:
    lease = stored.probe_lease_expiry
    return stored.state is CircuitState.HALF_OPEN and lease is not None and lease <= now


class Layer(persistence.CircuitBreakerPersistenceLayer):
    """Of one environment: the cache is the library's, the table is everybody's."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self._table = table

    def _get_record(self, name: str) -> Record | None:
        return self._table.get(name)

    def _put_record(
        self, record: Record, condition: str | None = None, expected_opened_at: int | None = None
    ) -> None:
        if condition is None:
            self._table.write(record)
        else:
            self._table.elect(record, expected_opened_at)

    def _update_record(self, record: Record) -> None:
        self._table.write(record)


@dataclass
class Memory:
    """What the library keeps in one environment."""

    layer: Layer
    owner: SimpleNamespace
    failures: dict[str, int] = field(default_factory=dict)
    successes: dict[str, int] = field(default_factory=dict)
    observed: dict[str, CircuitState] = field(default_factory=dict)

    def enter(self) -> None:
        _put(
            handling,
            _LOCAL_FAILURES=self.failures,
            _LOCAL_SUCCESSES=self.successes,
            _LAST_OBSERVED_STATE=self.observed,
            _PROBE_OWNER=self.owner,
        )


class Powertools:
    def __init__(self, world: World, environment_count: int, config: CircuitBreakerConfig) -> None:
        self._config = config
        self._table = Table(world)
        self._environments = [
            Memory(Layer(self._table), SimpleNamespace(id=f"e{number}", pid=os.getpid()))
            for number in range(environment_count)
        ]
        now = SimpleNamespace(now=world.timeline.clock)
        _put(handling, dt=SimpleNamespace(datetime=now))
        _put(persistence, dt=SimpleNamespace(datetime=now))

    @property
    def read_count(self) -> int:
        return self._table.read_count

    @property
    def write_count(self) -> int:
        return self._table.write_count

    def call(self, environment: int, circuit: str, ask: Ask) -> bool:
        memory = self._environments[environment]

        def answer() -> None:
            is_well = ask()
            memory.enter()  # Others may have gone on meanwhile.
            if not is_well:
                raise Failed

        memory.enter()
        handler = handling.CircuitBreakerHandler(answer, circuit, self._config, memory.layer)
        try:
            handler.handle()
        except CircuitBreakerOpenError:
            return False
        except Failed:
            return True
        return True


def powertools(recovery_timeout: int = 30) -> Callable[[World, int], Powertools]:
    return partial(Powertools, config=CircuitBreakerConfig(recovery_timeout=recovery_timeout))


@contextmanager
def borrowed() -> Iterator[None]:
    """Give the library its own variables back afterwards."""
    names = ("_LOCAL_FAILURES", "_LOCAL_SUCCESSES", "_LAST_OBSERVED_STATE", "_PROBE_OWNER", "dt")
    kept = {name: getattr(handling, name) for name in names}
    time = vars(persistence)["dt"]
    try:
        yield
    finally:
        _put(handling, **kept)
        _put(persistence, dt=time)


def _put(module: ModuleType, **values: Any) -> None:
    vars(module).update(values)
