"""Makes the clients and keys that a new stack is tried out with."""

import json
from typing import Any

from infra.local import aws
from infra.local.problems import LocalProblem

MONEY = ("payments:read", "payments:write", "wallets:read", "wallets:write", "wallets:fund")
OPERATIONS = ("ops:read", "ops:write")

CLIENTS = {"cli_demo": "Demo merchant", "cli_other": "Other merchant"}

KEYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "merchant": ("cli_demo", MONEY),
    "other": ("cli_other", MONEY),
    "ops": ("cli_demo", MONEY + OPERATIONS),
}


def seed(url: str, access_function: str) -> dict[str, str]:
    """The keys by name; they are shown this once, so whoever wants them has to keep them."""
    for client_id, name in CLIENTS.items():
        command = {"action": "create-client", "clientId": client_id, "name": name}
        _invoke(url, access_function, command)
    return {
        name: _invoke(
            url,
            access_function,
            {"action": "issue-key", "clientId": client_id, "name": name, "scopes": list(scopes)},
        )["key"]
        for name, (client_id, scopes) in KEYS.items()
    }


def _invoke(url: str, function: str, command: dict[str, Any]) -> dict[str, Any]:
    answer = aws.client("lambda", url).invoke(
        FunctionName=function, Payload=json.dumps(command).encode()
    )
    body: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        message = f"The function {function} refused {command['action']}: {body}"
        raise LocalProblem(message)
    return body
