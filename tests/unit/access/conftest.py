from datetime import timedelta

import pytest

from evenkeel.access.service import Doorkeeper, Keyring
from tests.fakes.access_store import InMemoryAccessStore
from tests.fakes.clock import NOON, ManualClock, ManualSeconds
from tests.fakes.retry import instant_retry


@pytest.fixture
def store() -> InMemoryAccessStore:
    return InMemoryAccessStore()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def keyring(store: InMemoryAccessStore, clock: ManualClock) -> Keyring:
    keyring = Keyring(store, clock)
    keyring.create_client("Coffee Ltd", "cli_a")
    return keyring


@pytest.fixture
def seconds() -> ManualSeconds:
    return ManualSeconds()


@pytest.fixture
def doorkeeper(store: InMemoryAccessStore, seconds: ManualSeconds) -> Doorkeeper:
    return Doorkeeper(store, instant_retry(), lambda: NOON + timedelta(seconds=seconds()))
