"""Callers of a busy function wait in line for a while, instead of being sent away at once."""

import importlib
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

# Nested in the timeouts of whoever invokes: the wallets' function ends 5 s after it has begun, and
# payments hear from it within 6.5 s or call the outcome unknown.
WAIT_S_MAX = 1.3

# Clients of the API wait for imports, which on two cores take seconds while fifty of them call.
CLIENT_WAIT_S_MAX = 8.0

WAITING_COUNT_MAX = 64

_wait_s_max = ContextVar("_wait_s_max", default=WAIT_S_MAX)


@contextmanager
def waiting_as_a_client() -> Iterator[None]:
    token = _wait_s_max.set(CLIENT_WAIT_S_MAX)
    try:
        yield
    finally:
        _wait_s_max.reset(token)


class Door:
    """First come, first served. Whoever finds the line too long, or waits too long, is refused."""

    def __init__(self, *, waiting_count_max: int = WAITING_COUNT_MAX) -> None:
        self._waiting_count_max = waiting_count_max
        self._lock = threading.Lock()
        self._line: deque[threading.Event] = deque()

    @property
    def waiting_count(self) -> int:
        return len(self._line)

    def enter(self, try_to_enter: Callable[[], bool], *, wait_s_max: float) -> bool:
        with self._lock:
            if not self._line and try_to_enter():
                return True
            if len(self._line) >= self._waiting_count_max:
                return False
            turn = threading.Event()
            self._line.append(turn)
        return self._wait(turn, try_to_enter, time.monotonic() + wait_s_max)

    def somebody_left(self) -> None:
        with self._lock:
            self._call_next()

    def _wait(
        self, turn: threading.Event, try_to_enter: Callable[[], bool], deadline_at: float
    ) -> bool:
        while True:
            is_called = turn.wait(deadline_at - time.monotonic())
            with self._lock:
                has_entered = self._line[0] is turn and try_to_enter()
                if has_entered or not is_called:
                    self._line.remove(turn)
                    self._call_next()
                    return has_entered
                turn.clear()

    def _call_next(self) -> None:
        if self._line:
            self._line[0].set()


def let_callers_wait() -> None:
    """Queue for reserved concurrency, which MiniStack refuses at once, as AWS does.

    On AWS the limit is in the hundreds, here it is what two cores can run: callers that AWS would
    serve must not be refused. Without any limit fifty callers are fifty processes, and a hundred
    with nested invokes. A function whose limit is 0 is switched off: that is refused at once.
    """
    lambda_svc: Any = importlib.import_module("ministack.services.lambda_svc")
    acquire: Callable[[Any, Any], tuple[str | None, str | None]]
    acquire, release = lambda_svc._acquire_execution_slot, lambda_svc._release_execution_slot
    doors: defaultdict[str, Door] = defaultdict(Door)

    def acquire_in_turn(func: Any, config: Any) -> tuple[str | None, str | None]:
        if lambda_svc._reserved_concurrency(func, config) == 0:
            return acquire(func, config)
        slot: list[str | None] = [None]

        def try_to_enter() -> bool:
            slot[0], _ = acquire(func, config)
            return slot[0] is not None

        if doors[lambda_svc._inflight_key(config)].enter(
            try_to_enter, wait_s_max=_wait_s_max.get()
        ):
            return slot[0], None
        # The limit of this machine, and so of the account: `gateway.py` makes it a 429.
        return None, "account"

    def release_and_call(key: str) -> None:
        release(key)
        # At every door, for those may be waiting whom the limit of the account keeps out.
        for door in list(doors.values()):
            door.somebody_left()

    lambda_svc._acquire_execution_slot = acquire_in_turn
    lambda_svc._release_execution_slot = release_and_call
