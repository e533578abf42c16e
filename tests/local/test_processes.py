"""Processes are known again, and ended with all that they started."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local.paths import StackFolder
from infra.local.problems import LocalProblem
from infra.local.processes import Child, kill_marked, marked
from infra.local.stack import LocalStack, Ports
from infra.local.tools import build_emulator
from infra.local.valkey import Valkey
from tests.local.waiting import soon

SLEEP = ["/bin/sh", "-c", "sleep 60"]
STUBBORN = ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]
HAS_A_CHILD = ["/bin/sh", "-c", "sleep 60 & echo $!; wait"]


def start(tmp_path: Path, command: list[str]) -> Child:
    return Child.start(
        command,
        environment={"PATH": "/usr/bin:/bin"},
        folder=tmp_path,
        log=tmp_path / "log",
        cwd=tmp_path,
    )


def printed(tmp_path: Path) -> str:
    while not (text := (tmp_path / "log").read_text()).endswith("\n"):
        pass
    return text


def is_gone_soon(child: Child) -> bool:
    return soon(lambda: not child.is_alive())


def test_one_that_was_started_is_alive_until_it_is_stopped(tmp_path: Path) -> None:
    child = start(tmp_path, SLEEP)
    assert child.is_alive()

    child.stop()

    assert not child.is_alive()


def test_one_that_ignores_a_request_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.processes.STOP_TIME_S_MAX", 0.3)
    child = start(tmp_path, STUBBORN)

    child.stop()

    assert not child.is_alive()


def test_its_children_end_with_it(tmp_path: Path) -> None:
    child = start(tmp_path, HAS_A_CHILD)
    grandchild = Child.of(int(printed(tmp_path)))
    assert grandchild.is_alive()

    child.stop()

    assert is_gone_soon(grandchild)


def test_another_process_under_the_same_number_is_left_alone(tmp_path: Path) -> None:
    child = start(tmp_path, SLEEP)
    earlier = replace(child, began="1")

    assert not earlier.is_alive()
    earlier.stop()
    assert child.is_alive()
    child.stop()


def test_what_a_killed_parent_has_left_is_found_by_its_mark(tmp_path: Path) -> None:
    child = start(tmp_path, HAS_A_CHILD)
    orphan = Child.of(int(printed(tmp_path)))
    os.kill(child.pid, 9)
    assert orphan.is_alive()

    assert kill_marked(tmp_path) >= 1

    assert is_gone_soon(orphan)
    assert kill_marked(tmp_path / "of-another-stack") == 0


def test_valkey_is_found_by_its_mark_too() -> None:
    """It would write a title of its own over its environment, and so over the mark."""
    build_emulator()
    files = StackFolder(f"test-valkey-{os.getpid()}")
    files.make()
    valkey = Valkey.start(files)

    assert list(marked(files.folder)) == [valkey.child.pid]
    assert kill_marked(files.folder) == 1
    assert not valkey.child.is_alive()
    files.forget()


def test_a_start_that_is_refused_leaves_nothing_running() -> None:
    local = LocalStack(f"test-refused-{os.getpid()}")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(LocalProblem):
            local.up(Ports(emulator=taken.getsockname()[1]))

    assert list(marked(local.files.folder)) == []
    local.files.forget()
