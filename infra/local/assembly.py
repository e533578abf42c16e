"""What `cdk synth` makes of this tree, made again only when the tree is another one."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from infra.local.locks import alone
from infra.local.paths import LOCAL, ROOT
from infra.local.problems import LocalProblem
from infra.local.tools import DEPS_LAYER

# Each in a folder named after what it was made of: nobody changes one that is being deployed.
ASSEMBLIES = LOCAL / "assemblies"
KEPT_COUNT = 4

SOURCES = ("infra", "functions", "layers/core")
FILES = ("cdk.json", "uv.lock", "package-lock.json", "build/layers/deps-local.stamp")


def synthesize() -> Path:
    """The assembly of this tree, from an earlier run if there was one."""
    assembly = ASSEMBLIES / _fingerprint()
    with alone(ASSEMBLIES / "lock"):
        if not assembly.is_dir():
            print("Synthesizing the stacks ...", flush=True)
            unfinished = ASSEMBLIES / f"unfinished-{os.getpid()}"
            shutil.rmtree(unfinished, ignore_errors=True)
            _run_app(unfinished)
            unfinished.rename(assembly)
            _forget_all_but_the_newest()
    return assembly


def _run_app(out: Path) -> None:
    # The CDK's command line would read its own file, and start the app a second slower.
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    context["deps"] = str(DEPS_LAYER.relative_to(ROOT))
    done = subprocess.run(
        [sys.executable, "-m", "infra.app"],
        cwd=ROOT,
        env={
            **os.environ,
            "CDK_OUTDIR": str(out),
            "CDK_CONTEXT_JSON": json.dumps(context),
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"The stacks cannot be synthesized:\n{done.stdout}{done.stderr}"
        raise LocalProblem(message)


def _forget_all_but_the_newest() -> None:
    folders = sorted(
        (each for each in ASSEMBLIES.iterdir() if each.is_dir()),
        key=lambda folder: folder.stat().st_mtime,
        reverse=True,
    )
    for folder in folders[KEPT_COUNT:]:
        shutil.rmtree(folder)


def _fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in _inputs():
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _inputs() -> Iterator[Path]:
    for name in FILES:
        yield ROOT / name
    for name in SOURCES:
        for path in sorted((ROOT / name).rglob("*")):
            is_local = path.is_relative_to(ROOT / "infra" / "local")
            if path.is_file() and "__pycache__" not in path.parts and not is_local:
                yield path
