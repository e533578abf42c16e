"""TLS in front of a server that has none, as a managed one has it."""

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Terminator(socketserver.ThreadingTCPServer):
    """Passes on what comes in over TLS.

    Attributes:
        passed_count: How many connections got through their handshake.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, proof: ssl.SSLContext, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.proof = proof
        self.behind = port
        self.passed_count = 0

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port


class _Connection(socketserver.BaseRequestHandler):
    server: Terminator

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # Whoever does not trust us hangs up.
            self._pass_on()

    def _pass_on(self) -> None:
        with self.server.proof.wrap_socket(self.request, server_side=True) as outer:
            # One that does not trust a certificate of TLS 1.3 says so after the handshake.
            first = outer.recv(1 << 16)
            if not first:
                return
            self.server.passed_count += 1
            with socket.create_connection(("127.0.0.1", self.server.behind)) as inner:
                inner.sendall(first)
                back = threading.Thread(target=_pump, args=(inner, outer), daemon=True)
                back.start()
                _pump(outer, inner)
                inner.shutdown(socket.SHUT_RDWR)
                back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)


@contextmanager
def terminating(proof: ssl.SSLContext, port: int) -> Iterator[Terminator]:
    with Terminator(proof, port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
