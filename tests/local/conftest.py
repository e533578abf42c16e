from collections.abc import Iterator

import pytest

from tests.emulator import Emulator, started


@pytest.fixture(scope="session")
def bare_emulator() -> Iterator[Emulator]:
    """MiniStack as it was published: where a test of it fails, a patch of ours can go."""
    with started("bare", is_bare=True) as server:
        yield server
