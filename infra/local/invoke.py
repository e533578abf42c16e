"""Invokes a function of the running stack, as whoever has the right to could on AWS."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local import aws
from infra.local.paths import ROOT
from infra.local.problems import LocalProblem
from infra.local.stackfile import Stack

SAMPLES = ROOT / "events"

# No function of ours may take longer.
ANSWER_S_MAX = 60.0


@dataclass(frozen=True)
class Answer:
    body: Any
    log: str
    is_error: bool


def invoke(stack: Stack, *, folder: str, event: str) -> Answer:
    """Ask a function, named by its folder; the event is a file, or a sample's name."""
    if folder not in stack["functions"]:
        known = ", ".join(sorted(stack["functions"]))
        message = f"FN={folder!r} is no function: {known}"
        raise LocalProblem(message)
    client = aws.client("lambda", stack["awsEndpointUrl"], read_timeout_s=ANSWER_S_MAX)
    answer = client.invoke(
        FunctionName=stack["functions"][folder],
        Payload=_payload(event),
        LogType="Tail",
    )
    return Answer(
        body=json.loads(answer["Payload"].read() or b"null"),
        log=base64.b64decode(answer.get("LogResult", "")).decode(),
        is_error="FunctionError" in answer,
    )


def _payload(event: str) -> bytes:
    for path in (Path(event), SAMPLES / f"{event}.json"):
        if event and path.is_file():
            return path.read_bytes()
    known = ", ".join(sorted(path.stem for path in SAMPLES.glob("*.json")))
    message = f"EVENT={event!r} is neither a file nor a sample: {known}"
    raise LocalProblem(message)
