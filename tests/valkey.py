"""A real Valkey of the tests' own, alone or as a cluster of one."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from valkey import Valkey as ValkeyClient

from evenkeel.adapters.valkey.clients import OPTIONS, Endpoint, OneAttemptCluster
from evenkeel.adapters.valkey.link import Client, Link
from evenkeel.adapters.valkey.windows import ValkeyWindows, server_time
from evenkeel.screening.patience import Patience
from infra.local.paths import StackFolder
from infra.local.tools import build_emulator
from infra.local.valkey import Valkey
from tests.fakes.clock import ManualClock
from tests.local.waiting import soon

SLOT_LAST = 16383


@dataclass(frozen=True)
class Server:
    """A Valkey that a test may ask anything, and ill-treat if it is its own."""

    files: StackFolder
    process: Valkey

    @property
    def address(self) -> str:
        return self.process.address

    def admin(self) -> Any:
        """Return a client that waits for as long as it takes."""
        return ValkeyClient("127.0.0.1", self.process.port)

    def wait_until_it_is_a_cluster(self) -> None:
        assert soon(lambda: b"state:ok" in self.admin().execute_command("CLUSTER", "INFO"))

    def windows(
        self,
        now_us: Callable[[], str] = server_time,
        *,
        elapsed_s: Callable[[], float] = time.monotonic,
        connect: Callable[[], Client] | None = None,
    ) -> ValkeyWindows:
        """Return windows with a connection of their own."""
        link = Link(connect or Endpoint.of(self.address).client, Patience(elapsed_s), time.time)
        return ValkeyWindows(link, now_us)


@contextmanager
def started(name: str, options: Mapping[str, str] | None = None) -> Iterator[Server]:
    build_emulator()
    files = StackFolder(f"test-{name}-{os.getpid()}")
    files.make()
    process = Valkey.start(files, options=options)
    try:
        yield Server(files, process)
    finally:
        process.child.stop()
        files.forget()


@pytest.fixture(scope="session")
def valkey() -> Iterator[Server]:
    """One that tests share, and keep apart in by their clients."""
    with started("vk") as server:
        yield server


@pytest.fixture
def own_valkey() -> Iterator[Server]:
    """One that a test may stop, wipe and fill."""
    with started("own-vk") as server:
        yield server


@pytest.fixture(scope="session")
def valkey_cluster() -> Iterator[Server]:
    """A cluster with one node, which takes a command only if all its keys are in one slot."""
    with started_as_cluster("many-vk") as server:
        yield server


@pytest.fixture
def own_valkey_cluster() -> Iterator[Server]:
    """A cluster that a test may tear apart."""
    with started_as_cluster("own-many-vk") as server:
        yield server


@contextmanager
def started_as_cluster(name: str) -> Iterator[Server]:
    with started(name, {"cluster-enabled": "yes"}) as server:
        server.admin().execute_command("CLUSTER", "ADDSLOTSRANGE", 0, SLOT_LAST)
        server.wait_until_it_is_a_cluster()
        yield server


def told(clock: ManualClock) -> Callable[[], str]:
    return lambda: str(round(clock().timestamp() * 1_000_000))


def on_cluster(server: Server) -> Callable[[], Client]:
    return lambda: OneAttemptCluster("127.0.0.1", server.process.port, **OPTIONS)
