"""Reads whose executions are used up, on a stack of their own: payments go on meanwhile.

It is told once, by the fixture `told`; the tests look at what was answered.
"""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from infra.local import aws
from infra.local.http import Answer, Caller
from tests.e2e.conftest import Shop, stack_apart
from tests.stack import Stack

READERS = ("payments_reads", "wallets_reads")

BALANCE = 1000
PRICE = 100
PAYMENT_COUNT = 4


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with stack_apart("bulkhead") as apart:
        yield apart


@contextmanager
def used_up(stack: Stack, function: str) -> Iterator[None]:
    """Leave none of a function's executions to those who call it, as if others had them all."""
    client, name = aws.client("lambda", stack["awsEndpointUrl"]), stack["functions"][function]
    share = client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=share)


@dataclass(frozen=True)
class Told:
    """What was answered.

    Attributes:
        reads: By path, while the executions of all reads were used up.
        moved: To whoever moved money meanwhile, one after another.
        reads_after: By path, when there were executions again.
        balance: Of the wallet then.
    """

    reads: dict[str, Answer]
    moved: list[Answer]
    reads_after: dict[str, Answer]
    balance: int


@pytest.fixture(scope="module")
def told(stack: Stack) -> Told:
    shop = Shop(Caller(stack["apiUrl"], stack["keys"]["merchant"]), secrets.token_hex(4))
    wallet = shop.wallet("alice", BALANCE)
    payment_id = shop.pay("alice", wallet, PRICE, "before").body["id"]
    paths = (
        f"/api/payments/{payment_id}",
        f"/api/payments/{payment_id}/events",
        f"/api/payments/{payment_id}/refunds",
        f"/api/payments/user/{shop.user('alice')}",
        f"/api/wallets/{wallet}",
        f"/api/wallets/{wallet}/transactions",
        f"/api/wallets/{wallet}/reconcile",
    )
    with ExitStack() as shares:
        for function in READERS:
            shares.enter_context(used_up(stack, function))
        reads = {path: shop.caller.get(path) for path in paths}
        moved = [
            *(shop.pay("alice", wallet, PRICE, f"k{number}") for number in range(PAYMENT_COUNT)),
            shop.caller.post(f"/api/payments/{payment_id}/refund", key=shop.key("refund")),
            shop.caller.post(
                "/api/wallets/credit",
                {"walletId": wallet, "amount": PRICE},
                key=shop.key("credit"),
            ),
        ]
    reads_after = {path: shop.caller.get(path) for path in paths}
    return Told(reads, moved, reads_after, shop.balance(wallet))


def test_reads_are_refused_with_a_problem_and_may_come_again(told: Told) -> None:
    for answer in told.reads.values():
        assert answer.status == 429
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"] == "1"
        assert (answer.body["code"], answer.body["retryable"]) == ("rate_limited", True)
        assert answer.body["requestId"] == answer.headers["X-Request-Id"]


def test_money_moves_meanwhile(told: Told) -> None:
    *paid, refunded, credited = told.moved

    assert [answer.status for answer in paid] == [201] * PAYMENT_COUNT
    assert {answer.body["status"] for answer in paid} == {"COMPLETED"}
    assert (refunded.status, credited.status) == (200, 200)


def test_reads_are_answered_again_when_there_is_room(told: Told) -> None:
    assert {answer.status for answer in told.reads_after.values()} == {200}
    assert told.balance == BALANCE - PAYMENT_COUNT * PRICE + PRICE
