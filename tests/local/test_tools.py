"""Each thing that may be missing is named, with what to do about it."""

import shutil
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.local import tools
from infra.local.problems import LocalProblem

Usage = namedtuple("Usage", ["total", "used", "free"])


def program(folder: Path, name: str, says: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\necho {says}\n")
    file.chmod(0o755)


def problem_of(check: str) -> str:
    with pytest.raises(LocalProblem) as raised:
        getattr(tools, check)()
    return str(raised.value)


def test_no_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "Node.js is missing" in problem_of("check_node")
    assert "https://nodejs.org" in problem_of("check_node")


def test_an_old_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path, "node", "v18.20.1")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "v18.20.1" in problem_of("check_node")
    assert "20 or newer" in problem_of("check_node")


def test_a_new_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path, "node", "v24.0.0")
    monkeypatch.setenv("PATH", str(tmp_path))

    tools.check_node()


def test_an_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "PYTHON_MIN", (9, 9))

    assert "9.9 or newer" in problem_of("check_python")


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, 5 * 2**20))

    assert "5 MiB are free" in problem_of("check_disk")


def test_no_uv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setattr(tools, "TOOLS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "uv is missing" in problem_of("uv")


def test_two_at_once_install_the_emulator_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    program(tmp_path, "uv", f'"$1" >>{calls}; sleep 0.2')
    (tmp_path / "emulator").mkdir()
    monkeypatch.setenv("UV", str(tmp_path / "uv"))
    monkeypatch.setattr(tools, "TOOLS", tmp_path)
    monkeypatch.setattr(tools, "EMULATOR", tmp_path / "emulator")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: tools.build_emulator(), range(2)))

    assert calls.read_text().split() == ["venv", "pip"]
