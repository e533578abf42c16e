"""The layer of third-party packages: small, compiled, and built once."""

import sys
from pathlib import Path

import pytest

from infra.layers import CannotBuild, Layer, for_aws
from tests.infra.bare import bare_python

# See PEP 552: compiled from a source whose hash is not to be checked.
UNCHECKED_HASH = 1

SERVICES = ["dynamodb", "events", "lambda", "sns", "sqs", "sts"]
CLIENTS = """
import sys
sys.path[:0] = [{path!r}]
import botocore.session
for service in {services!r}:
    client = botocore.session.get_session().create_client(service, region_name="eu-central-1")
    assert client.meta.region_name in client.meta.endpoint_url
"""


def test_every_module_is_compiled_and_not_checked_again(deps: Path) -> None:
    sources = {path for path in deps.rglob("*.py") if "__pycache__" not in path.parts}
    compiled = [each for each in map(compiled_of, sources) if each.is_file()]

    assert len(compiled) > 0.99 * len(sources)  # Some packages ship templates that are no Python.
    assert {flags(each) for each in compiled} == {UNCHECKED_HASH}


def test_botocore_knows_the_services_that_we_call(deps: Path) -> None:
    code = CLIENTS.format(path=str(deps / "python"), services=SERVICES)

    done = bare_python(code)

    assert done.returncode == 0, done.stderr


def test_botocore_knows_no_others(deps: Path) -> None:
    known = {each.name for each in (deps / "python/botocore/data").iterdir() if each.is_dir()}

    assert known == set(SERVICES)


def test_nothing_of_the_build_is_shipped(deps: Path) -> None:
    assert [each.name for each in deps.iterdir()] == ["python"]


def test_a_layer_that_is_up_to_date_is_left_alone(deps: Path, deps_layer: Layer) -> None:
    before = deps.stat().st_ino

    assert deps_layer.build() is False
    assert deps.stat().st_ino == before


@pytest.mark.skipif(sys.version_info[:2] == (3, 13), reason="this interpreter would do")
def test_an_interpreter_of_another_version_cannot_compile_for_lambda() -> None:
    with pytest.raises(CannotBuild, match=r"is not Python 3\.13"):
        for_aws(Path(sys.executable))


def test_what_is_no_interpreter_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CannotBuild, match="nothing is not a Python interpreter"):
        for_aws(tmp_path / "nothing")


def compiled_of(source: Path) -> Path:
    return source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"


def flags(compiled: Path) -> int:
    return int.from_bytes(compiled.read_bytes()[4:8], "little")
