"""Processes that have imported a function and fork its environments (`runtime.py` inside)."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.emulator.channel import Channel, EnvironmentDied

RUNTIME = Path(__file__).with_name("runtime.py")

# Lambda's limit is 10 s, on a processor of its own.
INIT_TIME_S_MAX = 30.0


class InitFailed(RuntimeError):
    """The function could not be imported."""


@dataclass(frozen=True)
class Launch:
    """All that an environment is made of: equal ones share a template."""

    handler: str
    path: tuple[str, ...]
    environment: Mapping[str, str]


class Template:
    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self.user_count = 0
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._control: socket.socket | None = None

    def fork(self) -> Channel:
        """A new environment. The first one waits for the import."""
        with self._lock:
            if self._control is not None:
                # It may have been killed, which shows only when it is asked.
                with contextlib.suppress(OSError, EnvironmentDied):
                    return _forked(self._control)
            self._end()
            self._process, self._control = _started(self.launch)
            return _forked(self._control)

    def close(self) -> None:
        """Its environments live on until their own channels close."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._control = None


class Templates:
    """One for each launch, as long as somebody uses it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._templates: list[Template] = []

    def lease(self, launch: Launch) -> Template:
        with self._lock:
            for template in self._templates:
                if template.launch == launch:
                    break
            else:
                template = Template(launch)
                self._templates.append(template)
            template.user_count += 1
            return template

    def release(self, template: Template) -> None:
        with self._lock:
            template.user_count -= 1
            is_over = template.user_count == 0
            if is_over:
                self._templates.remove(template)
        if is_over:
            template.close()


def _forked(control: socket.socket) -> Channel:
    ours, theirs = socket.socketpair()
    with theirs:
        socket.send_fds(control, [b"f"], [theirs.fileno()])
    return Channel(ours)


def _started(launch: Launch) -> tuple[subprocess.Popen[str], socket.socket]:
    ours, theirs = socket.socketpair()
    # Isolated and without site-packages: a function sees the standard library, its layers and
    # itself. What no layer ships is missing here, as it would be on Lambda.
    interpreter = getattr(sys, "_base_executable", sys.executable)
    with theirs:
        process = subprocess.Popen(
            [interpreter, "-I", "-S", str(RUNTIME), str(theirs.fileno())],
            cwd=launch.path[0],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
    try:
        _tell(process, launch)
        error = _first_answer(ours).get("error")
    except OSError as failure:
        error = {"errorType": "Runtime.ExitError", "errorMessage": str(failure)}
    if error is not None:
        ours.close()
        process.kill()
        process.wait()
        message = f"{error['errorType']}: {error['errorMessage']}"
        raise InitFailed(message)
    return process, ours


def _tell(process: subprocess.Popen[str], launch: Launch) -> None:
    assert process.stdin is not None
    start = {
        "handler": launch.handler,
        "path": launch.path,
        "environment": dict(launch.environment),
    }
    with process.stdin as stdin:
        json.dump(start, stdin)


def _first_answer(control: socket.socket) -> dict[str, Any]:
    control.settimeout(INIT_TIME_S_MAX)
    with control.makefile("r", encoding="utf-8") as answers:
        line = answers.readline()
    control.settimeout(None)
    if not line:
        message = "the process ended while it imported the function"
        raise OSError(message)
    answer: dict[str, Any] = json.loads(line)
    return answer
