"""Wallets that answer after the caller has given up, on a stack of their own.

It is told once, of a late request and of a late answer; the tests look at what it has left.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from infra.local import books
from infra.local.http import Answer, Caller
from infra.local.sweep import sweep
from tests.e2e.conftest import Shop, stack_apart
from tests.e2e.slow_line import Slow, slow_line
from tests.stack import Stack

BALANCE = 1000
PRICE = 100

WAIT_S_MAX = 90.0


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with stack_apart("late") as apart:
        yield apart


@dataclass(frozen=True)
class Told:
    """What has become of one payment.

    Attributes:
        accepted: To the client, when the payments had given up.
        late: What the wallets answered, to nobody.
        balance: After that, when nobody had asked for a sweep yet.
        settled: The payment after a sweep.
        events: Until then: the client has not come back.
        repeated: To the same request, sent again after that.
    """

    wallet: str
    accepted: Answer
    late: list[dict[str, Any]]
    balance: int
    settled: dict[str, Any]
    events: list[dict[str, Any]]
    repeated: Answer


class Customer:
    """Buys one thing, and may ask for it again."""

    def __init__(self, shop: Shop, name: str) -> None:
        self._shop = shop
        self._name = name
        self.wallet = shop.wallet(name, BALANCE)

    def pay(self) -> Answer:
        return self._shop.pay(self._name, self.wallet, PRICE, self._name)

    def balance(self) -> int:
        return self._shop.balance(self.wallet)


@pytest.fixture(scope="module")
def told(stack: Stack) -> Mapping[Slow, Told]:
    shop = Shop(Caller(stack["apiUrl"], stack["keys"]["merchant"]), secrets.token_hex(4))
    customers = {slow: Customer(shop, slow.name) for slow in Slow}
    with slow_line(stack) as line:
        assert Customer(shop, "unhindered").pay().status == 201
        line.slow = {customer.wallet: slow for slow, customer in customers.items()}
        with ThreadPoolExecutor() as pool:
            answers = pool.map(Customer.pay, customers.values())
            accepted = dict(zip(customers, answers, strict=True))
        until(lambda: all(line.late[customer.wallet] for customer in customers.values()))
        balances = {slow: customer.balance() for slow, customer in customers.items()}
    paths = {slow: f"/api/payments/{answer.body['id']}" for slow, answer in accepted.items()}

    def are_settled() -> bool:
        sweep(stack)
        return all(shop.caller.get(path).body["status"] != "PROCESSING" for path in paths.values())

    until(are_settled)
    return {
        slow: Told(
            customer.wallet,
            accepted[slow],
            line.late[customer.wallet],
            balances[slow],
            shop.caller.get(paths[slow]).body,
            shop.caller.get(f"{paths[slow]}/events").body["items"],
            customer.pay(),
        )
        for slow, customer in customers.items()
    }


@pytest.fixture(params=Slow, ids=lambda slow: f"late {slow.name.lower()}")
def story(told: Mapping[Slow, Told], request: pytest.FixtureRequest) -> Told:
    slow: Slow = request.param
    return told[slow]


def until(is_so: Callable[[], bool]) -> None:
    deadline_at = time.monotonic() + WAIT_S_MAX
    while not is_so():
        assert time.monotonic() < deadline_at, "it has not come about"
        time.sleep(0.1)


def test_the_client_is_told_that_the_outcome_is_open_and_when_to_ask(story: Told) -> None:
    assert (story.accepted.status, story.accepted.body["status"]) == (202, "PROCESSING")
    assert int(story.accepted.headers["Retry-After"]) >= 1
    assert "Preference-Applied" not in story.accepted.headers


def test_the_wallets_have_debited_and_said_so_when_nobody_listened(story: Told) -> None:
    assert story.late
    for answer in story.late:
        assert (answer["outcome"], answer["transferId"]) == ("posted", story.settled["transferId"])
    assert story.balance == BALANCE - PRICE


def test_a_sweep_completes_the_payment_although_its_client_has_not_come_back(story: Told) -> None:
    assert story.settled["status"] == "COMPLETED"
    assert story.settled["amountCaptured"] == PRICE
    assert [each["event"] for each in story.events] == [
        "created",
        "claimed",
        "left_open",
        "completed",
    ]


def test_the_same_request_is_a_replay_of_the_payment_as_it_was_completed(story: Told) -> None:
    assert story.repeated.status == 201
    assert story.repeated.headers["Idempotent-Replayed"] == "true"
    assert story.repeated.body == story.settled


def test_there_is_one_debit(story: Told, shop: Shop, stack: Stack) -> None:
    listed = shop.caller.get(f"/api/wallets/{story.wallet}/transactions").body["items"]
    check = shop.caller.get(f"/api/wallets/{story.wallet}/reconcile").body

    debits = [each["transferId"] for each in listed if each["paymentId"]]
    assert debits == [story.settled["transferId"]]
    assert shop.balance(story.wallet) == BALANCE - PRICE
    assert check["isBalanced"]
    # The first entry is what the wallet was opened with.
    assert check["entriesChecked"] == 2
    assert books.balanced(stack).are_balanced
