"""Circuits in an operator's hands."""

from collections.abc import Sequence

import pytest

from evenkeel.errors import ObjectNotFound, StoreBusy, StoreUnconfirmed
from evenkeel.resilience.circuit import Circuit, CircuitState, Signal
from evenkeel.resilience.switchboard import Action, Switchboard
from tests.fakes.circuit_store import InMemoryCircuitStore
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.guard import RecordingWatch
from tests.fakes.retry import instant_retry

WALLET = "wallet"


class LaggingCircuitStore(InMemoryCircuitStore):
    """What is read of it is old, unless the latest is asked for.

    Attributes:
        old: What is read otherwise.
    """

    def __init__(self) -> None:
        super().__init__()
        self.old = Circuit(WALLET)

    def get(self, name: str, *, is_latest: bool = False) -> Circuit:
        return super().get(name) if is_latest else self.old


class Board:
    def __init__(self) -> None:
        self.store, self.watch = LaggingCircuitStore(), RecordingWatch()
        self.switchboard = Switchboard(
            [WALLET], self.store, self.watch, instant_retry(), ManualClock()
        )

    def act(self, action: Action) -> Circuit:
        return self.switchboard.act(WALLET, action, by="cli_ops", reason="a drill")

    @property
    def stored(self) -> Circuit:
        return self.store.get(WALLET, is_latest=True)

    @property
    def signals(self) -> Sequence[Signal]:
        return [each.signal for each in self.watch.transitions]


@pytest.fixture
def board() -> Board:
    return Board()


def test_what_an_operator_wants_is_stored_and_heard_once(board: Board) -> None:
    forced = board.act(Action.FORCE_OPEN)
    again = board.act(Action.FORCE_OPEN)

    assert forced == again == board.stored
    assert forced.state is CircuitState.FORCED_OPEN
    assert board.watch.transitions == [forced.transition]


def test_an_old_view_does_not_hide_what_is_left_to_do(board: Board) -> None:
    board.store.old = board.act(Action.FORCE_OPEN)
    board.act(Action.AUTO)

    assert board.act(Action.FORCE_OPEN) == board.stored
    assert board.stored.state is CircuitState.FORCED_OPEN


def test_what_is_told_of_a_circuit_is_the_latest(board: Board) -> None:
    forced = board.act(Action.FORCE_OPEN)

    assert board.switchboard.circuit(WALLET) == forced
    assert board.switchboard.circuits() == [forced]
    assert board.switchboard.transitions(forced, limit=9) == [forced.transition]


def test_a_move_whose_answer_was_lost_is_heard_all_the_same(board: Board) -> None:
    board.store.lost_answer = StoreUnconfirmed()
    forced = board.act(Action.FORCE_OPEN)

    assert forced.state is CircuitState.FORCED_OPEN
    assert board.watch.transitions == [forced.transition]


def test_a_move_that_was_not_made_at_first_is_made_and_heard_once(board: Board) -> None:
    board.store.fault = StoreBusy()
    board.act(Action.FORCE_CLOSE)

    assert board.signals == [Signal.FORCED_CLOSED]


def test_an_operator_wins_over_a_fleet_that_moves_the_circuit_meanwhile(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = board.store.save

    def save_after_the_fleet(circuit: Circuit, *, instead_of: Circuit) -> Circuit:
        monkeypatch.undo()
        other = instead_of.forced(Signal.FORCED_CLOSED, NOON, "cli_other", "another drill")
        save(other, instead_of=instead_of)
        return save(circuit, instead_of=instead_of)

    monkeypatch.setattr(board.store, "save", save_after_the_fleet)
    forced = board.act(Action.FORCE_OPEN)

    assert forced == board.stored
    assert forced.transition is not None
    assert (forced.state, forced.transition.number) == (CircuitState.FORCED_OPEN, 2)
    assert board.signals == [Signal.FORCED_OPEN]


@pytest.mark.parametrize("name", ["", "wallets", "wallet/eu"])
def test_a_circuit_that_does_not_exist_is_neither_shown_nor_moved(board: Board, name: str) -> None:
    with pytest.raises(ObjectNotFound):
        board.switchboard.circuit(name)
    with pytest.raises(ObjectNotFound):
        board.switchboard.act(name, Action.FORCE_OPEN, by="cli_ops", reason="a drill")

    assert board.store.write_count == 0
