"""One contract, every store. The fake may be trusted because it passes this too."""

import os
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ConnectTimeoutError
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.circuit_store import DynamoDBCircuitStore
from evenkeel.errors import StoreBusy
from evenkeel.resilience.circuit import Circuit, CircuitState, Signal
from evenkeel.resilience.limits import Limits
from evenkeel.resilience.ports import CircuitStore
from evenkeel.resilience.trial import Ballot, Trial
from tests.fakes.circuit_store import InMemoryCircuitStore
from tests.fakes.clock import NOON
from tests.faults import Faults

LIMITS = Limits()
LATER = NOON + timedelta(microseconds=1_234_567)
TRIAL = Trial("t1", LATER)


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> CircuitStore:
    if request.param == "fake":
        return InMemoryCircuitStore()
    return DynamoDBCircuitStore(dynamodb, os.environ["BREAKERS_TABLE"])


@pytest.fixture
def name() -> str:
    """A dependency that nobody else has."""
    return f"wallets/{secrets.token_hex(6)}"


@pytest.fixture
def closed(name: str) -> Circuit:
    return Circuit(name)


@pytest.fixture
def on_trial(store: CircuitStore, name: str) -> Circuit:
    return store.open_trial(name, TRIAL, instead_of=None)


@pytest.fixture
def opened(store: CircuitStore, on_trial: Circuit) -> Circuit:
    return store.save(on_trial.tripped(LATER, LIMITS, "env_1"), instead_of=on_trial)


@pytest.fixture
def ramping(store: CircuitStore, opened: Circuit) -> Circuit:
    probing = store.save(opened.probing("env_2", LATER, LIMITS), instead_of=opened)
    return store.save(probing.probe_answered(LATER, "env_2"), instead_of=probing)


def at_once(thread_count: int, act: Callable[[int], Circuit]) -> list[Circuit]:
    with ThreadPoolExecutor(thread_count) as pool:
        return list(pool.map(act, range(thread_count)))


def test_a_circuit_that_nobody_has_written_is_closed(
    store: CircuitStore, closed: Circuit, name: str
) -> None:
    assert store.get(name) == closed
    assert (closed.state, closed.version) == (CircuitState.CLOSED, 0)
    assert list(store.transitions(store.get(name), limit=9)) == []


def test_every_move_is_read_as_it_was_saved(store: CircuitStore, name: str) -> None:
    moves: list[Callable[[Circuit], Circuit]] = [
        lambda circuit: circuit.tripped(LATER, LIMITS, "env_1"),
        lambda circuit: circuit.probing("env_2", LATER, LIMITS),
        lambda circuit: circuit.probing("env_3", LATER, LIMITS),
        lambda circuit: circuit.probe_failed(LATER, LIMITS, "env_3"),
        lambda circuit: circuit.probing("env_2", LATER, LIMITS),
        lambda circuit: circuit.probe_answered(LATER, "env_2"),
        lambda circuit: circuit.stepped_up(LATER, "env_4"),
        lambda circuit: circuit.stepped_up(LATER, "env_4"),
        lambda circuit: circuit.stepped_up(LATER, "env_4"),
        lambda circuit: circuit.forced(Signal.FORCED_OPEN, LATER, "ops", "Wartung für heute"),
        lambda circuit: circuit.forced(Signal.SET_FREE, LATER, "ops", "over"),
        lambda circuit: circuit.forced(Signal.FORCED_CLOSED, LATER, "ops", "false alarm"),
    ]
    stored = store.get(name)
    for move in moves:
        wanted = move(stored)
        stored = store.save(wanted, instead_of=stored)

        assert stored == wanted
        assert store.get(name) == wanted


def test_whoever_saves_second_gets_what_the_first_has_saved(
    store: CircuitStore, closed: Circuit, name: str
) -> None:
    first = closed.tripped(NOON, LIMITS, "env_1")
    second = closed.forced(Signal.FORCED_OPEN, LATER, "ops", "why")

    assert store.save(first, instead_of=closed) == first
    assert store.save(second, instead_of=closed) == first
    assert store.get(name) == first
    assert list(store.transitions(store.get(name), limit=9)) == [first.transition]


def test_a_move_from_an_old_view_is_not_made(
    store: CircuitStore, opened: Circuit, name: str
) -> None:
    probing = opened.probing("env_2", LATER, LIMITS)
    stored = store.save(probing, instead_of=opened)
    again = store.save(stored.probe_failed(LATER, LIMITS, "env_2"), instead_of=stored)

    assert store.save(opened.probing("env_3", LATER, LIMITS), instead_of=opened) == again
    assert store.save(probing.probe_answered(LATER, "env_2"), instead_of=probing) == again
    assert store.get(name) == again


def test_a_move_that_is_ahead_of_what_is_stored_is_not_made(
    store: CircuitStore, closed: Circuit, name: str
) -> None:
    """As after a table was lost."""
    lost = closed.tripped(NOON, LIMITS, "env_1")
    ahead = lost.probing("env_1", LATER, LIMITS)

    assert store.save(ahead, instead_of=lost) == closed
    assert store.get(name) == closed


def test_circuits_do_not_touch_each_other(store: CircuitStore, opened: Circuit, name: str) -> None:
    other = store.open_trial(f"{name}/eu", TRIAL, instead_of=None)
    store.vote(f"{name}/eu", Ballot("t1", 1, 1, 1))

    assert other.state is CircuitState.CLOSED
    assert store.get(name) == opened
    assert list(store.transitions(store.get(f"{name}/eu"), limit=9)) == []


# Trials.


def test_a_trial_is_read_as_it_was_opened(
    store: CircuitStore, closed: Circuit, on_trial: Circuit, name: str
) -> None:
    assert on_trial == replace(closed, trial=TRIAL)
    assert store.get(name) == on_trial


def test_a_trial_is_opened_on_a_circuit_in_any_state(
    store: CircuitStore, ramping: Circuit, name: str
) -> None:
    assert ramping.trial is None
    assert store.open_trial(name, Trial("t2", LATER), instead_of=None) == replace(
        ramping, trial=Trial("t2", LATER)
    )


def test_whoever_opens_a_trial_second_gets_the_first(
    store: CircuitStore, on_trial: Circuit, name: str
) -> None:
    assert store.open_trial(name, Trial("t2", LATER), instead_of=None) == on_trial
    assert store.get(name) == on_trial


def test_a_trial_takes_the_place_of_the_one_before_and_its_votes(
    store: CircuitStore, on_trial: Circuit, name: str
) -> None:
    store.vote(name, Ballot("t1", 7, 3, 2))
    next_one = Trial("t2", LATER)

    assert store.open_trial(name, next_one, instead_of=TRIAL).trial == next_one
    assert store.get(name).trial == next_one
    assert store.open_trial(name, Trial("t3", LATER), instead_of=TRIAL).trial == next_one


def test_a_trial_cannot_follow_one_that_there_is_not(
    store: CircuitStore, closed: Circuit, name: str
) -> None:
    assert store.open_trial(name, Trial("t2", LATER), instead_of=TRIAL) == closed
    assert store.get(name) == closed


def test_votes_add_up(store: CircuitStore, on_trial: Circuit, name: str) -> None:
    store.vote(name, Ballot("t1", 7, 3, 2))
    store.vote(name, Ballot("t1", 0, 4, 0))
    voted = store.vote(name, Ballot("t1", 7, 1, 1))

    assert voted.trial == replace(
        TRIAL, calls=8, failures=3, voters=frozenset({0, 7}), accusers=frozenset({7})
    )
    assert replace(voted, trial=TRIAL) == on_trial
    assert store.get(name) == voted


def test_a_vote_in_a_trial_that_is_over_changes_nothing(
    store: CircuitStore, on_trial: Circuit, name: str
) -> None:
    followed = store.open_trial(name, Trial("t2", LATER), instead_of=TRIAL)

    assert store.vote(name, Ballot("t1", 7, 3, 2)) == followed
    assert store.get(name) == followed


def test_a_vote_where_there_is_no_trial_changes_nothing(
    store: CircuitStore, closed: Circuit, ramping: Circuit, name: str
) -> None:
    assert store.vote(name, Ballot("t1", 7, 3, 2)) == ramping
    assert store.vote(f"{name}/eu", Ballot("t1", 7, 3, 2)) == Circuit(f"{name}/eu")
    assert store.get(f"{name}/eu") == Circuit(f"{name}/eu")


def test_a_move_keeps_the_votes_that_its_view_has_not_seen(
    store: CircuitStore, ramping: Circuit, name: str
) -> None:
    view = store.open_trial(name, TRIAL, instead_of=None)
    voted = store.vote(name, Ballot("t1", 7, 3, 2))
    stepped = store.save(view.stepped_up(LATER, "env_3"), instead_of=view)

    assert stepped.step == 1
    assert stepped.trial == voted.trial
    assert store.get(name) == stepped


def test_a_move_keeps_the_trial_that_has_followed_the_one_in_its_view(
    store: CircuitStore, on_trial: Circuit, name: str
) -> None:
    store.open_trial(name, Trial("t2", LATER), instead_of=TRIAL)
    moved = store.save(on_trial.tripped(LATER, LIMITS, "env_1"), instead_of=on_trial)

    assert moved.trial == Trial("t2", LATER)
    assert store.get(name) == moved


def test_a_move_keeps_a_trial_that_its_view_knows_nothing_of(
    store: CircuitStore, ramping: Circuit, name: str
) -> None:
    """The view may be older than the trial, and its version fits all the same."""
    store.open_trial(name, TRIAL, instead_of=None)
    voted = store.vote(name, Ballot("t1", 7, 3, 2))
    stepped = store.save(ramping.stepped_up(LATER, "env_3"), instead_of=ramping)

    assert stepped.step == 1
    assert stepped.trial == voted.trial
    assert store.get(name) == stepped


def test_a_move_that_forgets_the_trial_is_the_end_of_it(
    store: CircuitStore, opened: Circuit, name: str
) -> None:
    store.vote(name, Ballot("t1", 7, 3, 2))
    probing = store.save(opened.probing("env_2", LATER, LIMITS), instead_of=opened)
    answered = store.save(probing.probe_answered(LATER, "env_2"), instead_of=probing)

    assert answered.trial is None
    assert store.get(name) == answered
    again = store.open_trial(name, TRIAL, instead_of=None)
    assert again.trial == TRIAL


# Transitions.


@pytest.fixture
def seven(store: CircuitStore, closed: Circuit) -> list[int]:
    """The numbers of a circuit's transitions, the latest first."""
    circuit = closed
    for number in range(7):
        signal = [Signal.FORCED_OPEN, Signal.FORCED_CLOSED][number % 2]
        circuit = store.save(
            circuit.forced(signal, LATER, "ops", f"reason {number}"), instead_of=circuit
        )
    return [7, 6, 5, 4, 3, 2, 1]


def test_a_transition_is_kept_once_and_a_move_within_a_state_is_none(
    store: CircuitStore, ramping: Circuit, name: str
) -> None:
    stepped = store.save(ramping.stepped_up(LATER, "env_3"), instead_of=ramping)
    store.save(stepped, instead_of=ramping)
    store.save(ramping, instead_of=stepped)
    signals = [each.signal for each in store.transitions(store.get(name), limit=9)]

    assert signals == [Signal.PROBING, Signal.TRIPPED]


def test_transitions_are_read_as_they_were_made(
    store: CircuitStore, seven: list[int], name: str
) -> None:
    [latest] = store.transitions(store.get(name), limit=1)

    assert latest == store.get(name).transition
    assert (latest.number, latest.reason, latest.at) == (7, "reason 6", LATER)


@pytest.mark.parametrize("lost", ["PutItem", "UpdateItem"])
def test_the_history_has_no_gap_though_a_change_of_state_is_two_writes(
    dynamodb: DynamoDBClient, name: str, lost: str
) -> None:
    store = DynamoDBCircuitStore(dynamodb, os.environ["BREAKERS_TABLE"])
    first = Circuit(name).forced(Signal.FORCED_OPEN, LATER, "ops", "drill")
    second = first.forced(Signal.FORCED_CLOSED, LATER, "ops", "over")
    store.save(first, instead_of=Circuit(name))
    faults = Faults(dynamodb, lost, ConnectTimeoutError(endpoint_url=""))
    with pytest.raises(StoreBusy):
        store.save(second, instead_of=first)

    assert faults.call_count == 1
    assert list(store.transitions(store.get(name), limit=9)) == [first.transition]

    store.save(second, instead_of=first)

    assert list(store.transitions(store.get(name), limit=9)) == [
        second.transition,
        first.transition,
    ]


@pytest.mark.parametrize("limit", [1, 2, 6, 7, 8, 100])
def test_the_latest_transitions_come_first(
    store: CircuitStore, seven: list[int], name: str, limit: int
) -> None:
    numbers = [each.number for each in store.transitions(store.get(name), limit=limit)]

    assert numbers == seven[:limit]


# Many at once.


def test_of_many_that_want_to_probe_exactly_one_does(
    store: CircuitStore, opened: Circuit, name: str
) -> None:
    wanted = [opened.probing(f"env_{number}", LATER, LIMITS) for number in range(16)]
    stored = at_once(16, lambda number: store.save(wanted[number], instead_of=opened))
    [winner] = [each for each in wanted if each in stored]

    assert stored == [winner] * 16
    assert store.get(name) == winner
    assert [each.number for each in store.transitions(store.get(name), limit=9)] == [2, 1]


def test_of_many_that_open_a_trial_one_does(store: CircuitStore, name: str) -> None:
    stored = at_once(
        8, lambda number: store.open_trial(name, Trial(f"t{number}", LATER), instead_of=None)
    )

    assert len({each.trial for each in stored}) == 1
    assert store.get(name) == stored[0]


def test_when_many_vote_at_once_no_vote_is_lost(
    store: CircuitStore, on_trial: Circuit, name: str
) -> None:
    def vote(seat: int) -> Circuit:
        for _ in range(5):
            circuit = store.vote(name, Ballot("t1", seat, 3, seat % 2))
        return circuit

    at_once(8, vote)

    assert store.get(name).trial == replace(
        TRIAL,
        calls=120,
        failures=20,
        voters=frozenset(range(8)),
        accusers=frozenset({1, 3, 5, 7}),
    )


def test_votes_and_moves_at_once_do_not_disturb_each_other(
    store: CircuitStore, on_trial: Circuit, name: str
) -> None:
    def act(number: int) -> Circuit:
        if number:
            return store.vote(name, Ballot("t1", number, 1, 1))
        return store.save(on_trial.tripped(LATER, LIMITS, "env_1"), instead_of=on_trial)

    stored = at_once(9, act)
    found = store.get(name)

    assert stored[0].state is found.state is CircuitState.OPEN
    assert found.trial is not None
    assert (found.trial.calls, found.version) == (8, 1)
