"""A connection that ends at a deadline, however slowly the other side drips."""

from __future__ import annotations

import io
import socket
from http.client import HTTPException
from typing import Any

from evenkeel.clock import Deadline

# Of status line and headers; no body is waited for. Nobody who answers needs more.
ANSWER_BYTES_MAX = 64 * 1024


class AnswerTooLarge(HTTPException):
    pass


class Wire:
    """What `http.client` takes for a socket.

    A socket's own timeout is for each call, so a byte a second keeps it open for hours.
    """

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._socket = connection
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        assert mode == "rb"
        return io.BufferedReader(_Answer(self._socket, self._deadline))

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._socket.settimeout(seconds_left(self._deadline))
            rest = rest[self._socket.send(rest) :]

    def close(self) -> None:
        self._socket.close()


class _Answer(io.RawIOBase):
    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._socket = connection
        self._deadline = deadline
        self._left_bytes = ANSWER_BYTES_MAX

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left_bytes <= 0:
            raise AnswerTooLarge
        self._socket.settimeout(seconds_left(self._deadline))
        count = self._socket.recv_into(memoryview(buffer))
        self._left_bytes -= count
        return count


def seconds_left(deadline: Deadline) -> float:
    """Return what is left, to be a socket's timeout.

    Raises:
        TimeoutError: Nothing is left.
    """
    left_s = deadline.remaining_s
    if left_s <= 0:  # As a timeout it would mean not to wait, and less would be no timeout.
        raise TimeoutError
    return left_s
