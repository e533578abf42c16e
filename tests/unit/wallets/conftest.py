import pytest

from evenkeel.wallets.model import Wallet
from evenkeel.wallets.service import Wallets
from tests.fakes.clock import ManualClock
from tests.fakes.retry import instant_retry
from tests.fakes.wallet_store import InMemoryWalletStore

CLIENT = "cli_a"


@pytest.fixture
def store() -> InMemoryWalletStore:
    return InMemoryWalletStore()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def wallets(store: InMemoryWalletStore, clock: ManualClock) -> Wallets:
    return Wallets(store, instant_retry(), clock)


@pytest.fixture
def alice(wallets: Wallets) -> Wallet:
    return wallets.open(CLIENT, "alice", "EUR", opening_minor=1000)[0]


@pytest.fixture
def bob(wallets: Wallets) -> Wallet:
    return wallets.open(CLIENT, "bob", "EUR")[0]
