import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import App

from infra.app import compose
from infra.layers import Layer, for_local
from tests.infra.template import Template

Synthesize = Callable[..., Path]

OTHER_CIRCUIT = '{"cool_down_s":7.5,"quorum_count":4}'


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    """Synthesizes the whole app, with the context of `cdk.json` and what a test adds."""
    deps = tmp_path_factory.mktemp("deps")
    (deps / "python" / "__pycache__").mkdir(parents=True)
    (deps / "python" / "third_party.py").touch()
    (deps / "python" / "__pycache__" / "third_party.cpython-313.pyc").touch()

    def synthesized(**context: object) -> Path:
        out = tmp_path_factory.mktemp("cdk.out")
        ours = json.loads(Path("cdk.json").read_text())["context"]
        app = App(outdir=str(out), context={**ours, "deps": str(deps), **context})
        compose(app)
        app.synth()
        return out

    return synthesized


@pytest.fixture(scope="session")
def assembly(synthesize: Synthesize) -> Path:
    """The app as it is deployed by default."""
    return synthesize()


@pytest.fixture(scope="session")
def other_assembly(synthesize: Synthesize) -> Path:
    """Each option the other way: they do not touch each other."""
    return synthesize(wallet="inline", network="vpc", circuit=OTHER_CIRCUIT)


@pytest.fixture(scope="session")
def deps_layer() -> Layer:
    """A layer for this interpreter, apart from the one of a local stack."""
    return replace(for_local(), name="deps-test")


@pytest.fixture(scope="session")
def deps(deps_layer: Layer) -> Path:
    deps_layer.build()
    return deps_layer.folder.resolve()


@pytest.fixture(scope="session")
def data(assembly: Path) -> Template:
    return Template.read(assembly, "EvenkeelData")


@pytest.fixture(scope="session")
def service(assembly: Path) -> Template:
    return Template.read(assembly, "EvenkeelService")


@pytest.fixture(scope="session")
def other_service(other_assembly: Path) -> Template:
    return Template.read(other_assembly, "EvenkeelService")


@pytest.fixture(scope="session")
def network(other_assembly: Path) -> Template:
    return Template.read(other_assembly, "EvenkeelNetwork")
