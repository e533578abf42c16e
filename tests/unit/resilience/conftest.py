import pytest

from tests.unit.resilience.fleet import Fleet


@pytest.fixture
def fleet() -> Fleet:
    return Fleet(10)
