import random
import secrets
import time
from collections.abc import Mapping

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters import clients
from evenkeel.person import Person
from evenkeel.resilience.retry import Retry
from evenkeel.screening.ports import Windows
from tests.emulator import Emulator
from tests.fakes.clock import ManualClock
from tests.fakes.windows import InMemoryWindows
from tests.tables import TABLES
from tests.valkey import Server, on_cluster, told


@pytest.fixture(scope="session")
def environment(emulator: Emulator, valkey: Server) -> Mapping[str, str]:
    """The variables of a function, with empty tables behind them, and an empty cache.

    Tests share the tables and keep apart by their clients, as tenants do.
    """
    names = {variable: f"test-{variable.lower()}" for variable in TABLES}
    dynamodb = emulator.client("dynamodb")
    for variable, name in names.items():
        dynamodb.create_table(**TABLES[variable].definition(name))
    return emulator.environment | names | {"CACHE_ENDPOINT": valkey.address}


@pytest.fixture(autouse=True)
def aws(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def dynamodb() -> DynamoDBClient:
    """A client of our own making, with our timeouts and our one attempt."""
    return clients.dynamodb()


@pytest.fixture
def client_id() -> str:
    """A tenant that nobody else has."""
    return f"cli_{secrets.token_hex(6)}"


@pytest.fixture
def patient_retry() -> Retry:
    """For races on a slow machine: real waits, and many of them."""
    return Retry(
        attempt_count_max=200,
        total_s_max=60.0,
        delay_s_base=0.01,
        delay_s_max=0.2,
        jitter=random.random,
        sleep=time.sleep,
        elapsed_s=time.monotonic,
    )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["fake", "server", "cluster"])
def windows(request: pytest.FixtureRequest, clock: ManualClock) -> Windows:
    if request.param == "fake":
        return InMemoryWindows(clock)
    if request.param == "server":
        server: Server = request.getfixturevalue("valkey")
        return server.windows(told(clock))
    cluster: Server = request.getfixturevalue("valkey_cluster")
    return cluster.windows(told(clock), connect=on_cluster(cluster))


@pytest.fixture
def alice() -> Person:
    return Person(f"cli_{secrets.token_hex(6)}", "alice")
