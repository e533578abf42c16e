"""A line between the payments function and Lambda that can be slower than anybody's patience.

It is put in by the variable with which botocore finds Lambda, so nothing in the
functions knows of it. Nothing is measured by the clock: the line sees the caller
hang up, and goes on after that.
"""

from __future__ import annotations

import json
import select
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import Request, urlopen

from infra.local import aws
from tests.stack import Stack

CALLER = "payments_api"
VARIABLE = "AWS_ENDPOINT_URL_LAMBDA"

# A caller hangs up after 6.5 s; this is for a test that would otherwise never end.
PATIENCE_S_MAX = 60.0


class Slow(Enum):
    REQUEST = "the wallets are asked when the caller has hung up"
    ANSWER = "the wallets answer in time, and the caller has hung up before it arrives"


class SlowLine:
    """Passes invokes on; those for some wallets only as slowly as it is told.

    Attributes:
        slow: How, by the wallet that is to be debited.
        late: What the wallets have answered to callers that had hung up, by wallet.
    """

    def __init__(self, lambda_url: str) -> None:
        self.slow: dict[str, Slow] = {}
        self.late: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._lambda_url = lambda_url
        line = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                line.pass_on(self)

            def log_message(self, *_: object) -> None:
                """It has nothing to say."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def open(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def pass_on(self, call: BaseHTTPRequestHandler) -> None:
        body = call.rfile.read(int(call.headers["Content-Length"]))
        wallet_id = json.loads(body)["walletId"]
        slow = self.slow.get(wallet_id)
        if slow is Slow.REQUEST:
            _wait_until_hung_up(call.connection)
        status, headers, answer = self._asked(call.path, call.headers, body)
        if slow is Slow.ANSWER:
            _wait_until_hung_up(call.connection)
        if slow is not None:
            self.late[wallet_id].append(json.loads(answer))
            return
        call.send_response(status)
        for name, value in headers.items():
            call.send_header(name, value)
        call.end_headers()
        call.wfile.write(answer)

    def _asked(self, path: str, headers: Message, body: bytes) -> tuple[int, dict[str, str], bytes]:
        url = f"{self._lambda_url}{path}"
        passed = {name: headers[name] for name in ("Authorization", "X-Amz-Date")}
        with urlopen(Request(url, body, passed), timeout=PATIENCE_S_MAX) as response:  # noqa: S310 - ours.
            raw: bytes = response.read()
            function_error = response.headers.get("X-Amz-Function-Error")
            said = {"X-Amz-Function-Error": function_error} if function_error else {}
            return response.status, {**said, "Content-Length": str(len(raw))}, raw


@contextmanager
def slow_line(stack: Stack) -> Iterator[SlowLine]:
    """Have the payments function reach Lambda by such a line, until the end of the block."""
    client = aws.client("lambda", stack["awsEndpointUrl"])
    name = stack["functions"][CALLER]
    before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    line = SlowLine(stack["awsEndpointUrl"])
    with line.open():
        _tell(client, name, {**before, VARIABLE: line.url})
        try:
            yield line
        finally:
            _tell(client, name, before)


def _tell(client: Any, name: str, variables: Mapping[str, str]) -> None:
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def _wait_until_hung_up(connection: socket.socket) -> None:
    readable, _, _ = select.select([connection], [], [], PATIENCE_S_MAX)
    assert readable, "the caller has not hung up"
    assert connection.recv(1, socket.MSG_PEEK) == b"", "the caller goes on talking"
