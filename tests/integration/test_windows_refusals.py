"""Whatever a server says instead of an answer, it is asked once, and nobody waits for it."""

import socket
import time
from collections.abc import Callable
from functools import partial

import pytest

from evenkeel.adapters.valkey.clients import OPTIONS, Endpoint, OneAttemptCluster
from evenkeel.adapters.valkey.link import Client, Link
from evenkeel.adapters.valkey.windows import ValkeyWindows
from evenkeel.errors import WindowsUnavailable
from evenkeel.screening.patience import Patience
from evenkeel.screening.quota import Bucket, Lane
from tests.scripted_valkey import answering
from tests.valkey import Server

BUCKET = Bucket(per_s=100, burst_count=1000)
# Generous: what nobody may do is hang.
HANGS_S = 10.0

REFUSALS = [
    b"-LOADING Valkey is loading the dataset in memory\r\n",
    b"-READONLY You can't write against a read only replica.\r\n",
    b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
    b"-MASTERDOWN Link with MASTER is down\r\n",
    b"-NOREPLICAS Not enough good replicas to write.\r\n",
    b"-MISCONF Errors writing to disk\r\n",
    b"-CLUSTERDOWN The cluster is down\r\n",
    b"-TRYAGAIN Multiple keys request during rehashing of slot\r\n",
    b"-MOVED 1 127.0.0.1:1\r\n",
    b"-ASK 1 127.0.0.1:1\r\n",
    b"-NOAUTH Authentication required.\r\n",
    b"-WRONGPASS invalid username-password pair\r\n",
    b"-NOPERM this user has no permissions\r\n",
    b"-BUSY Valkey is busy running a script\r\n",
    b"-ERR max number of clients reached\r\n",
    b"-WRONGTYPE Operation against a key\r\n",
    b"-ERR who knows\r\n",
    b"HTTP/1.1 400 Bad Request\r\n",
    None,
]

each_refusal = pytest.mark.parametrize("refusal", REFUSALS, ids=repr)


def alone(port: int) -> Client:
    return Endpoint("127.0.0.1", port).client()


def as_cluster(port: int) -> Client:
    return OneAttemptCluster("127.0.0.1", port, **OPTIONS)


def windows(connect: Callable[[], Client]) -> ValkeyWindows:
    return ValkeyWindows(Link(connect, Patience(time.monotonic), time.time))


@each_refusal
@pytest.mark.parametrize("connect", [alone, as_cluster])
def test_it_is_asked_once(connect: Callable[[int], Client], refusal: bytes | None) -> None:
    with answering(refusal) as server:
        asked = windows(partial(connect, server.port))
        began_s = time.monotonic()
        for _ in range(3):
            with pytest.raises(WindowsUnavailable):
                asked.take("cli_a", Lane.READS, BUCKET)

        assert server.asked == [b"EVALSHA"]
        assert time.monotonic() - began_s < HANGS_S


def test_one_that_forgets_every_script_at_once_is_asked_with_the_whole_of_it_once() -> None:
    with answering(b"-NOSCRIPT No matching script.\r\n") as server:
        with pytest.raises(WindowsUnavailable):
            windows(partial(alone, server.port)).take("cli_a", Lane.READS, BUCKET)

        assert server.asked == [b"EVALSHA", b"EVAL"]


@pytest.mark.parametrize("cache_name", [None, "windows-1"])
def test_one_that_says_nothing_is_not_waited_for(cache_name: str | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = Endpoint("127.0.0.1", silent.getsockname()[1], cache_name, "functions-1")
        began_s = time.monotonic()
        with pytest.raises(WindowsUnavailable):
            windows(endpoint.client).take("cli_a", Lane.READS, BUCKET)

        assert time.monotonic() - began_s < HANGS_S


def test_a_cluster_without_a_slot_is_no_answer_until_it_has_it_again(
    own_valkey_cluster: Server,
) -> None:
    admin = own_valkey_cluster.admin()
    slot = admin.execute_command("CLUSTER", "KEYSLOT", "{cli_a}:reads")
    connect = partial(as_cluster, own_valkey_cluster.process.port)
    windows(connect).take("cli_a", Lane.READS, BUCKET)

    admin.execute_command("CLUSTER", "DELSLOTS", slot)
    with pytest.raises(WindowsUnavailable):
        windows(connect).take("cli_a", Lane.READS, BUCKET)

    admin.execute_command("CLUSTER", "ADDSLOTS", slot)
    own_valkey_cluster.wait_until_it_is_a_cluster()
    assert windows(connect).take("cli_a", Lane.READS, BUCKET).is_granted
