import pytest

from evenkeel import bootstrap
from evenkeel.access.service import Doorkeeper, Keyring
from evenkeel.screening.policies import Policies
from evenkeel.screening.service import Screening
from tests.fakes.access_store import InMemoryAccessStore
from tests.fakes.clock import ManualClock
from tests.fakes.policy_store import InMemoryPolicyStore
from tests.fakes.retry import instant_retry
from tests.fakes.screen_watch import RecordingScreenWatch
from tests.fakes.windows import InMemoryWindows


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    store = InMemoryAccessStore()
    doorkeeper = Doorkeeper(store, instant_retry(), ManualClock())
    monkeypatch.setattr(bootstrap, "doorkeeper", lambda: doorkeeper)
    watch = RecordingScreenWatch()
    windows = InMemoryWindows(ManualClock())
    windows.is_away = True
    policies = Policies(InMemoryPolicyStore(), watch, ManualClock())
    screening = Screening(windows, policies, watch)
    monkeypatch.setattr(bootstrap, "screening", lambda: screening)
    keyring = Keyring(store, ManualClock())
    keyring.create_client("Coffee Ltd", "cli_a")
    return keyring
