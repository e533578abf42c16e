"""One Lambda function, in processes of its own. A script: it runs without any site-packages.

A template process imports the function once and then forks one environment for each caller at a
time, so a burst of callers costs one import instead of fifty. The template is asked over a socket
(one byte with the caller's channel attached); an environment answers JSON lines on its channel.
"""

import contextlib
import gc
import importlib
import io
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

Handler = Callable[[Any, Any], Any]


class Log(io.TextIOBase):
    """What a function prints: a line at a time to whoever asked, or to the emulator's log."""

    def __init__(self) -> None:
        self._send: Callable[[str], None] = self._to_emulator
        self._line = ""

    def send_to(self, send: Callable[[str], None]) -> None:
        self._send = send

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._line += text
        if "\n" in text:
            lines, _, self._line = self._line.rpartition("\n")
            self._send(lines)
        return len(text)

    def end(self) -> None:
        if self._line:
            self._send(self._line)
            self._line = ""

    def _to_emulator(self, lines: str) -> None:
        os.write(2, f"{lines}\n".encode())


class Context:
    """The second argument of a handler; the names are Lambda's."""

    identity = None
    client_context = None

    def __init__(self, message: dict[str, Any], *, deadline_at: float) -> None:
        self.aws_request_id = message["requestId"]
        self.invoked_function_arn = message["functionArn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline_at = deadline_at

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline_at - time.monotonic()) * 1000))


class Environment:
    """Answers one caller at a time until the channel closes."""

    def __init__(self, channel: socket.socket, handler: Handler, log: Log) -> None:
        self._handler = handler
        self._log = log
        self._questions = channel.makefile("r", encoding="utf-8")
        self._answers = channel.makefile("w", encoding="utf-8")
        log.send_to(lambda lines: self._answer(log=lines))

    def serve(self) -> None:
        self._answer(pid=os.getpid())
        for line in self._questions:
            self._invoke(json.loads(line))

    def _invoke(self, message: dict[str, Any]) -> None:
        self._answer(begun=True)
        deadline_at = time.monotonic() + message["timeoutS"]
        if message["traceId"]:
            os.environ["_X_AMZN_TRACE_ID"] = message["traceId"]
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            result = self._handler(message["event"], Context(message, deadline_at=deadline_at))
            answer = json.dumps({"result": result})
        except Exception as error:  # Lambda reports whatever a handler raises.
            answer = json.dumps({"error": described(error)})
        self._log.end()
        self._write(answer)

    def _answer(self, **fields: Any) -> None:
        self._write(json.dumps(fields))

    def _write(self, line: str) -> None:
        self._answers.write(f"{line}\n")
        self._answers.flush()


def described(error: BaseException) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


def load(start: dict[str, Any]) -> Handler:
    os.environ.clear()
    os.environ.update(start["environment"])
    time.tzset()
    # Lambda looks in the function before its layers; the script's own folder is no part of it.
    sys.path[:0] = start["path"]
    module, _, name = start["handler"].rpartition(".")
    handler: Handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    return handler


def fork_for_callers(control: socket.socket, handler: Handler, log: Log) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Nobody waits for an environment that ended.
    gc.collect()
    gc.freeze()  # Collections in the environments leave the shared pages shared.
    while True:
        asked, channels, _, _ = socket.recv_fds(control, 1, 1)
        if not asked:
            return
        if os.fork() == 0:
            control.close()
            become_environment(channels[0], handler, log)
        os.close(channels[0])


def become_environment(channel: int, handler: Handler, log: Log) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ["AWS_LAMBDA_LOG_STREAM_NAME"] = f"[$LATEST]{os.urandom(16).hex()}"
    # The emulator is gone when its end breaks: there is nobody left to tell.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        Environment(socket.socket(fileno=channel), handler, log).serve()
    os._exit(0)


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    start = json.load(sys.stdin)
    log = Log()
    sys.stdout = sys.stderr = log
    try:
        handler = load(start)
        answer: dict[str, Any] = {"ready": True}
    except BaseException as error:  # An import may even exit.
        answer = {"error": described(error)}
    log.end()
    control.sendall(f"{json.dumps(answer)}\n".encode())
    if "error" not in answer:
        fork_for_callers(control, handler, log)


if __name__ == "__main__":
    main()
