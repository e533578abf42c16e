"""Builds the layer of third-party packages from `uv.lock`: `python -m infra.layers aws|local`.

No Docker: uv picks the wheels of Lambda's processor (`aws`), or of this machine (`local`, for an
emulator that runs functions as its own processes). A layer that is up to date is left alone.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LAYERS = Path("build/layers")
LOCK = Path("uv.lock")
LAMBDA_PYTHON = "3.13"
LAMBDA_PLATFORM = "aarch64-manylinux2014"

# The services that we call. The models of all the others are three quarters of the layer.
SERVICES = frozenset({"dynamodb", "events", "lambda", "sns", "sqs", "sts"})


class CannotBuild(RuntimeError):
    """Something is missing; the message says what to do."""


@dataclass(frozen=True)
class Layer:
    """A folder to ship, and the interpreter that compiles for it."""

    name: str
    python: Path
    wheels: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return LAYERS / self.name

    @property
    def _stamp(self) -> Path:
        # Beside the folder: what is inside it is shipped.
        return LAYERS / f"{self.name}.stamp"

    def build(self) -> bool:
        """Build it, unless it is what it would become; says whether there was work to do."""
        stamp = self._expected_stamp()
        with _alone():
            return self._build(stamp)

    def _build(self, stamp: str) -> bool:
        if self.folder.is_dir() and self._stamp.is_file() and self._stamp.read_text() == stamp:
            return False
        unfinished = LAYERS / f"{self.name}.unfinished"
        self._install(unfinished / "python")
        self._stamp.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        unfinished.rename(self.folder)
        self._stamp.write_text(stamp)
        return True

    def _install(self, target: Path) -> None:
        shutil.rmtree(target.parent, ignore_errors=True)
        target.mkdir(parents=True)
        requirements = target.parent / "requirements.txt"
        _run(uv(), "export", "-q", "--frozen", "--no-dev", "--no-emit-project", "-o", requirements)
        # Copied: a hard link would let whoever edits the folder reach uv's cache.
        _run(
            *(uv(), "pip", "install", "-q", "-r", requirements, "--target", target),
            *("--link-mode", "copy", "--only-binary", ":all:", *self.wheels),
        )
        requirements.unlink()
        _trim(target)
        # Lambda cannot write .pyc files, and compiling is more than half of a cold start. The
        # hash is not checked: a zip loses the times that the usual check compares.
        _run(self.python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", target)

    def _expected_stamp(self) -> str:
        digest = hashlib.sha256()
        for part in (LOCK.read_bytes(), Path(__file__).read_bytes(), version_of(self.python)):
            digest.update(part)
        return digest.hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """Two builds at once, as of parallel tests, would pull the folder from under each other."""
    LAYERS.mkdir(parents=True, exist_ok=True)
    with (LAYERS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def for_aws(python: Path | None = None) -> Layer:
    compiler = python or _find_python()
    if not version_of(compiler).startswith(f"cpython-{LAMBDA_PYTHON}.".encode()):
        message = (
            f"{compiler} is not Python {LAMBDA_PYTHON}, so Lambda would ignore what it compiles"
        )
        raise CannotBuild(message)
    wheels = ("--python-platform", LAMBDA_PLATFORM, "--python-version", LAMBDA_PYTHON)
    return Layer("deps-aws", compiler, wheels)


def for_local(python: Path | None = None) -> Layer:
    """For the interpreter that runs the functions locally."""
    compiler = python or Path(sys.executable)
    return Layer("deps-local", compiler, ("--python", str(compiler)))


def uv() -> str:
    found = os.environ.get("UV") or shutil.which("uv")
    if not found:
        message = "uv is not on the PATH: see https://docs.astral.sh/uv, or set UV to where it is"
        raise CannotBuild(message)
    return found


def version_of(python: Path) -> bytes:
    """Such as b"cpython-3.13.1-linux-x86_64"."""
    code = (
        "import platform, sys; print(sys.implementation.name, platform.python_version(),"
        " sys.platform, platform.machine(), sep='-', end='')"
    )
    try:
        return _run(python, "-I", "-c", code)
    except OSError as error:
        message = f"{python} is not a Python interpreter"
        raise CannotBuild(message) from error


def _find_python() -> Path:
    try:
        found = _run(uv(), "python", "find", "--no-project", LAMBDA_PYTHON)
    except CannotBuild as error:
        message = (
            f"The layer for Lambda is compiled by Python {LAMBDA_PYTHON}, and none is here."
            f" Install one, and name it: make deploy LAMBDA_PYTHON=/path/to/python{LAMBDA_PYTHON}"
        )
        raise CannotBuild(message) from error
    return Path(found.decode().strip())


def _trim(target: Path) -> None:
    shutil.rmtree(target / "bin", ignore_errors=True)
    for service in (target / "botocore" / "data").iterdir():
        # The files beside the folders are about endpoints, retries and defaults: all needed.
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)


def _run(*command: str | Path) -> bytes:
    # Never download an interpreter behind somebody's back.
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run(  # noqa: S603 - the commands are ours, and no shell reads them.
        command, env=environment, capture_output=True, check=False
    )
    if done.returncode:
        message = f"{' '.join(map(str, command))} failed:\n{done.stderr.decode().strip()}"
        raise CannotBuild(message)
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.layers", description=__doc__)
    parser.add_argument("target", choices=["aws", "local"])
    parser.add_argument("--python", type=Path, help="the interpreter that compiles the packages")
    given = parser.parse_args(arguments)
    try:
        layer = {"aws": for_aws, "local": for_local}[given.target](given.python)
        layer.build()
    except CannotBuild as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{layer.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
