"""`stack.json`: where everything of a running stack is, for people and for programs."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.deploy import Outputs
from infra.local.ministack import REGION

STAGE = "v1"

Stack = dict[str, Any]


def described(url: str, valkey_url: str, outputs: Outputs) -> Stack:
    """All but the keys."""
    flat = {name: value for stack in outputs.values() for name, value in stack.items()}
    # The URL in the outputs is one of AWS's; here the gateway is a path of the emulator.
    api_url = f"{url}/restapis/{flat['ApiId']}/{STAGE}/_user_request_"
    return {
        "apiUrl": api_url,
        "consoleUrl": None,
        "docsUrl": f"{api_url}/docs",
        "awsEndpointUrl": url,
        "region": REGION,
        "valkeyUrl": valkey_url,
        "keys": {},
        "tables": _named(flat, "Table"),
        "functions": _named(flat, "Function"),
        "topics": _named(flat, "Topic"),
        "buses": _named(flat, "Bus"),
        "queues": _named(flat, "Queue"),
    }


def write(path: Path, stack: Stack) -> None:
    """In one step, and for nobody else's eyes: it holds keys."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.touch(mode=0o600)
    unfinished.write_text(f"{json.dumps(stack, indent=2)}\n")
    unfinished.replace(path)


def read(path: Path) -> Stack | None:
    try:
        stack: Stack = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return stack


def _named(outputs: Mapping[str, str], kind: str) -> dict[str, str]:
    """TablePayments becomes payments, FunctionWalletsApi becomes wallets_api."""
    return {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name.removeprefix(kind)).lower(): value
        for name, value in sorted(outputs.items())
        if re.fullmatch(f"{kind}[A-Z][A-Za-z]*", name)
    }
