"""What is told twice again: every consumer of ours ends as it was."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from infra.replay import Wish, replay
from tests.e2e.conftest import Shop
from tests.listener import Listener
from tests.local.waiting import soon
from tests.receivers import Receiver, answer, receiver
from tests.stack import Stack

HEARD_WITHIN_S = 60.0
AMOUNTS = (10, 11, 12, 13)  # Too few, and too different, to be remarkable.
MINUTE = timedelta(minutes=1)


@pytest.fixture
def receiving() -> Iterator[Receiver]:
    with receiver(answer(200)) as found:
        yield found


@pytest.fixture
def shop(quiet_shop: Shop) -> Shop:
    return quiet_shop


@pytest.fixture
def webhook(shop: Shop, receiving: Receiver) -> Iterator[str]:
    """The path of a webhook that wants to hear of everything."""
    created = shop.caller.post(
        "/api/webhooks", {"url": receiving.url, "events": ["*"]}, key=shop.key("webhook")
    )
    path = f"/api/webhooks/{created.body['id']}"
    yield path
    assert shop.caller.send("DELETE", path).status == 200


def test_what_is_told_twice_again_is_delivered_once(
    shop: Shop,
    stack: Stack,
    listener: Listener,
    receiving: Receiver,
    webhook: str,
    client: Callable[[str], Any],
) -> None:
    began_at = datetime.now(UTC)
    wallet_id = shop.wallet("alice", 1000)
    ids = {shop.pay("alice", wallet_id, each, f"k{each}").body["id"] for each in AMOUNTS}

    def told() -> list[str]:
        """Return the ids of our payments' events as they came by on the bus, repeats and all."""
        return [each["id"] for each in listener.listen() if each["data"].get("id") in ids]

    def delivered() -> list[str]:
        """Return the ids of our payments' events that the receiver has got."""
        return [
            each.headers["webhook-id"]
            for each in list(receiving.received)
            if any(f'"id":"{payment_id}"'.encode() in each.body for payment_id in ids)
        ]

    def has_come_by(times: int) -> bool:
        return len(told()) == times * expected

    expected = 2 * len(AMOUNTS)  # PaymentCreated and PaymentCompleted.
    assert soon(lambda: len(delivered()) == expected, within_s=HEARD_WITHIN_S)
    assert soon(lambda: len(told()) == expected)
    first = sorted(told())

    for times in (2, 3):
        now = datetime.now(UTC)
        replay(client("events"), Wish(began_at - MINUTE, now + MINUTE), poll_s=0.1)
        assert soon(partial(has_come_by, times), within_s=HEARD_WITHIN_S)
    queue = stack["queues"]["webhook_events"]
    assert soon(lambda: is_empty(client("sqs"), queue), within_s=HEARD_WITHIN_S)

    assert sorted(told()) == sorted(first * 3)
    assert sorted(delivered()) == first
    assert shop.balance(wallet_id) == 1000 - sum(AMOUNTS)


def is_empty(sqs: Any, queue_url: str) -> bool:
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=counts)["Attributes"]
    return all(found[name] == "0" for name in counts)
