"""A whole stack: what it says of itself, whom it answers, and what is left of it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from infra.local.paths import ROOT
from infra.local.processes import kill_marked
from infra.local.stack import LocalStack, Ports
from infra.local.state import State
from tests.local.listeners import addresses_of
from tests.stack import Stack

LOOPBACK = "0100007F"


@pytest.fixture
def crashing() -> Iterator[LocalStack]:
    local = LocalStack(f"crash-{os.getpid()}")
    yield local
    local.down()
    local.files.forget()


def status_of(stack: Stack, path: str, key: str | None = None) -> int:
    headers = {"X-API-Key": key} if key else {}
    try:
        with urlopen(Request(f"{stack['apiUrl']}{path}", headers=headers), timeout=30) as answer:  # noqa: S310
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def command(name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "infra.local", name],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_says_where_everything_is(stack: Stack) -> None:
    assert set(stack) == {
        *("apiUrl", "consoleUrl", "docsUrl", "awsEndpointUrl", "region", "valkeyUrl", "keys"),
        *("tables", "functions", "topics", "buses", "queues"),
    }
    assert set(stack["keys"]) == {"merchant", "other", "ops"}
    assert {"payments", "ledger", "accounts", "clients"} <= set(stack["tables"])
    assert {"payments_api", "wallets_api", "wallet_commands"} <= set(stack["functions"])


def test_it_answers(stack: Stack) -> None:
    assert status_of(stack, "/health") == 200
    assert status_of(stack, "/docs") == 200


def test_its_keys_are_known_and_others_are_not(stack: Stack) -> None:
    for key in stack["keys"].values():
        assert status_of(stack, "/api/payments/user/somebody", key) == 200
    assert status_of(stack, "/api/payments/user/somebody", "ek_of_nobody") == 401


def test_only_the_operator_may_look_deep(stack: Stack) -> None:
    assert status_of(stack, "/api/ops/health", stack["keys"]["ops"]) == 200
    assert status_of(stack, "/api/ops/health", stack["keys"]["merchant"]) == 403


def test_a_crash_is_cleaned_up_and_begun_again(crashing: LocalStack) -> None:
    first = crashing.up(Ports())
    state = State.read(crashing.files.state_file)
    assert state is not None
    assert addresses_of(crashing.files.folder) == {LOOPBACK}

    os.kill(state.ministack.child.pid, 9)
    assert crashing.status() is None
    second = crashing.up(Ports())

    assert status_of(second, "/health") == 200
    assert second["keys"] != first["keys"]
    assert not state.valkey.child.is_alive()

    began_at = time.monotonic()
    again: dict[str, Any] = crashing.up(Ports())

    assert again == second
    assert time.monotonic() - began_at < 5

    assert crashing.down()

    assert crashing.status() is None
    assert kill_marked(crashing.files.folder) == 0
    assert not crashing.files.temporary.exists()
    assert not crashing.down()


def test_status_is_an_error_for_what_is_not_up() -> None:
    done = command("status", STACK="never-started")

    assert done.returncode == 1
    assert "'never-started' is not up" in done.stdout


def test_a_bad_name_is_an_error_without_a_traceback() -> None:
    done = command("status", STACK="../elsewhere")

    assert done.returncode == 1
    assert done.stderr.startswith("STACK=")
    assert "Traceback" not in done.stderr


def test_a_bad_port_is_an_error() -> None:
    done = command("up", STACK="never-started", PORT="eighty")

    assert done.returncode == 1
    assert done.stderr.strip() == "PORT='eighty' is no port number"


def test_status_prints_the_stack(stack: Stack, request: pytest.FixtureRequest) -> None:
    name = request.getfixturevalue("testrun_uid")[:8]

    done = command("status", STACK=f"test-{name}")

    assert json.loads(done.stdout) == stack
