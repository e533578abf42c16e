import pytest

from evenkeel import bootstrap
from evenkeel.access.service import Doorkeeper, Keyring
from tests.fakes.access_store import InMemoryAccessStore
from tests.fakes.clock import ManualClock
from tests.fakes.retry import instant_retry


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    store = InMemoryAccessStore()
    doorkeeper = Doorkeeper(store, instant_retry(), ManualClock())
    monkeypatch.setattr(bootstrap, "doorkeeper", lambda: doorkeeper)
    keyring = Keyring(store, ManualClock())
    keyring.create_client("Coffee Ltd", "cli_a")
    return keyring
