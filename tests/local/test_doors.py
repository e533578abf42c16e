"""Who waits at a door, and for how long."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from infra.local.emulator.doors import WAIT_S_MAX, WAITING_COUNT_MAX, Door
from tests.emulator import Emulator
from tests.local.functions import Function, Invoked, api_of, deployed

SLEEPS = """
import os, time
def handler(event, context):
    time.sleep(float(os.environ["BUSY_S"]))
    return {"statusCode": 200, "body": "done"}
"""


@dataclass
class Room:
    """Holds so many, and says who entered."""

    places: int = 1
    entered: list[str] = field(default_factory=list)

    def try_to_enter(self, who: str) -> bool:
        if self.places == 0:
            return False
        self.places -= 1
        self.entered.append(who)
        return True

    def leave(self, door: Door) -> None:
        self.places += 1
        door.somebody_left()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as threads:
        yield threads


def enter(door: Door, room: Room, who: str, wait_s_max: float = 10) -> bool:
    return door.enter(lambda: room.try_to_enter(who), wait_s_max=wait_s_max)


def queue(
    pool: ThreadPoolExecutor,
    door: Door,
    room: Room,
    who: str,
    ahead: int,
    wait_s_max: float = 10,
) -> Future[bool]:
    asked = pool.submit(enter, door, room, who, wait_s_max)
    while door.waiting_count <= ahead:
        threading.Event().wait(0.001)
    return asked


def test_those_who_wait_enter_in_the_order_of_their_coming(pool: ThreadPoolExecutor) -> None:
    door, room = Door(), Room()
    assert enter(door, room, "first")
    waiting = [queue(pool, door, room, who, ahead) for ahead, who in enumerate(("b", "c", "d"))]

    for asked in waiting:
        room.leave(door)
        assert asked.result(timeout=60)

    assert room.entered == ["first", "b", "c", "d"]


def test_nobody_enters_before_those_who_wait(pool: ThreadPoolExecutor) -> None:
    door, room = Door(), Room()
    enter(door, room, "first")
    waiting = queue(pool, door, room, "patient", 0)

    room.places = 1  # Free, and the one who waits has not been told yet.
    late = queue(pool, door, room, "late", 1)
    door.somebody_left()

    assert waiting.result(timeout=60)
    room.leave(door)
    assert late.result(timeout=60)
    assert room.entered == ["first", "patient", "late"]


def test_several_free_places_are_all_taken(pool: ThreadPoolExecutor) -> None:
    door, room = Door(), Room(places=0)
    waiting = [queue(pool, door, room, str(ahead), ahead) for ahead in range(3)]

    room.places = 3
    door.somebody_left()

    assert all(asked.result(timeout=60) for asked in waiting)


def test_whoever_waits_too_long_is_refused() -> None:
    assert not enter(Door(), Room(places=0), "late", wait_s_max=0.01)


def test_one_who_gave_up_does_not_stop_the_next(pool: ThreadPoolExecutor) -> None:
    door, room = Door(), Room(places=0)
    gives_up = queue(pool, door, room, "gives up", 0, wait_s_max=0.2)
    assert not gives_up.result(timeout=60)

    stays = queue(pool, door, room, "stays", 0)
    room.leave(door)

    assert stays.result(timeout=60)


def test_one_who_gives_up_in_the_middle_does_not_stop_those_behind(
    pool: ThreadPoolExecutor,
) -> None:
    door, room = Door(), Room(places=0)
    first = queue(pool, door, room, "first", 0)
    gives_up = queue(pool, door, room, "gives up", 1, wait_s_max=0.2)
    last = queue(pool, door, room, "last", 2)
    assert not gives_up.result(timeout=60)

    for asked in (first, last):
        room.leave(door)
        assert asked.result(timeout=60)

    assert room.entered == ["first", "last"]


def test_a_line_that_is_too_long_refuses_at_once(pool: ThreadPoolExecutor) -> None:
    door, room = Door(waiting_count_max=1), Room(places=0)
    waiting = queue(pool, door, room, "first in line", 0)

    assert not enter(door, room, "second in line")

    room.leave(door)
    assert waiting.result(timeout=60)


class TestReservedConcurrency:
    def test_callers_above_it_wait(self, emulator: Emulator) -> None:
        errors = burst(reserved(emulator, 1), caller_count=3)

        assert errors == []

    def test_who_invokes_is_refused_before_its_own_patience_ends(self, emulator: Emulator) -> None:
        function = reserved(emulator, 1, busy_s=WAIT_S_MAX + 1)

        errors = burst(function, caller_count=2)

        assert errors == ["TooManyRequestsException"]

    def test_a_client_of_the_api_waits_longer(self, emulator: Emulator) -> None:
        api = api_of(reserved(emulator, 1, busy_s=WAIT_S_MAX + 1))

        with ThreadPoolExecutor() as callers:
            answers = list(callers.map(lambda _: api.get("/thing"), range(2)))

        assert [answer.status for answer in answers] == [200, 200]

    def test_bare_they_are_refused(self, bare_emulator: Emulator) -> None:
        errors = burst(reserved(bare_emulator, 1), caller_count=4)

        assert errors == ["TooManyRequestsException"] * 3

    def test_more_than_the_line_holds_are_refused_at_once(self, emulator: Emulator) -> None:
        # Long enough for all of them to come while those who are in are still at work.
        api = api_of(reserved(emulator, 4, busy_s=5))
        caller_count = WAITING_COUNT_MAX + 4 + 10
        statuses: list[int] = []

        with ThreadPoolExecutor(caller_count) as callers:
            for _ in range(caller_count):
                callers.submit(lambda: statuses.append(api.get("/thing").status))

        # In the order of their answers: later ones may have lost their patience in the line.
        assert statuses[:10] == [429] * 10
        assert set(statuses) == {200, 429}

    def test_zero_switches_a_function_off_at_once(self, emulator: Emulator) -> None:
        function = reserved(emulator, 0)

        def refused_s() -> float:
            began_at = time.perf_counter()
            assert burst(function, caller_count=2) == ["TooManyRequestsException"] * 2
            return time.perf_counter() - began_at

        # It is what can be that counts: neighbours on the same core take time too.
        assert min(refused_s() for _ in range(5)) < WAIT_S_MAX


def reserved(emulator: Emulator, count: int, *, busy_s: float = 0.3) -> Function:
    function = deployed(emulator, SLEEPS, environment={"BUSY_S": str(busy_s)})
    function.reserve(count)
    return function


def burst(function: Function, *, caller_count: int) -> list[str]:
    """The errors that the callers got."""
    exceptions = function.emulator.client("lambda").exceptions

    def call() -> Invoked | str:
        try:
            return function.invoke()
        except exceptions.TooManyRequestsException as refused:
            return str(refused.response["Error"]["Code"])

    with ThreadPoolExecutor(caller_count) as callers:
        answers = [asked.result() for asked in [callers.submit(call) for _ in range(caller_count)]]
    return [answer for answer in answers if isinstance(answer, str)]
