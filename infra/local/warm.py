"""Calls every function once or more, so that the first real request does not pay for the start."""

import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from infra.local import aws
from infra.local.problems import LocalProblem
from infra.local.stackfile import Stack

# Reads of what does not exist: they open every connection and leave nothing behind.
PATHS = ("/api/payments/pay_warm", "/api/wallets/wal_warm", "/api/ops/health", "/health")

# Environments of each function that the API calls; the others start when they are needed.
CALLER_COUNT = 2
TIME_S_MAX = 30.0


def warm(stack: Stack) -> None:
    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(_get, stack, path) for path in PATHS for _ in range(CALLER_COUNT)] + [
            pool.submit(_start, stack, "wallet_commands")
        ]
        for call in calls:
            call.result()


def _get(stack: Stack, path: str) -> None:
    request = urllib.request.Request(  # noqa: S310
        f"{stack['apiUrl']}{path}", headers={"X-API-Key": stack["keys"]["ops"]}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIME_S_MAX):  # noqa: S310
            pass
    except urllib.error.HTTPError as answer:
        if answer.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            message = f"GET {path} was answered {answer.code}: {answer.read().decode()}"
            raise LocalProblem(message) from answer


def _start(stack: Stack, function: str) -> None:
    """It refuses an empty command, but then it has been imported."""
    client = aws.client("lambda", stack["awsEndpointUrl"])
    client.invoke(FunctionName=stack["functions"][function], Payload=b"{}")
