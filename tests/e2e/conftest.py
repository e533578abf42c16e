import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from infra.local import aws
from infra.local.http import Answer, Caller
from infra.local.stack import LocalStack, Ports
from tests.listener import Listener, listening
from tests.stack import Stack


@contextmanager
def stack_apart(name: str) -> Iterator[Stack]:
    """Not the one that other tests run on meanwhile: something of it is about to fail."""
    local = LocalStack(f"{name}-{os.getpid()}")
    yield local.up(Ports())
    local.down()
    local.files.forget()


@dataclass(frozen=True)
class Shop:
    """A client of the API, with users and keys that no other test has."""

    caller: Caller
    run: str

    def user(self, name: str) -> str:
        return f"{name}-{self.run}"

    def key(self, name: str) -> str:
        return f"{name}-{self.run}"

    def wallet(self, name: str, balance: int = 0, currency: str = "EUR") -> str:
        answer = self.caller.post(
            "/api/wallets/create",
            {"userId": self.user(name), "currency": currency, "initialBalance": balance},
        )
        wallet_id: str = answer.body["id"]
        return wallet_id

    def balance(self, wallet_id: str) -> int:
        balance: int = self.caller.get(f"/api/wallets/{wallet_id}").body["balance"]
        return balance

    def pay(
        self,
        name: str,
        wallet_id: str,
        amount: int,
        key: str,
        headers: Mapping[str, str] | None = None,
        **fields: object,
    ) -> Answer:
        """Create a payment of the user, and have it debited, in one call."""
        body = {
            "userId": self.user(name),
            "merchantId": "corner-cafe",
            "amount": amount,
            "currency": "EUR",
            "walletId": wallet_id,
            "process": True,
            **fields,
        }
        keyed = {"Idempotency-Key": self.key(key)} | dict(headers or {})
        return self.caller.send("POST", "/api/payments", json.dumps(body).encode(), keyed)


@pytest.fixture
def shop(stack: Stack) -> Shop:
    return Shop(Caller(stack["apiUrl"], stack["keys"]["merchant"]), secrets.token_hex(4))


@pytest.fixture
def quiet_shop(stack: Stack) -> Shop:
    """Of a client that pays nothing in other tests, so that its receivers hear of nothing else."""
    return Shop(Caller(stack["apiUrl"], stack["keys"]["other"]), secrets.token_hex(4))


@pytest.fixture
def stranger(stack: Stack) -> Caller:
    """Another client, with all the scopes of money."""
    return Caller(stack["apiUrl"], stack["keys"]["other"])


@pytest.fixture
def operator(stack: Stack) -> Caller:
    return Caller(stack["apiUrl"], stack["keys"]["ops"])


@pytest.fixture
def client(stack: Stack) -> Callable[[str], Any]:
    return lambda service: aws.client(service, stack["awsEndpointUrl"])


@pytest.fixture
def listener(stack: Stack, client: Callable[[str], Any]) -> Iterator[Listener]:
    with listening(client, stack["buses"]["evenkeel"]) as listener:
        yield listener
