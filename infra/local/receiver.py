"""A client's webhook on this machine: takes what comes, if it is signed, and keeps it."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

SECRET_MARK = "whsec_"  # noqa: S105 - it is what comes before every secret.


@dataclass
class Receiver:
    """What has arrived.

    Attributes:
        secret: As it was shown when the webhook was registered.
        events: By their id: one that comes again is the same one.
        unsigned_count: How many came without a signature that is right.
    """

    url: str
    secret: str = ""
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    unsigned_count: int = 0

    def about(self, object_id: str) -> list[dict[str, Any]]:
        """Return the events of one object in the order of its versions."""
        its = [event for event in self.events.values() if event["data"].get("id") == object_id]
        return sorted(its, key=lambda event: event["version"])

    def take(self, headers: Any, body: bytes) -> None:
        if not self._is_signed(headers, body):
            self.unsigned_count += 1
            return
        event = json.loads(body)
        self.events[event["id"]] = event

    def _is_signed(self, headers: Any, body: bytes) -> bool:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = b64decode(self.secret.removeprefix(SECRET_MARK))
        right = b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        given = str(headers["webhook-signature"]).split()
        return any(hmac.compare_digest(each, f"v1,{right}") for each in given)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen on a free port of this machine for as long as the block lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/webhooks")
        server.RequestHandlerClass = _handler_of(receiver)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def _handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self.headers, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet: the story is told by others."""

    return Handler
