"""A retry storm: the server works for callers that have given up, and they ask again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from evenkeel.errors import TransferNotApplied
from evenkeel.resilience.budget import RetryBudget
from evenkeel.resilience.circuit import Signal
from evenkeel.resilience.limits import Limits
from evenkeel.resilience.retry import Retry, always
from tests.simulation.circuit.fleet import Build, World
from tests.simulation.circuit.journal import Journal
from tests.simulation.circuit.ours import Evenkeel
from tests.simulation.circuit.powertools import borrowed, powertools
from tests.simulation.circuit.server import Server
from tests.simulation.circuit.tasks import Tasks
from tests.simulation.circuit.timeline import Timeline

ENVIRONMENT_COUNT = 200
CAPACITY_PER_S, OFFERED_PER_S = 50.0, 30.0
TIMEOUT_S, FAILS_AFTER_S = 1.0, 0.02
TRIGGER_BEGINS_S, TRIGGER_ENDS_S, DURATION_S = 30.0, 50.0, 170.0
GOODPUT_MIN, WINDOW_S = 0.95, 5


def triggered(at_s: float) -> float:
    """Return the capacity, which drops to 30 % for 20 s."""
    is_low = TRIGGER_BEGINS_S <= at_s < TRIGGER_ENDS_S
    return CAPACITY_PER_S * (0.3 if is_low else 1.0)


def dead(at_s: float) -> float:
    """Return the capacity of a server that dies when the trigger begins, for good."""
    return 0.0 if at_s >= TRIGGER_BEGINS_S else CAPACITY_PER_S


class Unprotected:
    """No breaker at all."""

    read_count = write_count = 0

    def call(self, environment: int, circuit: str, ask: Callable[[], bool]) -> bool:
        ask()
        return True


def unprotected(world: World, environment_count: int) -> Unprotected:
    return Unprotected()


def ours(world: World, environment_count: int) -> Evenkeel:
    return Evenkeel(world, environment_count, Limits())


def ours_forced_closed(world: World, environment_count: int) -> Evenkeel:
    """Build our breaker so that it only watches: what is left is the retry budget."""
    fleet = ours(world, environment_count)
    fleet.store.force("bank", Signal.FORCED_CLOSED)
    return fleet


@dataclass(frozen=True, slots=True)
class Policy:
    name: str
    short_name: str
    build: Build
    has_budget: bool
    attempt_count_max: int = 3


NAIVE = Policy("naive: 3 attempts, nothing else", "naive", unprotected, has_budget=False)
NEVER = Policy(
    "no retries at all, no breaker",
    "no retries",
    unprotected,
    has_budget=False,
    attempt_count_max=1,
)
BUDGET = Policy(
    "ours, budget alone (circuit forced closed)", "budget", ours_forced_closed, has_budget=True
)
BOTH = Policy("ours, breaker and budget", "breaker and budget", ours, has_budget=True)
NO_BUDGET = Policy(
    "our breaker, naive retries inside", "breaker, naive inside", ours, has_budget=False
)
POWERTOOLS = Policy(
    "Powertools, naive retries inside", "Powertools", powertools(), has_budget=False
)
POWERTOOLS_5 = Policy(
    "Powertools 5 s, naive retries inside",
    "Powertools, 5 s",
    powertools(recovery_timeout=5),
    has_budget=False,
)
POLICIES = (NAIVE, NEVER, BUDGET, BOTH, NO_BUDGET, POWERTOOLS, POWERTOOLS_5)


@dataclass
class Storm:
    """One history: who was served, by the time of the request."""

    policy: Policy
    seed: int
    capacity_at: Callable[[float], float] = triggered
    offered_per_s: float = OFFERED_PER_S
    requests: list[tuple[float, bool]] = field(default_factory=list)

    def run(self) -> Storm:
        self._rng = random.Random(self.seed)  # noqa: S311  # A history, not a secret.
        self._timeline, self.server = Timeline(), Server(self.capacity_at)
        own_rng = random.Random(f"{self.seed} of the breaker")  # noqa: S311
        world = World(self._timeline, own_rng, Journal())
        self._idle = list(range(ENVIRONMENT_COUNT))
        with borrowed(), Tasks(self._timeline) as self._tasks:
            self._breakers = self.policy.build(world, ENVIRONMENT_COUNT)
            self._budgets = [self._budget(number, own_rng) for number in self._idle]
            self._retry = Retry(
                attempt_count_max=self.policy.attempt_count_max,
                total_s_max=10.0,
                delay_s_base=0.1,
                delay_s_max=1.0,
                jitter=own_rng.random,
                sleep=self._tasks.sleep,
                elapsed_s=self._timeline.elapsed_s,
            )
            self._schedule_next()
            self._timeline.run()
        return self

    def sent_per_request(self, begins_s: float, ends_s: float) -> float:
        """Return the amplification."""
        sent = sum(begins_s <= at_s < ends_s for at_s in self.server.arrivals_s)
        return sent / max(1, sum(begins_s <= at_s < ends_s for at_s, _ in self.requests))

    def goodput(self, begins_s: float, ends_s: float) -> float:
        served = [is_served for at_s, is_served in self.requests if begins_s <= at_s < ends_s]
        return sum(served) / max(1, len(served))

    def recovers_after_s(self) -> float | None:
        """Return when, after the trigger, every window from then on has its goodput."""
        first_s, last_s = int(TRIGGER_ENDS_S), int(DURATION_S) - WINDOW_S
        bad = [s for s in range(first_s, last_s) if self.goodput(s, s + WINDOW_S) < GOODPUT_MIN]
        if not bad:
            return 0.0
        return None if bad[-1] == last_s - 1 else bad[-1] + 1 - TRIGGER_ENDS_S

    def _schedule_next(self) -> None:
        at_s = self._timeline.now_s + self._rng.expovariate(self.offered_per_s)
        if at_s < DURATION_S:
            self._timeline.at(at_s, self._arrive)

    def _arrive(self) -> None:
        self._schedule_next()
        now_s, place = self._timeline.now_s, self._rng.random()
        if not self._idle:
            self.requests.append((now_s, False))
            return
        index = int(place * len(self._idle))
        self._idle[index], self._idle[-1] = self._idle[-1], self._idle[index]
        environment = self._idle.pop()
        self._tasks.start(lambda: self._serve(environment, now_s))

    def _serve(self, environment: int, now_s: float) -> None:
        """Serve one request: the breaker outside, the retries inside."""
        outcome = [False]

        def ask() -> bool:
            outcome[0] = self._ask_with_retries(environment)
            return outcome[0]

        self._breakers.call(environment, "bank", ask)
        self.requests.append((now_s, outcome[0]))
        self._idle.append(environment)

    def _ask_with_retries(self, environment: int) -> bool:
        budget = self._budgets[environment]
        may_retry = budget.spend if self.policy.has_budget else always
        try:
            self._retry.call(self._attempt, may_retry=may_retry)
        except TransferNotApplied:
            return False
        budget.earn()
        return True

    def _attempt(self) -> None:
        takes_s = self.server.takes_s(self._timeline.now_s)
        if takes_s is None:
            self._tasks.sleep(FAILS_AFTER_S)
        else:
            self._tasks.sleep(min(takes_s, TIMEOUT_S))
        if takes_s is None or takes_s > TIMEOUT_S:
            raise TransferNotApplied

    def _budget(self, environment: int, rng: random.Random) -> RetryBudget:
        share: Callable[[], float] = float  # Without a breaker of ours there is no budget.
        if isinstance(self._breakers, Evenkeel):
            share = partial(_share, self._breakers, environment)
        return RetryBudget(share, rng.random, earned=Limits().retry_ratio)


def _share(breakers: Evenkeel, environment: int) -> float:
    return breakers.breaker(environment, "bank").retry_share()
