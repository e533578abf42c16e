"""Receivers of webhooks that do as they are told: answer, drip, keep silent, lie."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from threading import Event, Thread

# How often one that drips does; what it is asked for is over much sooner.
DRIP_S = 0.02


@dataclass(frozen=True)
class Received:
    method: str
    target: str
    headers: Mapping[str, str]  # By their names in lower case.
    body: bytes
    at_s: float  # On a clock that never goes back.


@dataclass
class Receiver:
    """A server on loopback.

    Attributes:
        behave: Called with each connection once its request is read.
        tls: How it proves who it is, if it speaks TLS.
        reads: Whether it reads requests, before it behaves.
    """

    behave: Behaviour
    tls: ssl.SSLContext | None = None
    reads: bool = True
    received: list[Received] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)  # That TLS was asked for.
    stopped: Event = field(default_factory=Event)
    connection_count: int = 0
    at_work: list[Thread] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://localhost:{self.port}/hook?from=us"

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # It is over.
            self.connection_count += 1
            thread = Thread(target=self._serve_one, args=(connection,))
            self.at_work.append(thread)
            thread.start()

    def _serve_one(self, connection: socket.socket) -> None:
        # Whatever the other side does to this one, there may be a next.
        with suppress(OSError), connection:
            if self.tls is None:
                self._answer(connection)
                return
            self.tls.sni_callback = lambda _, name, __: self.names.append(name)
            with self.tls.wrap_socket(connection, server_side=True) as secure:
                self._answer(secure)

    def _answer(self, connection: socket.socket) -> None:
        if self.reads:
            self.received.append(_read(connection))
        self.behave(connection, self.stopped)


Behaviour = Callable[[socket.socket, Event], None]


@contextmanager
def receiver(
    behave: Behaviour, tls: ssl.SSLContext | None = None, *, reads: bool = True
) -> Iterator[Receiver]:
    found = Receiver(behave, tls, reads)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found.port = listener.getsockname()[1]
        thread = Thread(target=found.serve, args=(listener,))
        thread.start()
        try:
            yield found
        finally:
            found.stopped.set()
            listener.shutdown(socket.SHUT_RDWR)
            for each in (thread, *found.at_work):
                each.join()


def answer(status: int = 200, headers: str = "", body: str = "ok") -> Behaviour:
    text = f"HTTP/1.1 {status} Said\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}"
    return lambda connection, _: connection.sendall(text.encode())


def raw(text: bytes) -> Behaviour:
    return lambda connection, _: connection.sendall(text)


def silent(_: socket.socket, stopped: Event) -> None:
    stopped.wait()


def drip(text: bytes, forever: bytes = b"x") -> Behaviour:
    """Send the text, and then more of it, byte after byte, as long as somebody listens."""

    def dripping(connection: socket.socket, stopped: Event) -> None:
        connection.sendall(text)
        while not stopped.wait(DRIP_S):
            connection.sendall(forever)

    return dripping


def flood(text: bytes, forever: bytes) -> Behaviour:
    def flooding(connection: socket.socket, stopped: Event) -> None:
        connection.sendall(text)
        while not stopped.is_set():
            connection.sendall(forever)

    return flooding


def _read(connection: socket.socket) -> Received:
    with connection.makefile("rb") as stream:
        method, target, _ = stream.readline().decode().split(" ")
        head = b"".join(iter(stream.readline, b"\r\n"))
        headers = {
            name.lower(): value for name, value in BytesHeaderParser().parsebytes(head).items()
        }
        body = stream.read(int(headers.get("content-length", 0)))
    return Received(method, target, headers, body, time.monotonic())
