"""What whoever deploys may choose: CDK context, read and checked in one place."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from constructs import Node

Wallet = Literal["isolated", "inline"]
Network = Literal["public", "vpc"]


class UnknownOption(ValueError):
    """The context asks for something that does not exist."""


class LayerMissing(ValueError):
    """The layer of third-party packages is built before, not by, the synthesis."""


@dataclass(frozen=True)
class Options:
    """`isolated`: payments invokes the wallet function. `inline`: it is its own wallet."""

    wallet: Wallet
    network: Network
    deps: str

    @classmethod
    def from_context(cls, node: Node) -> "Options":
        return cls(
            wallet=cast("Wallet", _choice(node, "wallet", ("isolated", "inline"))),
            network=cast("Network", _choice(node, "network", ("public", "vpc"))),
            deps=_deps(node),
        )


def _deps(node: Node) -> str:
    """The folder of the built layer: the one for Lambda, unless the context names another."""
    folder = str(node.try_get_context("deps") or "build/layers/deps-aws")
    if not Path(folder).is_dir():
        message = f"{folder} is not built yet: run `python -m infra.layers aws` (or local)"
        raise LayerMissing(message)
    return folder


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
