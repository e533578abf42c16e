"""Ten thousand payments through an outbox that fails in every way that it can.

The stream, the bus and the death of the function are models, seeded; what reads, maps and
publishes is the code that is shipped. What must be told is written down by the stories
themselves, not by the code under test.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from mypy_boto3_events import EventBridgeClient

from evenkeel import bootstrap
from evenkeel.adapters.dynamodb.payment_item import PaymentItem
from evenkeel.adapters.eventbridge.bus import EventBridgeBus
from evenkeel.errors import (
    BusBusy,
    BusUnconfirmed,
    Declined,
    DeclineReason,
    StoreBusy,
    StoreUnconfirmed,
)
from evenkeel.payments import refunding
from evenkeel.payments.leases import Lease
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import RefundOrder
from evenkeel.reconciliation.changes import Change
from functions.payment_stream.handler import handler
from tests.context import Context
from tests.fakes.change_log import InMemoryChangeLog
from tests.fakes.clock import NOON
from tests.fakes.event_bus import EventBridge, Shelf
from tests.fakes.retry import instant_retry
from tests.faults import Killed
from tests.payments import order

PAYMENT_COUNT = 10_000
SHARD_COUNT = 4
BATCH_COUNT_MAX = 48
POISON_SHARE = 0.002

Raw = dict[str, Any]
Telling = tuple[str, int]  # A type, and the version that it is told of.


@dataclass
class Story:
    """What becomes of one payment, image by image, and what has to be told of it."""

    images: list[Payment]
    told: list[Telling] = field(default_factory=list)

    def then(self, payment: Payment, *types: str) -> None:
        self.images.append(payment)
        self.told += [(type_, payment.version) for type_ in types]


def story(number: int, rng: random.Random) -> Story:
    now = NOON + timedelta(milliseconds=number)
    wish = order(f"{number}", f"cli_{number % 7}", wallet_id="wal_a")
    if rng.random() < 0.7:
        payment = Payment.created_and_claimed(wish, now, "request-1")
    else:
        payment = Payment.created(wish, now)
    told = Story([payment], [("PaymentCreated", 1)])
    if rng.random() < 0.1 and payment.lease is None:
        told.then(payment.expired(now), "PaymentCancelled")
        return told
    while rng.random() < 0.2:
        payment = payment if payment.lease else payment.claimed("wal_a", now, "request-2")
        told.then(payment.released(now, "the circuit is open"))
        payment = told.images[-1]
    if payment.lease is None:
        payment = payment.claimed("wal_a", now, "request-3")
        told.then(payment)
    if rng.random() < 0.2:
        refusal = Declined(DeclineReason.INSUFFICIENT_FUNDS, "not enough")
        told.then(payment.declined(now, refusal), "PaymentFailed")
        return told
    told.then(payment.debited(now, f"trf_{number}"), "PaymentCompleted")
    for turn in range(rng.choice((0, 0, 0, 1, 2))):
        refund(told, RefundOrder(f"ref_{number}_{turn}", "same", 100), rng)
    return told


def refund(told: Story, wish: RefundOrder, rng: random.Random) -> None:
    lease = Lease.taken("request-4", NOON)
    begun = refunding.begun(told.images[-1], wish, lease, NOON)
    told.then(begun)
    asked = begun.refunds[wish.refund_id]
    if rng.random() < 0.2:
        told.then(refunding.released(begun, asked, NOON, "the circuit is open"))
        return
    told.then(refunding.succeeded(begun, asked, NOON), "PaymentRefunded")


def records(story: Story) -> Iterator[Raw]:
    before: Raw | None = None
    for payment in story.images:
        after = PaymentItem.of(payment).to_dynamodb_dict()
        change = {"Keys": {"id": after["id"]}, "NewImage": after}
        change |= {"OldImage": before} if before else {}
        yield {"eventName": "MODIFY" if before else "INSERT", "dynamodb": change}
        before = after


def poison(rng: random.Random, number: int) -> Raw:
    broken: list[Raw] = [
        {"eventName": "REMOVE", "dynamodb": {"OldImage": {"id": {"S": f"cli_a/pay_{number}"}}}},
        {"eventName": "INSERT", "dynamodb": {"NewImage": {"id": {"N": "1"}}}},
        {"eventName": "MODIFY", "dynamodb": {}},
        {"eventName": "INSERT"},
    ]
    return rng.choice(broken) | {"poison": number}


def shards(stories: Sequence[Story], rng: random.Random) -> list[list[Raw]]:
    """Lay the stories into the shards as a busy table does: each in its order, all mixed up."""
    found: list[list[Raw]] = [[] for _ in range(SHARD_COUNT)]
    waiting = [(number % SHARD_COUNT, list(records(each))) for number, each in enumerate(stories)]
    open_: list[tuple[int, list[Raw]]] = []
    number = 0
    while waiting or open_:
        while waiting and len(open_) < 50:
            open_.append(waiting.pop(0) if len(waiting) < 50 else waiting.pop())
        shard, rest = rng.choice(open_)
        found[shard].append(rest.pop(0))
        if not rest:
            open_.remove((shard, rest))
        if rng.random() < POISON_SHARE:
            found[shard].append(poison(rng, number))
            number += 1
    for place, shard_records in enumerate(found):
        for index, raw in enumerate(shard_records):
            raw["eventID"] = f"{place}-{index}"
    return found


class BadBus(EventBridge):
    """Every call may fail as a whole, or in part, or end the function right before or after."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng
        self.judge = self._judged
        self.is_well = False

    def put_events(self, *, Entries: Sequence[Raw]) -> Raw:  # noqa: N803 - botocore's.
        draw = 1.0 if self.is_well else self._rng.random()
        if draw < 0.05:
            raise self._rng.choice((throttled(), unreachable(), Killed()))
        answer = super().put_events(Entries=Entries)
        self.calls.clear()  # Ten thousand payments of them are of no use to anybody.
        if draw < 0.10:
            raise self._rng.choice((lost(), Killed()))
        return answer

    def _judged(self, detail: Raw) -> str | None:
        if self.is_well or self._rng.random() > 0.05:
            return None
        return self._rng.choice(("ThrottlingException", "InternalFailure", "InternalException"))


class BadShelf(Shelf):
    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng

    def put(self, record: Any, *, reason: str) -> None:
        if self._rng.random() < 0.1:
            raise StoreBusy
        super().put(record, reason=reason)


class BadLog(InMemoryChangeLog):
    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng
        self.seen: set[Change] = set()

    def note(self, changes: Sequence[Change], now: datetime) -> None:
        draw = self._rng.random()
        if draw < 0.05:
            raise StoreBusy
        self.seen |= set(changes)  # Pages of ten thousand payments are of no use to anybody.
        if draw < 0.10:
            raise StoreUnconfirmed


def throttled() -> ClientError:
    answer: Any = {"Error": {"Code": "ThrottlingException"}}
    return ClientError(answer, "PutEvents")


def unreachable() -> EndpointConnectionError:
    return EndpointConnectionError(endpoint_url="https://events.example")


def lost() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="https://events.example")


def read_to_the_end(shard: Sequence[Raw], rng: random.Random) -> int:
    """Deliver as Lambda does, until all is done: what failed comes again, cut to any length."""
    at, failure_count = 0, 0
    while at < len(shard):
        batch = shard[at : at + rng.randint(1, BATCH_COUNT_MAX)]
        try:
            handler({"Records": batch}, Context())
        except (BusBusy, BusUnconfirmed, StoreBusy, StoreUnconfirmed, Killed):
            failure_count += 1
            continue
        at += len(batch)
    return failure_count


@pytest.mark.parametrize("seed", [1])
def test_no_event_is_lost_and_no_two_of_one_id_differ(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)  # noqa: S311 - A simulation has to repeat itself.
    bus, shelf, log = BadBus(rng), BadShelf(rng), BadLog(rng)
    attempts = EventBridgeBus(cast("EventBridgeClient", bus), "evenkeel", instant_retry(2))
    monkeypatch.setattr(bootstrap, "event_bus", lambda: attempts)
    monkeypatch.setattr(bootstrap, "quarantine", lambda: shelf)
    monkeypatch.setattr(bootstrap, "change_log", lambda: log)
    stories = [story(number, rng) for number in range(PAYMENT_COUNT)]
    expected = {each.images[0].id: each.told for each in stories}
    poisoned = 0
    failure_count = 0
    for shard in shards(stories, rng):
        poisoned += sum("poison" in raw for raw in shard)
        failure_count += read_to_the_end(shard, rng)

    first_heard, contents = heard(bus.taken)
    assert first_heard == expected  # None lost, none made up, each object in its order.
    assert all(len(each) == 1 for each in contents.values())
    assert len(contents) == sum(map(len, expected.values()))
    assert {record["poison"] for record, _ in shelf.kept} == set(range(poisoned))
    assert {change.object_id for change in log.seen} == set(expected)
    # It was a hard time: otherwise all of this would prove nothing.
    assert failure_count > 300
    assert len(bus.taken) > 1.1 * len(contents)
    assert poisoned > 30


def heard(taken: Sequence[Raw]) -> tuple[dict[str, list[Telling]], dict[str, set[str]]]:
    """Return what was heard of each payment, repeats aside, and all that was said under each id."""
    first: dict[str, list[Telling]] = defaultdict(list)
    contents: dict[str, set[str]] = defaultdict(set)
    for detail in taken:
        if detail["id"] not in contents:
            first[detail["data"]["id"]].append((detail["type"], detail["version"]))
        contents[detail["id"]].add(repr(detail))
    return dict(first), contents
