"""Calls every function before the first real request does, which then need not wait."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus

from infra.local import aws
from infra.local.http import Caller
from infra.local.problems import LocalProblem
from infra.local.stackfile import Stack

# About what does not exist: they open every connection and leave nothing behind.
CALLS = (
    ("POST", "/api/payments/pay_warm/void"),
    ("GET", "/api/payments/pay_warm"),
    ("POST", "/api/wallets/wal_warm/freeze"),
    ("GET", "/api/wallets/wal_warm"),
    ("GET", "/api/ops/health"),
)

# At once of each; environments for more callers start when they come.
CALLER_COUNT = 2

# At once. More would be no sooner done on two cores, and keep waiting whoever makes the keys.
IMPORT_COUNT = 2


@contextmanager
def importing(url: str, functions: Mapping[str, str]) -> Iterator[None]:
    """Have the functions imported in the meantime.

    They refuse an empty event, or sweep up where nothing lies about, but then they have begun.
    """
    client = aws.client("lambda", url)
    with ThreadPoolExecutor(IMPORT_COUNT) as pool:
        for name in functions.values():
            pool.submit(client.invoke, FunctionName=name, Payload=b"{}")
        yield


def warm(stack: Stack) -> None:
    with ThreadPoolExecutor() as pool:
        for call in [pool.submit(_call, stack, *call) for call in CALLS * CALLER_COUNT]:
            call.result()


def _call(stack: Stack, method: str, path: str) -> None:
    answer = Caller(stack["apiUrl"], stack["keys"]["ops"]).send(method, path)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        message = f"{method} {path} was answered {answer.status}: {answer.text}"
        raise LocalProblem(message)
