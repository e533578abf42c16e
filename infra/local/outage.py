"""An outage of the wallets, made as on AWS: no execution of their function is allowed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from infra.local import aws
from infra.local.problems import LocalProblem
from infra.local.stackfile import Stack

FUNCTION = "wallet_commands"


@contextmanager
def without_wallets(stack: Stack) -> Iterator[None]:
    """Have the wallet function refused, until the end of the block, however it ends."""
    client = aws.client("lambda", stack["awsEndpointUrl"])
    name = stack["functions"][FUNCTION]
    before = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    if before == 0:
        message = "The wallets are switched off already: make down, and begin anew"
        raise LocalProblem(message)
    # Who is told to end, as by `timeout`, would otherwise end without a finally.
    on_term = signal.signal(signal.SIGTERM, _leave)
    try:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        yield
    finally:
        if before is None:
            client.delete_function_concurrency(FunctionName=name)
        else:
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=before)
        signal.signal(signal.SIGTERM, on_term)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
