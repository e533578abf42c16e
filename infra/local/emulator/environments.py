"""One execution environment, with the face of a MiniStack worker so that its pool can lease it."""

import threading
import time
from typing import Any

from infra.local.emulator.channel import Channel, EnvironmentDied
from infra.local.emulator.templates import InitFailed, Launch, Template, Templates

Answer = dict[str, Any]


class Environment:
    # The pool would end a process of its own here; ours is ended by `_discard_tmpdir`.
    _proc = None

    def __init__(self, config: dict[str, Any], launch: Launch, templates: Templates) -> None:
        self.config = config
        self.in_use = False
        self.last_used = time.time()
        self._launch = launch
        self._templates = templates
        self._template: Template | None = None
        self._channel: Channel | None = None
        self._lock = threading.Lock()
        self._is_retired = False

    def invoke(
        self,
        event: object,
        request_id: str,
        *,
        trace_id: str | None = None,
        invoked_function_arn: str | None = None,
        **_unused: object,
    ) -> Answer:
        question = {
            "event": event,
            "requestId": request_id,
            "functionArn": invoked_function_arn or self.config["FunctionArn"],
            "traceId": trace_id,
            "timeoutS": int(self.config.get("Timeout") or 3),
        }
        with self._lock:
            answer = self._ask(question)
        self._end_if_retired()
        return answer

    def kill(self) -> None:
        self._discard_tmpdir()

    def _discard_tmpdir(self) -> None:
        """The pool is done with it: it ends, but not in the middle of an answer."""
        self._is_retired = True
        self._end_if_retired()

    def _ask(self, question: dict[str, Any]) -> Answer:
        timeout_s = question["timeoutS"]
        is_cold = self._channel is None or not self._channel.is_open()
        try:
            answer, printed = self._asked(question, timeout_s)
        except TimeoutError as timeout:
            self._kill()
            # MiniStack knows a timeout by these words.
            return _failed(f"Task timed out after {timeout_s}.00 seconds", printed=str(timeout))
        except (InitFailed, EnvironmentDied) as failure:
            self._kill()
            return _failed(str(failure))
        if "error" in answer:
            return _raised(answer["error"], printed=printed)
        return {
            "status": "ok",
            "result": answer["result"],
            "log": printed,
            "cold_start": is_cold,
        }

    def _asked(self, question: dict[str, Any], timeout_s: int) -> tuple[Answer, str]:
        try:
            return self._open_channel().ask(question, time_s_max=timeout_s)
        except EnvironmentDied as died:
            if died.has_begun:
                raise
            # It was killed while it waited, so nothing has happened yet.
            self._kill()
            return self._open_channel().ask(question, time_s_max=timeout_s)

    def _open_channel(self) -> Channel:
        if self._channel is None or not self._channel.is_open():
            self._template = self._template or self._templates.lease(self._launch)
            self._channel = self._template.fork()
        return self._channel

    def _kill(self) -> None:
        if self._channel is not None:
            self._channel.kill()
            self._channel = None

    def _end_if_retired(self) -> None:
        # Whoever holds the lock comes by here once the answer is there.
        if self._is_retired and self._lock.acquire(blocking=False):
            if self._channel is not None:
                self._channel.close()
                self._channel = None
            if self._template is not None:
                self._templates.release(self._template)
                self._template = None
            self._lock.release()


def _raised(error: dict[str, Any], *, printed: str) -> Answer:
    last = f"{error['errorType']}: {error['errorMessage']}"
    trace = "".join([*error["stackTrace"], last])
    return _failed(error["errorMessage"], printed=printed, trace=trace)


def _failed(message: str, *, printed: str = "", trace: str = "") -> Answer:
    return {"status": "error", "error": message, "log": printed, "trace": trace or message}
