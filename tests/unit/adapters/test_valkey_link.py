"""A connection is used while it is young, in use and beyond doubt, and then never again."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError
from valkey.exceptions import ReadOnlyError, TimeoutError, ValkeyClusterException

from evenkeel.adapters.valkey.link import AGE_S_MAX, IDLE_S_MAX, Link
from evenkeel.adapters.valkey.script import Commands
from evenkeel.errors import WindowsUnavailable
from evenkeel.screening.patience import AWAY_S, Patience
from tests.fakes.clock import ManualSeconds

ERRORS = [
    TimeoutError("too late"),
    ReadOnlyError("a replica by now"),
    ValkeyClusterException("no slot"),
    OSError("reset"),
    NoCredentialsError(),
    KeyError("a bug of the library's"),
]


@dataclass
class Client:
    number: int
    is_closed: bool = False

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if isinstance(args[0], Exception):
            raise args[0]
        return self.number

    def close(self) -> None:
        self.is_closed = True
        raise OSError("it was gone already")


@dataclass
class Server:
    clients: list[Client] = field(default_factory=list)
    failure: Exception | None = None

    def connect(self) -> Client:
        if self.failure is not None:
            raise self.failure
        self.clients.append(Client(len(self.clients) + 1))
        return self.clients[-1]


@dataclass
class Caller:
    server: Server = field(default_factory=Server)
    wall: ManualSeconds = field(default_factory=lambda: ManualSeconds(1_800_000_000.0))
    elapsed: ManualSeconds = field(default_factory=ManualSeconds)

    def __post_init__(self) -> None:
        self.link = Link(self.server.connect, Patience(self.elapsed), self.wall)

    def ask(self, question: object = "which client") -> int:
        """Return the number of the client that was asked."""

        def asked(commands: Commands) -> int:
            number: int = commands.execute_command(question)
            return number

        return self.link.ask(asked)


@pytest.fixture
def caller() -> Caller:
    return Caller()


def test_nobody_connects_before_there_is_a_question(caller: Caller) -> None:
    assert caller.server.clients == []


def test_one_connection_serves_all_questions(caller: Caller) -> None:
    assert [caller.ask() for _ in range(5)] == [1] * 5


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_after_any_error_the_next_question_has_a_new_connection(
    caller: Caller, error: Exception
) -> None:
    caller.ask()

    with pytest.raises(WindowsUnavailable):
        caller.ask(error)

    assert caller.server.clients[0].is_closed
    caller.elapsed.now_s += AWAY_S
    assert caller.ask() == 2


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_whoever_cannot_connect_has_no_answer(caller: Caller, error: Exception) -> None:
    caller.server.failure = error
    with pytest.raises(WindowsUnavailable):
        caller.ask()

    caller.server.failure = None
    caller.elapsed.now_s += AWAY_S
    assert caller.ask() == 1


def test_while_it_is_left_alone_nobody_connects(caller: Caller) -> None:
    with pytest.raises(WindowsUnavailable):
        caller.ask(OSError())
    caller.elapsed.now_s += AWAY_S / 2

    with pytest.raises(WindowsUnavailable):
        caller.ask()

    assert len(caller.server.clients) == 1


def test_a_connection_is_made_anew_before_it_is_cut_for_its_age(caller: Caller) -> None:
    began_s = caller.wall.now_s
    numbers = []
    while caller.wall.now_s < began_s + AGE_S_MAX + 2 * IDLE_S_MAX:
        numbers.append((caller.wall.now_s - began_s < AGE_S_MAX, caller.ask()))
        caller.wall.now_s += IDLE_S_MAX - 1

    assert AGE_S_MAX < 12 * 3600
    assert set(numbers) == {(True, 1), (False, 2)}
    assert [client.is_closed for client in caller.server.clients] == [True, False]


def test_a_connection_that_nobody_has_used_for_long_is_not_trusted(caller: Caller) -> None:
    caller.ask()

    caller.wall.now_s += IDLE_S_MAX - 1
    assert caller.ask() == 1
    caller.wall.now_s += IDLE_S_MAX
    assert caller.ask() == 2


def test_a_clock_that_was_set_back_keeps_no_connection_for_ever(caller: Caller) -> None:
    caller.ask()
    caller.wall.now_s -= 1

    assert caller.ask() == 2
