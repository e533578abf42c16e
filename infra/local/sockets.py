"""Loopback ports: a free one, or the one that was asked for."""

import socket

from infra.local.problems import LocalProblem

LOOPBACK = "127.0.0.1"


def listener(port: int | None, *, variable: str) -> socket.socket:
    """A bound socket to hand to a child: nobody else can take the port in between."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((LOOPBACK, port or 0))
    except OSError as error:
        bound.close()
        message = (
            f"Port {port} is taken ({error.strerror}). Choose another one with {variable}=...,"
            f" or leave {variable} out and a free one is found."
        )
        raise LocalProblem(message) from error
    return bound


def free_port() -> int:
    with listener(None, variable="") as bound:
        port: int = bound.getsockname()[1]
        return port
