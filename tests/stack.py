"""The fixture `stack`: a deployed local stack of this test run, for tests that go through HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.locks import alone

Stack = dict[str, Any]


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, testrun_uid: str
) -> Iterator[Stack]:
    """What `stack.json` says. All xdist workers share one; the last one out stops it."""
    from infra.local.stack import LocalStack, Ports  # noqa: PLC0415 - It needs boto3.

    base = tmp_path_factory.getbasetemp()
    users = Path(base if worker_id == "master" else base.parent) / "users-of-the-stack"
    local = LocalStack(f"test-{testrun_uid[:8]}")
    with alone(users / "lock"):
        (users / worker_id).touch()
        # Not simply up again: an edit during the tests would deploy under the others' feet.
        description = local.status() or local.up(Ports())
    yield description
    with alone(users / "lock"):
        (users / worker_id).unlink()
        if not [user for user in users.iterdir() if user.name != "lock"]:
            local.down()
            local.files.forget()
