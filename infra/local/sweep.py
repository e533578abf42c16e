"""Asks the sweeper for a sweep now, as its rule does every minute."""

import json

from infra.local import aws
from infra.local.problems import LocalProblem
from infra.local.stackfile import Stack

COMMAND = {"command": "sweep"}

# A sweep takes no longer: it is over before the next one.
SWEEP_S_MAX = 60.0

# What can have become of a payment, in the order in which it is told.
OUTCOMES = ("completed", "declined", "expired", "resumed", "left", "stuck")


def sweep(stack: Stack) -> dict[str, int]:
    """How many payments were looked at, and what has become of them."""
    client = aws.client("lambda", stack["awsEndpointUrl"], read_timeout_s=SWEEP_S_MAX)
    answer = client.invoke(
        FunctionName=stack["functions"]["sweeper"], Payload=json.dumps(COMMAND).encode()
    )
    body = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        message = f"The sweep failed: {body['errorType']}: {body['errorMessage']}"
        raise LocalProblem(message)
    return {name: int(body[name]) for name in ("looked", *OUTCOMES)}


def in_words(swept: dict[str, int]) -> str:
    payments = "1 payment" if swept["looked"] == 1 else f"{swept['looked']} payments"
    outcomes = ", ".join(f"{swept[name]} {name}" for name in OUTCOMES)
    return f"Looked at {payments}: {outcomes}."
