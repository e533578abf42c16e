"""The connection to Valkey: made when it is needed, and dropped as soon as it is in doubt."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from evenkeel.adapters.valkey.script import Commands
from evenkeel.errors import WindowsUnavailable
from evenkeel.screening.patience import Patience

Answer = TypeVar("Answer")

# ElastiCache cuts a connection of an IAM user after twelve hours, in the middle of whatever.
AGE_S_MAX = 11 * 3600.0
# What stands between forgets a connection that nobody has used for some minutes.
IDLE_S_MAX = 240.0


class Client(Commands, Protocol):
    def close(self) -> None: ...


@dataclass(slots=True)
class Link:
    """Whatever goes wrong is one error to those who ask.

    A connection that has failed is not used again: the answer to an earlier question
    might still arrive on it, and its server may no longer be the one that takes writes.

    Attributes:
        connect: Makes a client that is connected.
        clock_s: On the wall, since another one stands still while Lambda has us frozen.
    """

    connect: Callable[[], Client]
    patience: Patience
    clock_s: Callable[[], float]
    _client: Client | None = None
    _since_s: float = field(default=0.0)
    _used_s: float = field(default=0.0)

    def ask(self, question: Callable[[Commands], Answer]) -> Answer:
        """Ask, and return the answer.

        Raises:
            WindowsUnavailable: There was none in time, or nobody was asked.
        """
        return self.patience.call(lambda: self._asked(question))

    def _asked(self, question: Callable[[Commands], Answer]) -> Answer:
        try:
            return question(self._current())
        except Exception as error:  # The library and what it stands on raise a dozen kinds.
            self._drop()
            raise WindowsUnavailable(f"no answer: {error!r}") from error

    def _current(self) -> Client:
        now_s = self.clock_s()
        if not self._is_fresh(now_s):
            self._drop()
        if self._client is None:
            self._client, self._since_s = self.connect(), now_s
        self._used_s = now_s
        return self._client

    def _is_fresh(self, now_s: float) -> bool:
        is_young = 0 <= now_s - self._since_s < AGE_S_MAX
        is_in_use = 0 <= now_s - self._used_s < IDLE_S_MAX
        return is_young and is_in_use

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                client.close()
