"""What is shipped, by name: a wrong pattern would ship an empty function without a word."""

from pathlib import Path

import pytest

from tests.infra.bare import bare_python
from tests.infra.template import Template

FOLDERS = sorted(handler.parent.name for handler in Path("functions").glob("*/handler.py"))

# Where Lambda puts a layer's and a function's files on the path, in its order.
IMPORT = """
import importlib, sys
sys.path[:0] = {paths!r}
module = importlib.import_module({module!r})
assert module.__file__.startswith({zip_!r}), module.__file__
assert callable(module.handler)
"""


def test_each_folder_is_a_function(service: Template) -> None:
    handlers = {each["Handler"] for each in service.functions().values()}

    assert handlers == {f"functions.{folder}.handler.handler" for folder in FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_ships_its_own_folder_and_nothing_else(folder: str, assembly: Path) -> None:
    assert files(zip_of(folder, assembly)) == {
        "functions/__init__.py",
        *(f"functions/{folder}/{file}" for file in source(Path("functions") / folder)),
    }


def test_the_core_layer_is_the_source_as_it_is(assembly: Path) -> None:
    assert files(core_of(assembly)) == source(Path("layers/core"))
    assert "python/evenkeel/__init__.py" in files(core_of(assembly))


def test_the_other_layer_is_the_one_of_the_context(assembly: Path) -> None:
    [layer] = assembly.glob("asset.*/python/third_party.py")

    assert files(layer.parents[1]) == {
        "python/third_party.py",
        "python/__pycache__/third_party.cpython-313.pyc",
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_bare_interpreter_imports_a_handler_from_what_is_shipped(
    folder: str, assembly: Path, deps: Path
) -> None:
    """Nothing of this machine is on its path: a package missing in a layer fails here."""
    shipped = [zip_of(folder, assembly), core_of(assembly) / "python", deps / "python"]
    code = IMPORT.format(
        paths=[str(path) for path in shipped],
        module=f"functions.{folder}.handler",
        zip_=str(shipped[0]),
    )

    done = bare_python(code)

    assert done.returncode == 0, done.stderr


def zip_of(folder: str, assembly: Path) -> Path:
    [handler] = assembly.glob(f"asset.*/functions/{folder}/handler.py")
    return handler.parents[2]


def core_of(assembly: Path) -> Path:
    [package] = assembly.glob("asset.*/python/evenkeel")
    return package.parents[1]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def source(folder: Path) -> set[str]:
    return {file for file in files(folder) if "__pycache__" not in file}
