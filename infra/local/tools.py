"""What has to be there before a stack can start, built when it is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.local.locks import alone
from infra.local.paths import ROOT, TOOLS
from infra.local.problems import LocalProblem

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
EMULATOR = TOOLS / "emulator"
DEPS_LAYER = ROOT / "build" / "layers" / "deps-local"
CDK = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"

PYTHON_MIN = (3, 11)
NODE_MIN = 20
DISK_FREE_MIB_MIN = 1024


def build_what_is_missing() -> None:
    check_python()
    check_disk()
    check_node()
    build_emulator()
    build_cdk()
    build_layers()


def check_python() -> None:
    if sys.version_info < PYTHON_MIN:
        message = (
            f"This is Python {sys.version_info.major}.{sys.version_info.minor}; the project needs"
            f" {PYTHON_MIN[0]}.{PYTHON_MIN[1]} or newer. Make the virtual environment with one."
        )
        raise LocalProblem(message)


def check_disk() -> None:
    free_mib = shutil.disk_usage(ROOT).free // 2**20
    if free_mib < DISK_FREE_MIB_MIN:
        message = (
            f"{free_mib} MiB are free where {ROOT} is, and the local stack needs"
            f" {DISK_FREE_MIB_MIN}. Make room, for instance in build/, .local/ and .tools/."
        )
        raise LocalProblem(message)


def check_node() -> None:
    node = shutil.which("node")
    if node is None:
        message = (
            f"Node.js is missing. The AWS CDK needs version {NODE_MIN} or newer on the PATH:"
            " https://nodejs.org"
        )
        raise LocalProblem(message)
    version = _run(node, "--version").strip()
    if int(version.lstrip("v").split(".")[0]) < NODE_MIN:
        message = f"{node} is {version}, and the AWS CDK needs {NODE_MIN} or newer."
        raise LocalProblem(message)


def build_emulator() -> None:
    """An environment with MiniStack and Valkey, away from ours."""
    with alone(TOOLS / "emulator.lock"):
        _build_emulator()


def _build_emulator() -> None:
    stamp = EMULATOR / "requirements.txt"
    wanted = f"{REQUIREMENTS.read_text()}# {sys.version}\n"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print("Installing the emulator ...", flush=True)
    base = getattr(sys, "_base_executable", sys.executable)
    _run(uv(), "venv", "--quiet", "--clear", "--no-project", "--python", base, EMULATOR)
    python = EMULATOR / "bin" / "python"
    _run(uv(), "pip", "sync", "--quiet", "--require-hashes", "--python", python, REQUIREMENTS)
    stamp.write_text(wanted)


def build_cdk() -> None:
    with alone(TOOLS / "cdk.lock"):
        _build_cdk()


def _build_cdk() -> None:
    lock, stamp = ROOT / "package-lock.json", ROOT / "node_modules" / ".evenkeel-lock"
    if CDK.is_file() and stamp.is_file() and stamp.read_text() == lock.read_text():
        return
    npm = shutil.which("npm")
    if npm is None:
        message = "npm is missing. It comes with Node.js: https://nodejs.org"
        raise LocalProblem(message)
    print("Installing the AWS CDK ...", flush=True)
    _run(npm, "ci", "--no-fund", "--no-audit", "--loglevel=error")
    stamp.write_text(lock.read_text())


def build_layers() -> None:
    base = getattr(sys, "_base_executable", sys.executable)
    environment = {**os.environ, "UV": uv()}
    _run(sys.executable, "-m", "infra.layers", "local", "--python", base, environment=environment)


def uv() -> str:
    own = TOOLS / "uv" / "bin" / "uv"
    found = os.environ.get("UV") or (str(own) if own.is_file() else shutil.which("uv"))
    if not found:
        message = (
            "uv is missing: see https://docs.astral.sh/uv, put it on the PATH, or set UV to where"
            " it is."
        )
        raise LocalProblem(message)
    return found


def _run(*command: str | Path, environment: dict[str, str] | None = None) -> str:
    given = environment or {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        spoken = " ".join(str(part) for part in command)
        message = f"This failed:\n  {spoken}\n{done.stderr.strip() or done.stdout.strip()}"
        raise LocalProblem(message)
    return done.stdout
