"""The emulator's end of the socket to one environment: JSON lines, and a deadline for each."""

import contextlib
import json
import os
import signal
import socket
import time
from typing import Any


class EnvironmentDied(RuntimeError):
    """The process ended before it answered; it may have begun to work on the question."""

    def __init__(self, *, has_begun: bool) -> None:
        super().__init__("Runtime exited without providing a reason")
        self.has_begun = has_begun


ANSWERS = {"result", "error"}


class Channel:
    def __init__(self, end: socket.socket, *, hello_time_s_max: float = 10.0) -> None:
        self._end = end
        self._read = b""
        try:
            self._pid = int(self._line(time.monotonic() + hello_time_s_max)["pid"])
        except OSError as error:
            end.close()
            raise EnvironmentDied(has_begun=False) from error

    def ask(self, question: dict[str, Any], *, time_s_max: float) -> tuple[dict[str, Any], str]:
        """The answer, and what was printed until then; a TimeoutError has that in `args[0]`."""
        deadline_at = time.monotonic() + time_s_max
        has_begun = False
        printed: list[str] = []
        try:
            self._end.settimeout(time_s_max)
            self._end.sendall(f"{json.dumps(question)}\n".encode())
            while not ANSWERS & (line := self._line(deadline_at)).keys():
                has_begun = has_begun or "begun" in line
                printed += [line["log"]] if "log" in line else []
        except TimeoutError:
            raise TimeoutError("\n".join(printed)) from None
        except OSError as error:
            raise EnvironmentDied(has_begun=has_begun) from error
        return line, "\n".join(printed)

    def is_open(self) -> bool:
        try:
            self._end.settimeout(0)
            return self._end.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """An environment that waits for a question ends now, a busy one after its answer."""
        self._end.close()

    def kill(self) -> None:
        # While the channel is open the process is there, so its number is nobody else's.
        if self.is_open():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        self.close()

    def _line(self, deadline_at: float) -> dict[str, Any]:
        while b"\n" not in self._read:
            self._end.settimeout(max(0.001, deadline_at - time.monotonic()))
            more = self._end.recv(1 << 16)
            if not more:
                raise ConnectionError
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer
