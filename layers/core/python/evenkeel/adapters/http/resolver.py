"""What a name stands for, asked once, within bounded time."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Thread


def addresses_of(host: str, port: int, timeout_s: float) -> Sequence[str]:
    """Return every address of the host, in the order of preference.

    Raises:
        OSError: There is none, or no server to ask.
        TimeoutError: The servers that were asked take their time.
    """
    found: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()
    # The resolver of the C library cannot be told how long to try. A thread that it keeps waiting
    # is left to itself.
    Thread(target=lambda: found.put(_resolved(host, port)), daemon=True).start()
    try:
        answer = found.get(timeout=max(0.0, timeout_s))
    except Empty as error:
        raise TimeoutError from error
    if isinstance(answer, OSError):
        raise answer
    return answer


def _resolved(host: str, port: int) -> Sequence[str] | OSError:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return error
    except UnicodeError as error:  # Of a label that is too long for its encoding.
        return OSError(str(error))
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
