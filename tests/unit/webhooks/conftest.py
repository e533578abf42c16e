import pytest

from tests.unit.webhooks.office import Office


@pytest.fixture
def office() -> Office:
    return Office()
