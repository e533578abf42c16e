"""Asks for a reconciliation now, as its rules do by themselves."""

import json
from typing import Any

from infra.local import aws
from infra.local.problems import LocalProblem
from infra.local.stackfile import Stack

# Every five minutes what was changed, every hour a day of changes, every night everything.
PASSES = ("recent", "day", "all")
RUN_S_MAX = 900.0


def reconcile(stack: Stack, pass_: str) -> dict[str, Any]:
    """Do a run of the schedule, or what is left of it, and return what it says of itself."""
    if pass_ not in PASSES:
        message = f"PASS={pass_!r}: the passes are {', '.join(PASSES)}"
        raise LocalProblem(message)
    client = aws.client("lambda", stack["awsEndpointUrl"], read_timeout_s=RUN_S_MAX)
    answer = client.invoke(
        FunctionName=stack["functions"]["reconciliation"],
        Payload=json.dumps({"command": "schedule", "pass": pass_}).encode(),
    )
    body = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        message = f"The run failed: {body['errorType']}: {body['errorMessage']}"
        raise LocalProblem(message)
    return dict(body)


def in_words(run: dict[str, Any]) -> str:
    payments = "1 payment" if run["payments"] == 1 else f"{run['payments']} payments"
    found = "1 mismatch" if run["mismatched"] == 1 else f"{run['mismatched']} mismatches"
    return f"{run['id']} looked at {payments}: {found}."
