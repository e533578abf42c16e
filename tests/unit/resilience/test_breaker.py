"""Breakers of many environments on one store, as in a fleet."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest

from evenkeel.errors import (
    CircuitOpen,
    DebitContended,
    DebitNotApplied,
    DebitUnconfirmed,
    Declined,
    DeclineReason,
    ObjectNotFound,
    StoreBusy,
    StoreUnconfirmed,
    VersionConflict,
    WalletContended,
)
from evenkeel.resilience.breaker import Breaker, Environment
from evenkeel.resilience.circuit import RAMP, Circuit, CircuitState, Signal, Transition
from evenkeel.resilience.limits import Limits
from tests.fakes.circuit_store import InMemoryCircuitStore
from tests.fakes.clock import NOON, ManualClock

LIMITS = Limits()
DECLINED = Declined(DeclineReason.INSUFFICIENT_FUNDS, "cannot cover it")
NAME = "wallets"


def works() -> str:
    return "debited"


def fails() -> str:
    raise DebitNotApplied


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
        return list(reversed(self.store.transitions(NAME, limit=10_000)))

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
        except (DebitNotApplied, ZeroDivisionError):
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


@pytest.fixture
def fleet() -> Fleet:
    return Fleet(10)


# While all is well.


def test_a_healthy_call_costs_one_read_per_cache_time_and_no_write() -> None:
    fleet = Fleet(1)
    fleet.run(10.0, works, every_s=0.01)

    assert fleet.asked_count == 1000
    assert (fleet.store.read_count, fleet.store.write_count) == (2, 0)


def test_a_fleet_does_not_read_in_step() -> None:
    fleet = Fleet(1)
    fleet.draw = lambda: 1.0
    fleet.run(10.0, works, every_s=0.01)

    assert fleet.store.read_count == 3  # A view is older than 4 s only by bad luck.


def test_the_answer_is_the_callers(fleet: Fleet) -> None:
    assert fleet.breakers[0].call(works) == "debited"


def test_an_error_is_the_callers(fleet: Fleet) -> None:
    error = DebitUnconfirmed()

    def ask() -> str:
        raise error

    with pytest.raises(DebitUnconfirmed) as raised:
        fleet.breakers[0].call(ask)

    assert raised.value is error


@pytest.mark.parametrize(
    "error",
    [DECLINED, ObjectNotFound(), DebitContended(), VersionConflict(), WalletContended()],
    ids=lambda error: type(error).__name__,
)
def test_a_refusal_and_a_lost_race_are_answers(error: Exception) -> None:
    fleet = Fleet(3)

    def refused() -> str:
        raise error

    for number in range(60):
        with pytest.raises(type(error)):
            fleet.breakers[number % 3].call(refused)

    assert fleet.store.write_count == 0
    assert fleet.state is CircuitState.CLOSED


# What opens a circuit, and what does not.


def test_a_busy_fleet_opens_the_circuit_of_a_dead_dependency_within_two_calls_each() -> None:
    fleet = Fleet(50)
    fleet.all_call(works)
    fleet.asked_count = 0
    fleet.tripped()

    assert fleet.asked_count <= 2 * 50
    assert fleet.elapsed_s() == LIMITS.trial_s_min
    [tripped] = fleet.transitions()
    assert (tripped.signal, tripped.after) == (Signal.TRIPPED, CircuitState.OPEN)


def test_once_a_circuit_is_open_everybody_hears_of_it_with_its_next_vote() -> None:
    fleet = Fleet(50).tripped()
    fleet.run(LIMITS.vote_interval_s + 0.1, fails)
    fleet.asked_count = 0
    fleet.run(LIMITS.cool_down_s - LIMITS.vote_interval_s - 0.2, fails)

    assert fleet.asked_count == 0
    assert fleet.store.write_count <= 4 * 50


def test_a_quiet_fleet_opens_the_circuit_of_a_dead_dependency_after_ten_calls() -> None:
    """The first failure opens the trial, and nine convict, though no environment sees two."""
    fleet = Fleet(50)
    while fleet.state is CircuitState.CLOSED:
        fleet.call(fleet.asked_count, fails)
        fleet.wait(2.0)

    assert fleet.asked_count == 10


def test_a_blip_opens_nothing_however_many_calls_it_meets() -> None:
    """Whoever voted last in it has complete evidence, and no failure of its own any more."""
    fleet = Fleet(50)
    fleet.run(LIMITS.trial_s_min - 0.05, fails, every_s=0.05)
    trial = fleet.circuit.trial
    fleet.run(60.0, works)

    assert trial is not None
    assert trial.failures > 40
    assert fleet.transitions() == []


def opens_after(fleet: Fleet, *, every_s: float) -> timedelta:
    while fleet.state is CircuitState.CLOSED and fleet.elapsed_s() < 60:
        fleet.wait(every_s)
        fleet.all_call(fails)
    return fleet.clock.now - NOON


def test_a_small_fleet_opens_the_circuit_once_others_would_have_objected() -> None:
    assert LIMITS.notice <= opens_after(Fleet(1), every_s=1.0) <= timedelta(seconds=10)


@pytest.mark.parametrize("size", [1, 2])
def test_a_small_fleet_with_many_calls_opens_the_circuit_no_later(size: int) -> None:
    """Though the evidence was complete before the time for objections was over."""
    assert LIMITS.notice <= opens_after(Fleet(size), every_s=0.1) <= timedelta(seconds=10)


def test_half_of_the_calls_failing_is_an_outage(fleet: Fleet) -> None:
    ask = at_rate(0.5, seed=1)
    while fleet.state is CircuitState.CLOSED and fleet.asked_count < 1000:
        fleet.all_call(ask)
        fleet.wait(0.1)

    assert fleet.state is CircuitState.OPEN
    assert fleet.asked_count < 300


@pytest.mark.parametrize("seed", range(5))
def test_one_call_in_ten_failing_is_none(fleet: Fleet, seed: int) -> None:
    ask = at_rate(0.1, seed=seed)
    fleet.draw = Random(seed).random  # noqa: S311  # A workload, not a secret.
    fleet.run(60.0, ask)

    assert fleet.asked_count == 6000
    assert fleet.transitions() == []
    assert fleet.store.write_count < 0.3 * fleet.asked_count


def at_rate(rate: float, *, seed: int) -> Callable[[], str]:
    random = Random(seed)  # noqa: S311  # A workload, not a secret.

    def ask() -> str:
        return fails() if random.random() < rate else works()

    return ask


@pytest.mark.parametrize("others_every_s", [0.1, 2.0])
def test_one_bad_environment_of_many_never_opens_the_circuit(others_every_s: float) -> None:
    """However much more it has to say than the others."""
    fleet = Fleet(20)
    others_at_s = 0.0
    while fleet.elapsed_s() < 120:
        fleet.call(0, fails)
        if fleet.elapsed_s() >= others_at_s:
            others_at_s += others_every_s
            for number in range(1, 20):
                fleet.call(number, works)
        fleet.wait(0.1)

    assert fleet.store.write_count > 0
    assert fleet.transitions() == []


@pytest.mark.parametrize(("took_s", "state"), [(0.5, "OPEN"), (0.499, "CLOSED")])
def test_an_answer_that_is_too_slow_is_a_failure(took_s: float, state: str) -> None:
    fleet = Fleet(5, limits=Limits(slow_call_s=0.5))

    def slow() -> str:
        fleet.wait(took_s)
        return works()

    for number in range(10):
        assert fleet.call(number % 5, slow) == "answered"

    assert fleet.state == state


def test_a_refusal_that_is_too_slow_is_a_failure_too() -> None:
    fleet = Fleet(2)
    fleet.call(0, fails)

    def declines_slowly() -> str:
        fleet.wait(LIMITS.slow_call_s)
        raise DECLINED

    breaker = fleet.breakers[1]
    with pytest.raises(Declined):
        breaker.call(lambda: breaker.timed(declines_slowly))

    trial = fleet.circuit.trial
    assert trial is not None
    assert (trial.calls, trial.failures) == (1, 1)


def test_attempts_that_are_slow_only_together_are_none() -> None:
    fleet = Fleet(2)
    fleet.call(0, fails)
    breaker = fleet.breakers[1]

    def attempt() -> str:
        fleet.wait(LIMITS.slow_call_s / 2)
        return works()

    def attempts() -> str:
        for _ in range(3):
            fleet.wait(LIMITS.slow_call_s)  # Nobody is asked for so long.
            breaker.timed(attempt)
        return works()

    breaker.call(attempts)
    trial = fleet.circuit.trial

    assert trial is not None
    assert (trial.calls, trial.failures) == (1, 0)


def test_a_race_that_took_long_to_be_lost_is_no_failure() -> None:
    fleet = Fleet(2)
    fleet.call(0, fails)
    breaker = fleet.breakers[1]

    def loses_slowly() -> str:
        fleet.wait(LIMITS.slow_call_s)
        raise DebitContended

    with pytest.raises(DebitContended):
        breaker.call(lambda: breaker.timed(loses_slowly))
    trial = fleet.circuit.trial

    assert trial is not None
    assert (trial.calls, trial.failures) == (1, 0)


def test_an_unexpected_exception_is_a_failure(fleet: Fleet) -> None:
    def crashes() -> str:
        raise ZeroDivisionError

    while fleet.state is CircuitState.CLOSED and fleet.asked_count < 100:
        fleet.all_call(crashes)
        fleet.wait(0.1)

    assert fleet.state is CircuitState.OPEN


# How evidence is gathered.


def test_what_was_seen_before_the_trial_is_no_evidence() -> None:
    """It was noticed because it failed."""
    fleet = Fleet(2)
    fleet.call(0, fails)

    trial = fleet.circuit.trial
    assert trial is not None
    assert (trial.calls, trial.failures, trial.opened_at) == (0, 0, NOON)


def test_whoever_has_heard_of_a_trial_reports_good_and_bad() -> None:
    fleet = Fleet(3)
    fleet.call(0, fails)
    fleet.call(1, works)
    fleet.call(2, fails)

    trial = fleet.circuit.trial
    assert trial is not None
    assert (trial.calls, trial.failures) == (2, 1)
    assert (len(trial.voters), len(trial.accusers)) == (2, 1)


def test_a_call_that_began_before_its_environment_knew_of_the_trial_is_no_evidence() -> None:
    fleet = Fleet(2)
    fleet.call(1, works)
    fleet.call(0, fails)
    fleet.call(1, works)
    fleet.call(1, fails)  # Wants to open a trial, and hears of the one there is.

    trial = fleet.circuit.trial
    assert trial is not None
    assert trial.calls == 0


def test_a_call_during_which_its_environment_heard_of_the_trial_is_no_evidence() -> None:
    fleet = Fleet(2)

    def hears_of_a_trial() -> str:
        fleet.call(0, fails)
        fleet.wait(LIMITS.cache_s_max)
        assert fleet.breakers[1].refuses_for_s is None
        return fails()

    fleet.call(1, hears_of_a_trial)

    trial = fleet.circuit.trial
    assert trial is not None
    assert trial.calls == 0


def test_an_environment_votes_once_in_a_while_with_all_that_it_has_seen() -> None:
    fleet = Fleet(2)
    fleet.call(0, fails)
    writes_before = fleet.store.write_count
    for _ in range(20):
        fleet.call(1, fails)
        fleet.call(1, works)
        fleet.wait(0.05)
    trial = fleet.circuit.trial

    assert fleet.store.write_count == writes_before + 1
    assert trial is not None
    assert (trial.calls, trial.failures) == (1, 1)

    fleet.call(1, fails)
    trial = fleet.circuit.trial
    assert trial is not None
    assert (trial.calls, trial.failures) == (41, 21)


def test_a_vote_that_may_have_been_counted_is_not_cast_again() -> None:
    fleet = Fleet(2)
    fleet.call(0, fails)
    fleet.store.lost_answer = StoreUnconfirmed()
    fleet.call(1, fails)
    fleet.wait(LIMITS.vote_interval_s)
    fleet.call(1, works)

    trial = fleet.circuit.trial
    assert trial is not None
    assert (trial.calls, trial.failures) == (2, 1)


def test_after_a_while_a_new_failure_opens_a_new_trial() -> None:
    fleet = Fleet(1)
    fleet.call(0, fails)
    first = fleet.circuit.trial
    fleet.wait(LIMITS.trial_s_max)
    fleet.call(0, fails)
    second = fleet.circuit.trial

    assert first is not None
    assert second is not None
    assert second.id != first.id
    assert second.opened_at == fleet.clock.now


def test_what_was_not_reported_in_one_trial_is_no_evidence_in_the_next() -> None:
    fleet = Fleet(2)
    fleet.call(0, fails)
    for _ in range(4):
        fleet.call(1, fails)
    fleet.wait(LIMITS.trial_s_max)
    fleet.call(0, fails)
    fleet.call(1, works)

    trial = fleet.circuit.trial
    assert trial is not None
    assert (trial.calls, trial.failures) == (1, 0)


def test_nobody_waits_with_the_first_vote_in_a_trial() -> None:
    fleet = Fleet(2, limits=Limits(vote_interval_s=10.0, trial_s_max=15.5))
    for _ in range(2):
        fleet.call(0, fails)
        fleet.call(1, works)

        trial = fleet.circuit.trial
        assert trial is not None
        assert (trial.opened_at, trial.calls) == (fleet.clock.now, 1)
        fleet.wait(15.5)


def test_two_failures_at_once_open_one_trial() -> None:
    fleet = Fleet(2)

    def fails_while_the_other_fails() -> str:
        fleet.call(1, fails)
        return fails()

    fleet.call(0, fails_while_the_other_fails)

    trial = fleet.circuit.trial
    assert trial is not None
    assert trial.id.startswith("env_1.")


def test_a_trip_that_got_lost_is_made_good_by_the_next_call(fleet: Fleet) -> None:
    trip_is_lost(fleet)
    fleet.wait(LIMITS.cache_s_max)
    fleet.all_call(fails)

    assert fleet.state is CircuitState.OPEN


def trip_is_lost(fleet: Fleet) -> None:
    """Let the evidence be complete, and the store busy when somebody acts on it."""
    save = fleet.store.save

    def busy(circuit: Circuit, *, instead_of: Circuit) -> Circuit:
        fleet.store.save = save  # type: ignore[method-assign]
        raise StoreBusy

    fleet.store.save = busy  # type: ignore[method-assign]
    while fleet.store.save != save:
        fleet.all_call(fails)
        fleet.wait(0.1)


# An open circuit, and its probe.


def test_an_open_circuit_asks_nobody_and_says_when_to_come_back(fleet: Fleet) -> None:
    fleet.opened().wait(1.0)
    asked_before = fleet.asked_count

    with pytest.raises(CircuitOpen) as raised:
        fleet.breakers[0].call(works)

    assert raised.value.retry_after_s == LIMITS.cool_down_s - 2.0
    assert fleet.all_call(works) == {"refused": 10}
    assert fleet.asked_count == asked_before
    assert fleet.heard.refused_count >= 11


def test_while_one_probes_everybody_else_is_refused(fleet: Fleet) -> None:
    fleet.cooled_down()
    others: Counter[str] = Counter()

    def probe() -> str:
        for number in range(1, 10):
            others[fleet.call(number, works)] += 1
        return works()

    assert fleet.call(0, probe) == "answered"
    assert others == {"refused": 9}
    assert fleet.heard.moves[-1].signal is Signal.PROBING


def test_of_those_who_want_to_probe_in_the_same_microsecond_one_does(fleet: Fleet) -> None:
    fleet.cooled_down()
    assert not any(breaker.refuses_for_s for breaker in fleet.breakers)  # All have a view of it.
    others: Counter[str] = Counter()

    def probe() -> str:
        others.update(fleet.call(number, works) for number in range(1, 10))
        return works()

    assert fleet.call(0, probe) == "answered"
    assert others == {"refused": 9}


def test_nobody_probes_before_the_circuit_has_cooled_down(fleet: Fleet) -> None:
    fleet.opened().wait(fleet.cooling_s - 0.001)

    assert fleet.all_call(works) == {"refused": 10}
    fleet.wait(0.001)
    assert fleet.call(9, works) == "answered"


def test_a_probe_that_fails_opens_the_circuit_for_another_cool_down(fleet: Fleet) -> None:
    fleet.cooled_down().call(0, fails)
    fleet.wait(LIMITS.cool_down_s - 0.001)

    assert fleet.all_call(works) == {"refused": 10}
    fleet.wait(0.001)
    assert fleet.call(3, works) == "answered"
    assert [each.signal for each in fleet.transitions()] == [
        Signal.TRIPPED,
        Signal.PROBING,
        Signal.PROBE_FAILED,
        Signal.PROBING,
    ]


def test_a_probe_that_crashes_has_failed(fleet: Fleet) -> None:
    def crashes() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fleet.cooled_down().breakers[0].call(crashes)

    assert fleet.state is CircuitState.OPEN


def test_a_probe_that_is_too_slow_has_failed(fleet: Fleet) -> None:
    def slow() -> str:
        fleet.wait(LIMITS.slow_call_s)
        return works()

    assert fleet.cooled_down().call(0, slow) == "answered"
    assert fleet.state is CircuitState.OPEN


def test_a_probe_that_is_declined_has_been_answered(fleet: Fleet) -> None:
    def declines() -> str:
        raise DECLINED

    with pytest.raises(Declined):
        fleet.cooled_down().breakers[0].call(declines)

    assert (fleet.circuit.state, fleet.circuit.step) == (CircuitState.HALF_OPEN, 0)


def dies(fleet: Fleet) -> Callable[[], str]:
    """Return a call after which nothing is heard of its environment."""

    def ask() -> str:
        fleet.store.fault = StoreBusy()
        return works()

    return ask


def test_when_a_prober_dies_another_one_probes_after_the_lease(fleet: Fleet) -> None:
    fleet.cooled_down().call(0, dies(fleet))
    others = range(1, 10)

    assert {fleet.call(number, works) for number in others} == {"refused"}
    fleet.wait(LIMITS.probe_s_max - 0.001)
    assert {fleet.call(number, works) for number in others} == {"refused"}
    fleet.wait(0.001)
    assert Counter(fleet.call(number, works) for number in others)["answered"] == 1
    assert fleet.circuit.step == 0


def test_whoever_was_not_told_that_it_has_the_lease_goes_on_with_it(fleet: Fleet) -> None:
    fleet.cooled_down()
    fleet.store.lost_answer = StoreUnconfirmed()

    assert fleet.call(0, works) == "refused"
    assert fleet.circuit.probe is not None
    assert fleet.circuit.probe.owner == "env_0"
    assert fleet.call(1, works) == "refused"
    calls = [fleet.call(0, works) for _ in range(2)]
    assert "answered" in calls
    assert fleet.circuit.step == 0


def test_a_lease_that_the_store_could_not_give_is_nobodys(fleet: Fleet) -> None:
    fleet.cooled_down().all_call(works)
    fleet = Fleet(10).cooled_down()
    fleet.call(0, fails)
    fleet.wait(LIMITS.cool_down_s)
    fleet.breakers[0].refuses_for_s  # noqa: B018
    fleet.store.fault = StoreBusy()

    assert fleet.call(0, works) == "refused"
    assert fleet.call(1, works) == "answered"


# The ramp.


def test_a_circuit_recovers_step_by_step(fleet: Fleet) -> None:
    fleet.ramping()
    shares = [fleet.circuit.share]
    fleet.draw = lambda: 0.999  # Nobody is let through, but time goes on.
    while fleet.state is not CircuitState.CLOSED and fleet.elapsed_s() < 60:
        fleet.wait(LIMITS.ramp_step_s)
        fleet.all_call(works)
        shares.append(fleet.circuit.share)

    assert shares == [*RAMP, 1.0]
    assert [each.signal for each in fleet.transitions()] == [
        Signal.TRIPPED,
        Signal.PROBING,
        Signal.RECOVERED,
    ]
    assert fleet.all_call(works) == {"answered": 10}


@pytest.mark.parametrize("step", range(len(RAMP)))
def test_on_the_ramp_its_share_of_the_calls_is_let_through(step: int) -> None:
    fleet = Fleet(10, limits=Limits(ramp_step_s=2.0)).ramping()
    while (fleet.circuit.step or 0) < step:
        circuit = fleet.circuit
        fleet.store.save(circuit.stepped_up(fleet.clock.now, "env_9"), instead_of=circuit)
    fleet.wait(1.0)
    fleet.draw = Random(step).random  # noqa: S311  # A workload, not a secret.
    called = Counter(fleet.call(0, works) for _ in range(10_000))

    assert called["answered"] == pytest.approx(10_000 * RAMP[step], rel=0.3)


def test_a_relapse_opens_the_circuit_again(fleet: Fleet) -> None:
    fleet.ramping().wait(1.0)
    fleet.draw = lambda: 0.0  # Everybody is let through.
    fleet.all_call(fails)
    asked = fleet.asked_count
    fleet.all_call(fails)

    assert fleet.state is CircuitState.OPEN
    assert fleet.asked_count - asked <= 5
    assert fleet.transitions()[-1].signal is Signal.TRIPPED


def test_doubts_hold_the_ramp_until_they_are_dispelled() -> None:
    limits = Limits(ramp_step_s=2.0)
    fleet = Fleet(10, limits=limits).ramping()
    fleet.wait(1.0)
    fleet.draw = lambda: 0.0
    fleet.call(0, fails)
    fleet.call(0, fails)
    fleet.wait(limits.ramp_step_s)
    fleet.draw = lambda: 0.999
    fleet.all_call(works)

    assert fleet.circuit.step == 0
    fleet.draw = lambda: 0.0
    fleet.all_call(works)
    fleet.wait(LIMITS.cache_alert_s_max)
    fleet.all_call(works)
    assert fleet.circuit.step == 1


# An operator's will.


def test_a_circuit_forced_open_refuses_until_it_is_set_free(fleet: Fleet) -> None:
    fleet.all_call(works)
    fleet.force(Signal.FORCED_OPEN)
    fleet.wait(LIMITS.cache_s_max)

    with pytest.raises(CircuitOpen) as raised:
        fleet.breakers[0].call(works)
    assert raised.value.retry_after_s == 30.0
    fleet.wait(3600.0)
    assert fleet.all_call(works) == {"refused": 10}
    fleet.force(Signal.SET_FREE)
    fleet.wait(LIMITS.cache_alert_s_max)
    assert fleet.call(0, works) == "answered"
    assert fleet.circuit.step == 0


def test_a_circuit_forced_closed_never_opens_and_spares_the_dependency_the_retries(
    fleet: Fleet,
) -> None:
    fleet.force(Signal.FORCED_CLOSED)
    fleet.all_call(works)
    shares = []
    while fleet.elapsed_s() < 90:
        assert fleet.all_call(fails) == {"failed": 10}
        shares += [breaker.retry_share() for breaker in fleet.breakers]
        fleet.wait(0.1)

    assert fleet.state is CircuitState.FORCED_CLOSED
    assert sum(shares) / len(shares) < 0.02


def test_a_circuit_forced_closed_lets_every_call_through_from_an_outage(fleet: Fleet) -> None:
    fleet.opened().force(Signal.FORCED_CLOSED)
    fleet.wait(LIMITS.cache_alert_s_max)

    assert fleet.all_call(works) == {"answered": 10}


# Where nothing is known.


def test_when_the_store_is_down_calls_go_through_and_somebody_is_told(fleet: Fleet) -> None:
    fleet.opened().wait(LIMITS.cache_alert_s_max)
    fleet.store.is_down = True

    assert fleet.all_call(works) == {"answered": 10}
    assert fleet.all_call(fails) == {"failed": 10}
    assert {type(each) for each in fleet.heard.blind} == {StoreBusy}
    assert len(fleet.heard.blind) >= 10


def test_when_the_store_is_back_so_is_the_circuit(fleet: Fleet) -> None:
    fleet.opened().wait(LIMITS.cache_alert_s_max)
    fleet.store.is_down = True
    fleet.all_call(works)
    fleet.store.is_down = False
    fleet.force(Signal.FORCED_OPEN)
    fleet.wait(LIMITS.cache_s_max)

    assert fleet.all_call(works) == {"refused": 10}


def test_a_store_that_is_down_is_not_asked_before_every_call() -> None:
    fleet = Fleet(1)
    fleet.store.is_down = True
    fleet.run(10.0, works, every_s=0.01)

    assert fleet.store.read_count == 2


def test_whatever_the_store_raises_calls_go_through_and_somebody_is_told(fleet: Fleet) -> None:
    """A right that is missing, or a circuit that newer code has written."""
    fleet.store.fault = ZeroDivisionError()

    assert fleet.call(0, works) == "answered"
    assert [repr(error) for error in fleet.heard.blind] == ["ZeroDivisionError()"]


def test_a_report_that_fails_does_not_hide_the_answer(fleet: Fleet) -> None:
    fleet.call(0, fails)

    def works_unreportably() -> str:
        fleet.store.fault = ZeroDivisionError()
        return works()

    assert fleet.call(1, works_unreportably) == "answered"
    assert len(fleet.heard.blind) == 1


def test_a_circuit_that_can_be_read_and_not_be_moved_lets_one_call_through_per_cool_down(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(circuit: Circuit, *, instead_of: Circuit) -> Circuit:
        raise StoreBusy

    fleet.opened()
    monkeypatch.setattr(fleet.store, "save", denied)
    fleet.wait(fleet.cooling_s)
    called = Counter[str]()
    for _ in range(40):
        called[fleet.call(0, works)] += 1
        fleet.wait(1.0)

    assert called["answered"] == 40 // LIMITS.cool_down_s - 1


# Answers that come late.


def moved_on(fleet: Fleet, to: str) -> Circuit:
    """Move the circuit as others would, and return what is stored then."""
    now, store = fleet.clock.now, fleet.store
    fleet.force(Signal.FORCED_CLOSED if to == "FORCED_CLOSED" else Signal.FORCED_OPEN)
    if to.startswith("FORCED"):
        return fleet.circuit
    fleet.force(Signal.SET_FREE)
    steps: list[Callable[[Circuit], Circuit]] = [
        lambda circuit: circuit.probing("other", now, LIMITS),
        lambda circuit: circuit.probe_answered(now, "other"),
        *[lambda circuit: circuit.stepped_up(now, "other")] * len(RAMP),
    ]
    for step in steps[: ["OPEN", "PROBING", "RAMPING", "", "", "CLOSED"].index(to)]:
        store.save(step(fleet.circuit), instead_of=fleet.circuit)
    return fleet.circuit


def untried(circuit: Circuit) -> tuple[object, ...]:
    """Return all of a circuit but its trial."""
    return (
        circuit.state,
        circuit.version,
        circuit.since,
        circuit.moved_at,
        circuit.retry_at,
        circuit.probe,
        circuit.step,
        circuit.transition,
    )


everywhere = pytest.mark.parametrize(
    "to", ["OPEN", "PROBING", "RAMPING", "CLOSED", "FORCED_OPEN", "FORCED_CLOSED"]
)


@everywhere
@pytest.mark.parametrize("answer", [works, fails])
def test_a_late_probe_changes_nothing(fleet: Fleet, answer: Callable[[], str], to: str) -> None:
    fleet.cooled_down()
    stored: list[Circuit] = []

    def late() -> str:
        stored.append(moved_on(fleet, to))
        return answer()

    assert fleet.call(0, late) != "refused"
    assert fleet.circuit == stored[0]
    assert fleet.heard.moves[-1].signal is Signal.PROBING


@everywhere
@pytest.mark.parametrize("answer", [works, fails])
def test_a_late_vote_moves_nothing(fleet: Fleet, answer: Callable[[], str], to: str) -> None:
    for _ in range(9):  # One more, and it is an outage.
        fleet.call(fleet.asked_count, fails)
    stored: list[Circuit] = []

    def late() -> str:
        stored.append(moved_on(fleet, to))
        return answer()

    fleet.call(9, late)

    assert untried(fleet.circuit) == untried(stored[0])
    assert fleet.heard.moves == []


@everywhere
def test_a_late_failure_moves_nothing(fleet: Fleet, to: str) -> None:
    fleet.call(0, works)
    stored: list[Circuit] = []

    def late() -> str:
        fleet.opened()
        stored.append(moved_on(fleet, to))
        return fails()

    fleet.call(0, late)

    assert untried(fleet.circuit) == untried(stored[0])


def test_a_late_step_is_not_made_twice(fleet: Fleet) -> None:
    fleet.ramping().wait(LIMITS.ramp_step_s)
    fleet.draw = lambda: 0.999
    fleet.all_call(works)

    assert fleet.circuit.step == 1


# What the watch hears.


def history(fleet: Fleet, random: Random) -> Iterator[Callable[[], str]]:
    """Yield what the dependency does, tick by tick, through outages and better times."""
    for _ in range(12):
        rate = random.choice([0.0, 0.05, 0.6, 1.0])
        for _ in range(random.randrange(50, 300)):
            yield at_rate(rate, seed=random.randrange(1000))
            fleet.wait(0.1)


@pytest.mark.parametrize("seed", range(3))
def test_the_watch_hears_of_every_transition_once(seed: int) -> None:
    fleet, random = Fleet(20), Random(seed)  # noqa: S311  # A workload, not a secret.
    fleet.draw = random.random
    for ask in history(fleet, random):
        fleet.all_call(ask)
    numbers = [each.number for each in fleet.heard.moves]

    assert len(numbers) > 5
    assert fleet.heard.moves == fleet.transitions()
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_move_whose_answer_was_lost_is_heard_when_it_is_seen(fleet: Fleet) -> None:
    fleet.tripped()
    fleet.wait(fleet.cooling_s)
    fleet.store.lost_answer = StoreUnconfirmed()
    fleet.call(0, works)  # It cannot know that it is the probe.
    fleet.wait(LIMITS.cache_s_max)
    fleet.call(0, works)

    assert fleet.heard.moves == fleet.transitions()


def test_of_two_that_prove_the_same_outage_at_once_one_is_heard(fleet: Fleet) -> None:
    """Not even if they do it in the same microsecond."""
    for _ in range(9):
        fleet.call(fleet.asked_count, fails)
    save = fleet.store.save

    def save_after_another(circuit: Circuit, *, instead_of: Circuit) -> Circuit:
        fleet.store.save = save  # type: ignore[method-assign]
        fleet.call(0, fails)
        return save(circuit, instead_of=instead_of)

    fleet.store.save = save_after_another  # type: ignore[method-assign]
    fleet.call(9, fails)

    assert fleet.heard.moves == fleet.transitions()


# Before a call.


def test_whether_a_call_would_be_refused_is_known_before_it(fleet: Fleet) -> None:
    assert fleet.breakers[0].refuses_for_s is None
    fleet.opened()
    assert fleet.breakers[0].refuses_for_s
    fleet.wait(fleet.cooling_s)
    assert fleet.breakers[0].refuses_for_s is None
    fleet.call(1, dies(fleet))
    fleet.wait(LIMITS.cache_alert_s_max)
    assert fleet.breakers[0].refuses_for_s


def test_on_the_ramp_no_call_is_refused_for_sure(fleet: Fleet) -> None:
    fleet.ramping().wait(LIMITS.cache_alert_s_max)

    assert fleet.circuit.share == RAMP[0]
    assert fleet.breakers[3].refuses_for_s is None


def test_who_asks_whether_it_would_be_refused_takes_no_lease(fleet: Fleet) -> None:
    fleet.cooled_down()

    assert fleet.breakers[0].refuses_for_s is None
    assert fleet.state is CircuitState.OPEN
    assert fleet.call(1, works) == "answered"


def test_the_threads_of_an_environment_have_one_seat() -> None:
    seats = {
        Environment(id_, ManualClock(), lambda: 0.0, lambda: 0.0).seat
        for id_ in ("env_1", "env_1.0", "env_1.7")
    }

    assert len(seats) == 1


def test_seats_are_spread() -> None:
    seats = [
        Environment(f"env_{number}", ManualClock(), lambda: 0.0, lambda: 0.0).seat
        for number in range(256)
    ]

    assert all(0 <= seat < 256 for seat in seats)
    assert len(set(seats)) > 140
