"""Makes the clients and keys that a new stack is tried out with."""

import json
from collections.abc import Mapping
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


def seed(url: str, functions: Mapping[str, str]) -> dict[str, str]:
    """The keys by name; they are shown this once, so whoever wants them has to keep them."""
    client = aws.client("lambda", url)

    def command(action: str, **fields: Any) -> dict[str, Any]:
        return _invoke(client, functions["access_commands"], {"action": action, **fields})

    for client_id, name in CLIENTS.items():
        command("create-client", clientId=client_id, name=name)
    return {
        name: command("issue-key", clientId=client_id, name=name, scopes=list(scopes))["key"]
        for name, (client_id, scopes) in KEYS.items()
    }


def _invoke(client: Any, function: str, command: dict[str, Any]) -> dict[str, Any]:
    answer = client.invoke(FunctionName=function, Payload=json.dumps(command).encode())
    body: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        message = f"The function {function} refused {command['action']}: {body}"
        raise LocalProblem(message)
    return body
