"""How a breaker gathers evidence."""

from evenkeel.errors import (
    StoreBusy,
    StoreUnconfirmed,
)
from evenkeel.resilience.circuit import Circuit, CircuitState
from evenkeel.resilience.limits import Limits
from tests.fakes.clock import NOON
from tests.unit.resilience.fleet import LIMITS, Fleet, fails, works


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
