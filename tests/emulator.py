"""The fixture `emulator`: a MiniStack of this test process, without any stack in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.local.ministack import ACCOUNT, REGION, MiniStack
from infra.local.paths import StackFolder
from infra.local.processes import kill_marked
from infra.local.tools import build_emulator


@dataclass(frozen=True)
class Emulator:
    server: MiniStack
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def environment(self) -> dict[str, str]:
        """For code that finds AWS by its variables."""
        return {
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_S3": self.url,
        }

    def client(self, service: str) -> Any:
        from infra.local import aws  # noqa: PLC0415 - Most tests need no boto3.

        if service not in self._clients:
            self._clients[service] = aws.client(service, self.url)
        return self._clients[service]

    def reset(self) -> None:
        """Forget all tables, functions and everything else."""
        self.server.reset()


@contextmanager
def started(name: str, *, is_bare: bool = False) -> Iterator[Emulator]:
    build_emulator()
    files = StackFolder(f"{name}-{os.getpid()}")
    files.make()
    server = MiniStack.start(files, is_bare=is_bare)
    try:
        yield Emulator(server)
    finally:
        server.child.stop()
        kill_marked(files.folder)
        shutil.rmtree(files.folder)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """One for each test process, so for each xdist worker: `emulator.reset()` to begin anew."""
    with started("test") as server:
        yield server
