import pytest

from tests.unit.payments.platform import Platform


@pytest.fixture
def platform() -> Platform:
    return Platform()
