import pytest

from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from tests.fakes.guard import attempt
from tests.payments import order
from tests.unit.payments.platform import CLIENT, Platform


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def held(platform: Platform) -> Payment:
    """Of 400 of the 1000 in the wallet."""
    wanted = order("k1", CLIENT, wallet_id=platform.wallet_id, capture=Capture.MANUAL)
    return platform.payments.create_and_process(wanted, attempt("r0")).payment
