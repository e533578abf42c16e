"""A Valkey that answers every question with the same words, and says what it was asked."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase

SLOTS = "*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:{port}\r\n$40\r\n{id}\r\n"


class ScriptedValkey(socketserver.ThreadingTCPServer):
    """It claims to be the whole of a cluster too, if somebody asks.

    Attributes:
        answer: As it goes over the wire; None for a connection that is closed instead.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: bytes | None) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.answer = answer
        self.asked: list[bytes] = []

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port

    @property
    def slots(self) -> bytes:
        return SLOTS.format(port=self.port, id="a" * 40).encode()


class _Connection(socketserver.StreamRequestHandler):
    server: ScriptedValkey

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while command := _read(self.rfile):
            if command[0] == b"CLUSTER":
                self.wfile.write(self.server.slots)
                continue
            self.server.asked.append(command[0])
            if self.server.answer is None:
                return
            self.wfile.write(self.server.answer)


def _read(stream: BufferedIOBase) -> list[bytes]:
    count = int(stream.readline()[1:] or 0)
    return [stream.read(int(stream.readline()[1:]) + 2)[:-2] for _ in range(count)]


@contextmanager
def answering(answer: bytes | None) -> Iterator[ScriptedValkey]:
    with ScriptedValkey(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
