from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tests.simulation.circuit.journal import Journal
from tests.simulation.circuit.scenario import Answer, Scenario
from tests.simulation.circuit.tasks import Tasks
from tests.simulation.circuit.timeline import Timeline

Ask = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class World:
    """What a breaker gets to see of it.

    Attributes:
        rng: For the breaker's own draws; the traffic does not depend on them.
    """

    timeline: Timeline
    rng: random.Random
    journal: Journal


class Contestant(Protocol):
    """A breaker, in every environment of a fleet."""

    @property
    def read_count(self) -> int: ...

    @property
    def write_count(self) -> int: ...

    def call(self, environment: int, circuit: str, ask: Ask) -> bool:
        """Return whether the call was let through."""


Build = Callable[[World, int], Contestant]


class Fleet:
    """Environments that take one request at a time, and any idle one the next of them.

    Uniform routing is the adverse case: no environment sees much of the
    dependency. Lambda prefers few warm environments where few are enough.
    """

    def __init__(
        self,
        scenario: Scenario,
        rate_per_s: float,
        seed: int,
        build: Build,
    ) -> None:
        self._scenario, self._rate_per_s = scenario, rate_per_s
        self._rng = random.Random(seed)  # noqa: S311  # A history, not a secret.
        own_rng = random.Random(f"{seed} of the breaker")  # noqa: S311
        self._timeline, self.journal = Timeline(), Journal()
        self._idle = list(range(scenario.environment_count))
        world = World(self._timeline, own_rng, self.journal)
        self.contestant = build(world, scenario.environment_count)

    def run(self) -> Journal:
        self._schedule_next()
        with Tasks(self._timeline) as self._tasks:
            self._timeline.run()
        return self.journal

    def _schedule_next(self) -> None:
        at_s = self._timeline.now_s + self._rng.expovariate(self._rate_per_s)
        if at_s < self._scenario.duration_s(self._rate_per_s):
            self._timeline.at(at_s, self._arrive)

    def _arrive(self) -> None:
        self._schedule_next()
        now_s, place, draw = self._timeline.now_s, self._rng.random(), self._rng.random()
        shard = self._rng.randrange(self._scenario.shard_count)
        if not self._idle:
            self.journal.turned_away.append(now_s)
            return
        environment = self._taken(place)
        circuit = f"bank/{shard}" if self._scenario.circuit_per_shard else "bank"
        answer = self._scenario.answer(now_s, environment, shard, draw)

        def work() -> None:
            self._call(environment, circuit, answer)
            self._idle.append(environment)

        if self._takes_no_time(circuit, answer):
            work()
        else:
            self._tasks.start(work)

    def _takes_no_time(self, circuit: str, answer: Answer) -> bool:
        """Whether the call may be simulated the cheap way: how long it takes is of no matter."""
        is_quick = not answer.is_faulty and self.journal.is_closed(circuit)
        return is_quick or not answer.duration_s

    def _taken(self, place: float) -> int:
        index = int(place * len(self._idle))
        self._idle[index], self._idle[-1] = self._idle[-1], self._idle[index]
        return self._idle.pop()

    def _call(self, environment: int, circuit: str, answer: Answer) -> None:
        at_s, takes_time = self._timeline.now_s, not self._takes_no_time(circuit, answer)

        def ask() -> bool:
            recovery = self.journal.began(at_s, circuit, is_faulty=answer.is_faulty)
            if takes_time:
                self._tasks.sleep(answer.duration_s)
            self.journal.ended(recovery, is_well=answer.is_well)
            return answer.is_well

        if not self.contestant.call(environment, circuit, ask):
            self.journal.refused.append((at_s, answer.is_faulty))
