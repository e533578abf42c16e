"""A deployment that fails says so, and where to read more; one that is there is not made again."""

from pathlib import Path

import pytest

from infra.local import assembly, deploy
from infra.local.problems import LocalProblem

INPUTS = ("cdk.json", "uv.lock", "package-lock.json", "build/layers/deps-local.stamp")


def test_a_failed_deployment_shows_the_end_of_its_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cdk = tmp_path / "cdk"
    cdk.write_text("#!/bin/sh\necho Resource handler returned: boom >&2\nexit 1\n")
    cdk.chmod(0o755)
    monkeypatch.setattr(deploy, "CDK", cdk)
    log = tmp_path / "deploy.log"

    with pytest.raises(LocalProblem) as raised:
        deploy.deploy(
            tmp_path,
            "http://127.0.0.1:1",
            cache="127.0.0.1:2",
            outputs=tmp_path / "outputs.json",
            log=log,
        )

    assert str(log) in str(raised.value)
    assert "Resource handler returned: boom" in str(raised.value)


@pytest.fixture
def tree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A small repository whose stacks are made by counting how often they are made."""
    for name in INPUTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    for folder in ("infra/local", "functions/payments_api", "layers/core"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "module.py").touch()

    def run_app(out: Path) -> None:
        out.mkdir()
        with (tmp_path / "made").open("a") as made:
            made.write("x")

    monkeypatch.setattr(assembly, "ASSEMBLIES", tmp_path / "assemblies")
    monkeypatch.setattr(assembly, "ROOT", tmp_path)
    monkeypatch.setattr(assembly, "_run_app", run_app)
    return tmp_path


def made_count(tree: Path) -> int:
    return len((tree / "made").read_text())


def test_an_unchanged_tree_is_not_synthesized_again(tree: Path) -> None:
    first = assembly.synthesize()

    assert assembly.synthesize() == first
    assert made_count(tree) == 1


@pytest.mark.parametrize(
    "changed", ["functions/payments_api/module.py", "layers/core/new.py", "uv.lock"]
)
def test_a_changed_one_is(tree: Path, changed: str) -> None:
    first = assembly.synthesize()
    (tree / changed).write_text("changed")

    assert assembly.synthesize() != first
    assert made_count(tree) == 2


def test_what_the_stacks_are_not_made_of_changes_nothing(tree: Path) -> None:
    first = assembly.synthesize()
    (tree / "infra/local/module.py").write_text("changed")
    (tree / "functions/__pycache__").mkdir()
    (tree / "functions/__pycache__/module.pyc").touch()

    assert assembly.synthesize() == first


def test_the_one_before_is_still_there(tree: Path) -> None:
    before = assembly.synthesize()
    (tree / "uv.lock").write_text("changed")
    after = assembly.synthesize()

    assert before.is_dir()
    assert after.is_dir()


def test_older_ones_are_forgotten(tree: Path) -> None:
    made = []
    for number in range(assembly.KEPT_COUNT + 2):
        (tree / "uv.lock").write_text(f"{number}")
        made.append(assembly.synthesize())

    assert [each.is_dir() for each in made] == [False] * 2 + [True] * assembly.KEPT_COUNT


def test_one_that_was_interrupted_is_made_again(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(out: Path) -> None:
        out.mkdir()
        raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr(assembly, "_run_app", interrupted)
        with pytest.raises(KeyboardInterrupt):
            assembly.synthesize()

    assembly.synthesize()

    assert made_count(tree) == 1
