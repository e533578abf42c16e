"""What whoever deploys may choose: CDK context, read and checked in one place."""

from dataclasses import dataclass
from typing import Literal, cast

from constructs import Node

Wallet = Literal["isolated", "inline"]
Network = Literal["public", "vpc"]


class UnknownOption(ValueError):
    """The context asks for something that does not exist."""


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
            deps=str(node.try_get_context("deps") or "build/layers/deps-aws"),
        )


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
