"""What whoever deploys may choose: CDK context, read and checked in one place."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Literal, cast

from constructs import Node

Wallet = Literal["isolated", "inline"]
Network = Literal["public", "vpc"]

# Where the runtime's own code is, as it will be in the layer.
CORE = Path("layers/core/python")
CHECK_CIRCUIT = """\
import json, sys
from evenkeel.resilience.limits import Limits, OutOfRange
try:
    Limits.from_mapping(json.load(sys.stdin))
except OutOfRange as error:
    sys.exit(str(error))
"""


class UnknownOption(ValueError):
    """The context asks for something that does not exist."""


class LayerMissing(ValueError):
    """The layer of third-party packages is built before, not by, the synthesis."""


@dataclass(frozen=True)
class Options:
    """What was chosen, or else the defaults."""

    wallet: Wallet
    """`isolated`: payments invokes the wallet function. `inline`: it is its own wallet."""
    network: Network
    circuit: Mapping[str, float]
    """What is different about the wallets' circuit; names and ranges are the runtime's to know."""
    deps: str

    @classmethod
    def from_context(cls, node: Node) -> "Options":
        return cls(
            wallet=cast("Wallet", _choice(node, "wallet", ("isolated", "inline"))),
            network=cast("Network", _choice(node, "network", ("public", "vpc"))),
            circuit=_circuit(node),
            deps=_deps(node),
        )


def _circuit(node: Node) -> dict[str, float]:
    """Limits with which the runtime can work; others would make every payment fail.

    The runtime knows, and is not imported here: what will be deployed is asked, as it is.
    """
    circuit = _numbers(node, "circuit")
    if not circuit:
        return circuit
    text = json.dumps(circuit)
    done = subprocess.run(  # noqa: S603 - the command is ours, and no shell reads it.
        (sys.executable, "-B", "-c", CHECK_CIRCUIT),
        cwd=CORE,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"context circuit={text} is impossible: {done.stderr.strip()}"
        raise UnknownOption(message)
    return circuit


def _deps(node: Node) -> str:
    """The folder of the built layer: the one for Lambda, unless the context names another."""
    folder = str(node.try_get_context("deps") or "build/layers/deps-aws")
    if not Path(folder).is_dir():
        message = f"{folder} is not built yet: run `python -m infra.layers aws` (or local)"
        raise LayerMissing(message)
    return folder


def _numbers(node: Node, name: str) -> dict[str, float]:
    """A JSON object: as text from the command line, as it is from a file."""
    given = node.try_get_context(name)
    if given is None:
        return {}
    found = _parsed(given) if isinstance(given, str) else given
    if not isinstance(found, dict) or not all(map(_is_number, found.values())):
        message = (
            f"context {name}={given!r} is no JSON object of numbers: "
            f"say {name}='{{\"cool_down_s\": 10}}'"
        )
        raise UnknownOption(message)
    return found


def _parsed(text: str) -> object:
    try:
        parsed: object = json.loads(text)
    except json.JSONDecodeError:
        return None
    return parsed


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _choice(node: Node, name: str, allowed: tuple[str, ...]) -> str:
    """The first one is the default."""
    given = node.try_get_context(name)
    if given is None:
        return allowed[0]
    if given not in allowed:
        expected = " or ".join(allowed)
        message = f"context {name}={given!r} is unknown: say {name}={expected}"
        raise UnknownOption(message)
    return str(given)
