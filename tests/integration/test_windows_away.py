"""Valkey killed, wiped, paused, full or read-only: no answer in time, and then one again."""

import os
import secrets
import signal
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from valkey.exceptions import ValkeyError

from evenkeel.adapters.valkey.clients import ANSWER_S_MAX, Endpoint
from evenkeel.adapters.valkey.link import AGE_S_MAX, Client, Link
from evenkeel.adapters.valkey.windows import ValkeyWindows
from evenkeel.errors import WindowsUnavailable
from evenkeel.money import Money
from evenkeel.person import Person
from evenkeel.screening.patience import AWAY_S, Patience
from evenkeel.screening.quota import Bucket, Lane
from evenkeel.screening.windows import Entry, Spans
from infra.local.valkey import Valkey
from tests.local.waiting import soon
from tests.valkey import Server

BUCKET = Bucket(per_s=100, burst_count=1000)
SPANS = Spans(60, 300)


@dataclass
class Elapsed:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Till:
    """Asks, always through the same windows."""

    windows: ValkeyWindows
    elapsed: Elapsed
    person: Person = field(default_factory=lambda: Person(f"cli_{secrets.token_hex(6)}", "alice"))
    number: int = 0

    def pay(self) -> int:
        """Return how many payments are counted, this one included."""
        self.number += 1
        entry = Entry(self.person, f"pay_{self.number}", Money(5, "EUR"))
        counts = self.windows.screen(entry, BUCKET, SPANS).counts
        assert counts is not None
        return counts.payment_count

    def is_refused(self) -> bool:
        try:
            self.pay()
        except WindowsUnavailable:
            return True
        return False

    def is_answered_later(self) -> bool:
        self.elapsed.now_s += AWAY_S
        return not self.is_refused()


def others(server: Server) -> list[Any]:
    """List the connections that are not our own."""
    with server.admin().client() as admin:
        here = str(admin.client_id())
        return [each for each in admin.client_list() if each["id"] != here]


@pytest.fixture
def client(own_valkey: Server) -> Till:
    elapsed = Elapsed()
    client = Till(own_valkey.windows(elapsed_s=elapsed), elapsed)
    assert client.pay() == 1
    return client


def test_while_it_is_dead_there_is_an_error_and_afterwards_an_answer(
    own_valkey: Server, client: Till
) -> None:
    own_valkey.process.child.stop()
    assert client.is_refused()
    client.elapsed.now_s += AWAY_S
    assert client.is_refused()

    again = Valkey.start(own_valkey.files, own_valkey.process.port)

    assert client.is_refused()  # It has just failed, and is not asked.
    assert client.is_answered_later()
    again.child.stop()


def test_a_restart_that_nobody_has_noticed_costs_at_most_one_answer(
    own_valkey: Server, client: Till
) -> None:
    own_valkey.process.child.stop()
    again = Valkey.start(own_valkey.files, own_valkey.process.port)

    assert not client.is_refused() or client.is_answered_later()
    again.child.stop()


def test_when_it_was_wiped_it_counts_from_one(own_valkey: Server, client: Till) -> None:
    own_valkey.admin().flushall()
    own_valkey.admin().script_flush()

    assert client.pay() == 1
    assert client.pay() == 2


def test_while_it_is_paused_nobody_waits_long_and_no_late_answer_is_taken_for_another(
    own_valkey: Server, client: Till
) -> None:
    pid = own_valkey.process.child.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        for _ in range(3):
            began_at = time.monotonic()
            assert client.is_refused()
            # Generous: what it must not do is hang.
            assert time.monotonic() - began_at < 100 * ANSWER_S_MAX
            client.elapsed.now_s += AWAY_S
    finally:
        os.kill(pid, signal.SIGCONT)

    # What was asked meanwhile is counted late, or not at all; the answers are to the questions.
    client.elapsed.now_s += AWAY_S
    counted = client.pay()
    assert 2 <= counted <= 5
    assert client.pay() == counted + 1
    assert client.windows.take(client.person.client_id, Lane.READS, BUCKET).remaining_count == 999


def test_a_replica_takes_no_writes_and_its_connection_is_dropped(
    own_valkey: Server, client: Till
) -> None:
    admin = own_valkey.admin()
    admin.execute_command("REPLICAOF", "127.0.0.1", "1")
    before = len(others(own_valkey))
    assert client.is_refused()
    assert soon(lambda: len(others(own_valkey)) == before - 1)

    admin.execute_command("REPLICAOF", "NO", "ONE")
    assert client.is_answered_later()


def test_a_server_without_its_replicas_takes_no_writes(own_valkey: Server, client: Till) -> None:
    admin = own_valkey.admin()
    admin.config_set("min-replicas-to-write", "1")
    assert client.is_refused()

    admin.config_set("min-replicas-to-write", "0")
    assert client.is_answered_later()


def test_when_it_is_full_it_refuses_and_is_forgiven(own_valkey: Server, client: Till) -> None:
    admin = own_valkey.admin()
    admin.config_set("maxmemory-policy", "noeviction")
    admin.config_set("maxmemory", "1")
    assert client.is_refused()

    admin.config_set("maxmemory", "64mb")
    assert client.is_answered_later()


def test_an_endpoint_that_nobody_listens_on_is_no_answer() -> None:
    windows = ValkeyWindows(
        Link(Endpoint.of("127.0.0.1:1").client, Patience(time.monotonic), time.time)
    )

    with pytest.raises(WindowsUnavailable):
        windows.take("cli_a", Lane.READS, BUCKET)


def test_one_environment_has_one_connection(own_valkey: Server, client: Till) -> None:
    for _ in range(5):
        client.pay()

    assert len(others(own_valkey)) == 1


def test_a_connection_is_made_anew_before_it_is_cut(own_valkey: Server) -> None:
    clock = Elapsed()
    made: list[Client] = []

    def connect() -> Client:
        made.append(Endpoint.of(own_valkey.address).client())
        return made[-1]

    windows = ValkeyWindows(Link(connect, Patience(Elapsed()), clock))
    for at_s in (0.0, 1.0, AGE_S_MAX - 1, AGE_S_MAX, AGE_S_MAX + 1):
        clock.now_s = at_s
        windows.take("cli_a", Lane.READS, BUCKET)

    assert len(made) == 2
    clock.now_s = 0.0  # Whoever sets the clock back must not keep one for ever.
    windows.take("cli_a", Lane.READS, BUCKET)
    assert len(made) == 3
    assert soon(lambda: len(own_valkey.admin().client_list()) <= 2)


def test_a_client_that_cannot_be_made_is_no_answer() -> None:
    def connect() -> Client:
        raise ValkeyError("no such host")

    windows = ValkeyWindows(Link(connect, Patience(Elapsed()), Elapsed()))

    with pytest.raises(WindowsUnavailable, match="no such host"):
        windows.take("cli_a", Lane.READS, BUCKET)
