"""An outage of the wallets from beginning to end, on a stack of its own.

It is told once, by the fixture `outage`; the tests look at what it has left.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Any

import pytest

from infra.local import aws, books
from infra.local.http import Answer, Caller
from infra.local.outage import FUNCTION, without_wallets
from tests.e2e.conftest import Shop, stack_apart
from tests.stack import Stack

BALANCE = 1_000_000
PRICE = 100
CUSTOMER_COUNT = 4
REFUSAL_COUNT = 20
QUEUED_COUNT = 5

# By far more than the breaker's limits ask for: a test machine may be busy.
WAIT_S_MAX = 90.0

BREAKER = "/api/ops/breakers/wallet"
RESPOND_ASYNC = {"Prefer": "respond-async"}
FAILED_PROBE = ["probing", "probe_failed"]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with stack_apart("outage") as apart:
        yield apart


@dataclass(frozen=True)
class Outage:
    """What was answered, and what was there, at each stage.

    Attributes:
        refused: By the open circuit; those that still asked the wallets are not among them.
        asked_count: Payments that did, while every environment knew of the outage.
        probe_count: How often the circuit has let one through meanwhile.
        seen_open: The payments of *refused* and *queued* when the circuit was open.
        repeated: The same requests as *refused*, after the restore, each until it was paid.
        settled: The payments of *queued*, after the restore.
        transitions: Of the whole outage, oldest first.
    """

    wallet: str
    refused: list[Answer]
    asked_count: int
    probe_count: int
    queued: list[Answer]
    seen_open: list[dict[str, Any]]
    balance_open: int
    repeated: list[Answer]
    settled: list[dict[str, Any]]
    transitions: list[dict[str, Any]]
    paid_in_recovery: int


class Story:
    """Customers who go on paying, whatever they are answered."""

    def __init__(self, stack: Stack) -> None:
        self.shop = Shop(Caller(stack["apiUrl"], stack["keys"]["merchant"]), secrets.token_hex(4))
        self.operator = Caller(stack["apiUrl"], stack["keys"]["ops"])
        self.wallet = self.shop.wallet("alice", BALANCE)
        self.numbers = count()
        self.refused: dict[str, Answer] = {}
        self.asked_count = 0
        self.paid_in_recovery = 0

    def told(self, stack: Stack) -> Outage:
        with without_wallets(stack):
            moved_before = len(self.signals())
            until(self.is_open_after_some_more)
            until(self.is_refused_everywhere)
            self.refused.clear()
            probes_before = self.signals().count("probing")
            until(self.is_refused_often)
            probe_count = self.signals().count("probing") - probes_before
            queued = [self.pay(self.new_key(), headers=RESPOND_ASYNC) for _ in range(QUEUED_COUNT)]
            ids = [answer.body["paymentId"] for answer in self.refused.values()]
            seen_open = [self.payment(each) for each in ids + [each.body["id"] for each in queued]]
            balance_open = self.shop.balance(self.wallet)
        until(self.is_closed_after_some_more)
        transitions = self.circuit()["transitions"][::-1][moved_before:]
        queued_ids = [each.body["id"] for each in queued]
        until(lambda: all(self.payment(each)["status"] != "PENDING" for each in queued_ids))
        return Outage(
            self.wallet,
            list(self.refused.values()),
            self.asked_count,
            probe_count,
            queued,
            seen_open,
            balance_open,
            [self.paid_at_last(key) for key in self.refused],
            [self.payment(each) for each in queued_ids],
            transitions,
            self.paid_in_recovery,
        )

    def is_open_after_some_more(self) -> bool:
        self.some_pay()
        return bool(self.circuit()["state"] == "OPEN")

    def is_refused_everywhere(self) -> bool:
        return all(self.is_by_the_circuit(answer) for answer in self.some_pay())

    def is_refused_often(self) -> bool:
        for _ in range(REFUSAL_COUNT - len(self.refused)):
            key = self.new_key()
            answer = self.pay(key)
            if self.is_by_the_circuit(answer):
                self.refused[key] = answer
            else:
                self.asked_count += 1
        return len(self.refused) == REFUSAL_COUNT

    def is_closed_after_some_more(self) -> bool:
        self.paid_in_recovery += [answer.status for answer in self.some_pay()].count(201)
        return bool(self.circuit()["state"] == "CLOSED")

    def paid_at_last(self, key: str) -> Answer:
        """Ask again, as a client does who is told to come again."""
        answers: list[Answer] = []

        def is_paid() -> bool:
            answers.append(self.pay(key))
            return answers[-1].status not in {202, 409, 429, 503}

        until(is_paid)
        return answers[-1]

    def some_pay(self) -> list[Answer]:
        keys = [self.new_key() for _ in range(CUSTOMER_COUNT)]
        with ThreadPoolExecutor(CUSTOMER_COUNT) as pool:
            return list(pool.map(self.pay, keys))

    def pay(self, key: str, headers: dict[str, str] | None = None) -> Answer:
        return self.shop.pay("alice", self.wallet, PRICE, key, headers)

    def new_key(self) -> str:
        return f"k{next(self.numbers)}"

    def payment(self, payment_id: str) -> dict[str, Any]:
        payment: dict[str, Any] = self.shop.caller.get(f"/api/payments/{payment_id}").body
        return payment

    def is_by_the_circuit(self, refusal: Answer) -> bool:
        """Whether the wallets were not asked: the history of the payment says why it waits."""
        path = f"/api/payments/{refusal.body['paymentId']}/events"
        return bool(self.shop.caller.get(path).body["items"][-1]["detail"] == "circuit_open")

    def circuit(self) -> dict[str, Any]:
        return circuit(self.operator)

    def signals(self) -> list[str]:
        return [each["signal"] for each in self.circuit()["transitions"]]


@pytest.fixture(scope="module")
def outage(stack: Stack) -> Outage:
    return Story(stack).told(stack)


def until(is_so: Callable[[], bool]) -> None:
    deadline_at = time.monotonic() + WAIT_S_MAX
    while not is_so():
        assert time.monotonic() < deadline_at, "it has not come about"
        time.sleep(0.1)


def circuit(operator: Caller) -> dict[str, Any]:
    story: dict[str, Any] = operator.get(BREAKER).body
    return story


def forced(operator: Caller, action: str, name: str = "wallet") -> Answer:
    body = {"action": action, "reason": "tested"}
    return operator.post(f"/api/ops/breakers/{name}", body)


def test_an_open_circuit_refuses_and_says_when_to_come_again(outage: Outage) -> None:
    for refusal in outage.refused:
        problem = refusal.body
        assert (refusal.status, problem["code"]) == (503, "wallet_unavailable")
        assert problem["retryable"]
        assert int(refusal.headers["Retry-After"]) >= 1


def test_nobody_but_a_probe_asks_the_wallets_while_it_is_open(outage: Outage) -> None:
    assert len(outage.refused) == REFUSAL_COUNT
    assert outage.asked_count <= outage.probe_count


def test_who_prefers_to_be_told_later_is_queued(outage: Outage) -> None:
    for answer in outage.queued:
        assert (answer.status, answer.body["status"]) == (202, "PENDING")
        assert answer.headers["Preference-Applied"] == "respond-async"
        assert int(answer.headers["Retry-After"]) >= 1


def test_what_is_refused_or_queued_is_pending_and_takes_no_money(outage: Outage) -> None:
    assert {payment["status"] for payment in outage.seen_open} == {"PENDING"}
    assert outage.balance_open == BALANCE


def test_the_circuit_opens_once_and_closes_once(outage: Outage) -> None:
    signals = [each["signal"] for each in outage.transitions]
    tripped, *probes, probing, recovered = signals

    assert [tripped, probing, recovered] == ["tripped", "probing", "recovered"]
    # An outage that outlasts the cool-down is probed, in vain.
    assert probes == FAILED_PROBE * (len(probes) // 2)


def test_the_transitions_tell_the_whole_way_without_a_gap(outage: Outage) -> None:
    ends = [(each["before"], each["after"]) for each in outage.transitions]

    assert (ends[0], ends[-1]) == (("CLOSED", "OPEN"), ("HALF_OPEN", "CLOSED"))
    assert ends[-2] == ("OPEN", "HALF_OPEN")
    for one, next_one in pairwise(outage.transitions):
        assert next_one["before"] == one["after"]
        assert next_one["number"] == one["number"] + 1


def test_the_queued_payments_complete_by_themselves(outage: Outage) -> None:
    assert {payment["status"] for payment in outage.settled} == {"COMPLETED"}


def test_a_refused_payment_goes_on_under_its_key(outage: Outage) -> None:
    before = [answer.body["paymentId"] for answer in outage.refused]

    assert {answer.status for answer in outage.repeated} == {201}
    assert [answer.body["id"] for answer in outage.repeated] == before


def test_each_payment_is_debited_once(outage: Outage, shop: Shop, stack: Stack) -> None:
    paid_count = len(outage.repeated) + len(outage.settled) + outage.paid_in_recovery
    check = shop.caller.get(f"/api/wallets/{outage.wallet}/reconcile").body

    assert shop.balance(outage.wallet) == BALANCE - paid_count * PRICE
    assert check["isBalanced"]
    # The first entry is what the wallet was opened with.
    assert check["entriesChecked"] == 1 + paid_count
    assert books.balanced(stack).are_balanced


def test_no_queued_payment_is_given_up(outage: Outage, stack: Stack) -> None:
    sqs = aws.client("sqs", stack["awsEndpointUrl"])
    found = sqs.get_queue_attributes(
        QueueUrl=stack["queues"]["payment_queue_dead"],
        AttributeNames=["ApproximateNumberOfMessages"],
    )

    assert outage.settled
    assert found["Attributes"]["ApproximateNumberOfMessages"] == "0"


def test_sixty_declined_payments_in_a_row_are_no_outage(shop: Shop, operator: Caller) -> None:
    wallet = shop.wallet("alice", 1)
    before = circuit(operator)

    answers = [shop.pay("alice", wallet, 2, f"k{number}") for number in range(60)]

    after = circuit(operator)
    assert {answer.status for answer in answers} == {402}
    assert (before["state"], after["state"]) == ("CLOSED", "CLOSED")
    assert after["transitions"] == before["transitions"]
    assert after["calls"] == before["calls"]


def test_an_operator_opens_the_circuit_and_sets_it_free(shop: Shop, operator: Caller) -> None:
    wallet = shop.wallet("alice", 1000)
    numbers = count()
    answers: list[Answer] = []

    def is_answered(status: int) -> bool:
        answers.append(shop.pay("alice", wallet, 1, f"k{next(numbers)}"))
        return answers[-1].status == status

    opened = forced(operator, "force-open")
    assert (opened.status, opened.body["state"]) == (200, "FORCED_OPEN")
    until(lambda: is_answered(503))
    refused = answers[-1]
    freed = forced(operator, "auto")
    until(lambda: is_answered(201) and circuit(operator)["state"] == "CLOSED")

    told = [(each["signal"], each["by"]) for each in circuit(operator)["transitions"]][:4][::-1]
    assert (refused.body["code"], refused.body["retryable"]) == ("wallet_unavailable", True)
    assert (freed.status, freed.body["state"]) == (200, "OPEN")
    assert [signal for signal, _ in told] == ["forced_open", "set_free", "probing", "recovered"]
    assert [by for _, by in told[:2]] == ["cli_demo"] * 2
    paid_count = sum(answer.status == 201 for answer in answers)
    assert shop.balance(wallet) == 1000 - paid_count


@pytest.mark.parametrize("name", ["nothing", "WALLET", "wal_1"])
def test_a_circuit_that_does_not_exist_is_not_found(operator: Caller, name: str) -> None:
    looked, moved = operator.get(f"/api/ops/breakers/{name}"), forced(operator, "force-open", name)

    assert (looked.status, looked.body["code"]) == (404, "not_found")
    assert (moved.status, moved.body["code"]) == (404, "not_found")


def test_a_merchant_neither_sees_nor_moves_a_circuit(shop: Shop, operator: Caller) -> None:
    looked, moved = shop.caller.get(BREAKER), forced(shop.caller, "force-open")

    assert (looked.status, looked.body["code"]) == (403, "forbidden")
    assert (moved.status, moved.body["code"]) == (403, "forbidden")
    assert circuit(operator)["state"] == "CLOSED"


def test_the_wallets_are_back_as_they_were_whatever_ends_the_outage(stack: Stack) -> None:
    client = aws.client("lambda", stack["awsEndpointUrl"])
    name = stack["functions"][FUNCTION]

    def concurrency() -> int:
        reserved: int = client.get_function_concurrency(FunctionName=name)[
            "ReservedConcurrentExecutions"
        ]
        return reserved

    def interrupted() -> None:
        with without_wallets(stack):
            seen.append(concurrency())
            raise KeyboardInterrupt

    seen = [concurrency()]
    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert seen == [concurrency(), 0]
    assert seen[0] > 0
