"""The bus: all that can be told is told, in order, whatever becomes of some of it."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from mypy_boto3_events import EventBridgeClient

from evenkeel.adapters.eventbridge.bus import EventBridgeBus
from evenkeel.adapters.eventbridge.entry import ENTRIES_BYTES_MAX
from evenkeel.errors import BusBusy, BusUnconfirmed
from evenkeel.events.model import Event, EventType, Subject
from tests.fakes.clock import NOON
from tests.fakes.event_bus import EventBridge
from tests.fakes.retry import instant_retry

SEND = "PutEvents"


def event(object_id: str, version: int = 1, **data: Any) -> Event:
    subject = Subject("cli_a", object_id, version)
    return Event.of(EventType.PAYMENT_CREATED, subject, NOON, {"id": object_id, **data})


def events(count: int) -> list[Event]:
    return [event(f"pay_{number}") for number in range(count)]


@pytest.fixture
def client() -> EventBridge:
    return EventBridge()


@pytest.fixture
def bus(client: EventBridge) -> EventBridgeBus:
    return EventBridgeBus(cast("EventBridgeClient", client), "evenkeel", instant_retry())


def told(client: EventBridge) -> list[tuple[str, int]]:
    return [(detail["data"]["id"], detail["version"]) for detail in client.taken]


def refused(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, SEND)


def failing(object_id: str, code: str, *, times: int) -> Callable[[dict[str, Any]], str | None]:
    """Let nothing of this object through, so many times."""
    left = iter([code] * times)
    return lambda detail: next(left, None) if detail["data"]["id"] == object_id else None


def lost() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="https://events.example")


def test_events_are_told_ten_at_a_time(bus: EventBridgeBus, client: EventBridge) -> None:
    assert bus.publish(events(23)) == []

    assert [len(call) for call in client.calls] == [10, 10, 3]
    assert told(client) == [(f"pay_{number}", 1) for number in range(23)]


def test_nothing_to_tell_is_no_call(bus: EventBridgeBus, client: EventBridge) -> None:
    assert bus.publish([]) == []

    assert client.calls == []


def test_an_entry_is_found_by_source_and_type_and_has_the_time_of_what_happened(
    bus: EventBridgeBus, client: EventBridge
) -> None:
    told_event = event("pay_a")
    bus.publish([told_event])
    [[entry]] = client.calls

    assert entry.pop("Detail") == json.dumps(told_event.envelope(), separators=(",", ":"))
    assert entry == {
        "EventBusName": "evenkeel",
        "Source": "payments",
        "DetailType": "PaymentCreated",
        "Time": NOON,
    }


def test_no_two_events_of_one_object_are_in_one_call(
    bus: EventBridgeBus, client: EventBridge
) -> None:
    """In one call the second may be taken and the first may fail."""
    bus.publish([event("pay_a", 1), event("pay_a", 2), event("pay_b", 1), event("pay_a", 3)])

    assert told(client) == [("pay_a", 1), ("pay_b", 1), ("pay_a", 2), ("pay_a", 3)]
    assert [len(call) for call in client.calls] == [2, 1, 1]


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure", "NeverHeardOf"])
def test_an_entry_that_was_not_taken_is_sent_again_and_nothing_of_its_object_before_it(
    bus: EventBridgeBus, client: EventBridge, code: str
) -> None:
    client.judge = failing("pay_a", code, times=2)
    assert bus.publish([event("pay_a", 1), event("pay_a", 2), event("pay_b"), event("pay_c")]) == []

    assert told(client) == [("pay_b", 1), ("pay_c", 1), ("pay_a", 1), ("pay_a", 2)]


def test_what_is_taken_is_not_sent_again_beside_what_was_not(
    bus: EventBridgeBus, client: EventBridge
) -> None:
    client.judge = failing("pay_3", "ThrottlingException", times=1)
    bus.publish(events(10))

    assert [len(call) for call in client.calls] == [10, 1]


def test_the_batch_must_come_again_if_an_entry_is_never_taken_and_its_neighbours_are_told(
    bus: EventBridgeBus, client: EventBridge
) -> None:
    client.judge = lambda detail: "ThrottlingException" if detail["data"]["id"] == "pay_3" else None
    with pytest.raises(BusBusy) as met:
        bus.publish(events(25))

    assert len(told(client)) == 24
    assert "ThrottlingException" in str(met.value.__notes__)


@pytest.mark.parametrize("code", ["MalformedDetail", "InvalidArgument"])
def test_what_the_bus_will_never_take_is_handed_back_and_in_nobodys_way(
    bus: EventBridgeBus, client: EventBridge, code: str
) -> None:
    client.judge = lambda detail: code if detail["version"] == 2 else None
    [refusal] = bus.publish([event("pay_a", 1), event("pay_a", 2), event("pay_a", 3), event("b")])

    assert (refusal.event, refusal.reason) == (event("pay_a", 2), code)
    assert told(client) == [("pay_a", 1), ("b", 1), ("pay_a", 3)]


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_missing_right_costs_no_event(
    bus: EventBridgeBus, client: EventBridge, code: str
) -> None:
    """All would be handed back at once, and with them what the bus would take tomorrow."""
    client.judge = lambda _: code

    with pytest.raises(BusBusy):
        bus.publish(events(3))


@pytest.mark.parametrize(
    "bad",
    [
        event("bad", text="x" * ENTRIES_BYTES_MAX),
        event("bad", text="é" * (ENTRIES_BYTES_MAX // 2)),
        event("bad", amount=float("nan")),
        event("bad", when=NOON),
        event("bad", text="\ud800"),
    ],
    ids=["too large", "too large in bytes", "not a number", "not JSON", "half a character"],
)
def test_what_cannot_be_sent_is_handed_back_without_being_sent(
    bus: EventBridgeBus, client: EventBridge, bad: Event
) -> None:
    refusals = bus.publish([event("a"), bad, event("b"), bad])

    assert [refusal.event for refusal in refusals] == [bad, bad]
    assert told(client) == [("a", 1), ("b", 1)]


def test_a_call_is_no_larger_than_the_bus_takes(bus: EventBridgeBus, client: EventBridge) -> None:
    large = [event(f"pay_{number}", text="x" * 100_000) for number in range(5)]
    assert bus.publish(large) == []

    assert [len(call) for call in client.calls] == [2, 2, 1]
    for call in client.calls:
        assert sum(len(entry["Detail"].encode()) for entry in call) <= ENTRIES_BYTES_MAX


def test_the_largest_event_that_the_bus_takes_is_told(
    bus: EventBridgeBus, client: EventBridge
) -> None:
    around = len(json.dumps(event("a", text="").envelope(), separators=(",", ":")))
    room = ENTRIES_BYTES_MAX - around - len("payments") - len("PaymentCreated") - 14

    assert bus.publish([event("a", text="x" * room)]) == []
    assert len(bus.publish([event("a", text="x" * (room + 1))])) == 1


def test_a_call_that_was_turned_away_is_made_again(
    bus: EventBridgeBus, client: EventBridge
) -> None:
    client.faults = [
        refused("ThrottlingException"),
        EndpointConnectionError(endpoint_url="https://events.example"),
        None,
    ]
    bus.publish(events(3))

    assert len(told(client)) == 3


def test_a_call_whose_answer_was_lost_is_made_again_with_the_same_events(
    bus: EventBridgeBus, client: EventBridge
) -> None:
    client.lost_answers = [lost()]
    bus.publish([event("pay_a", 1), event("pay_a", 2)])

    assert told(client) == [("pay_a", 1), ("pay_a", 1), ("pay_a", 2)]
    assert client.taken[0] == client.taken[1]


def test_the_batch_must_come_again_if_nobody_knows_what_became_of_it(
    bus: EventBridgeBus, client: EventBridge
) -> None:
    client.lost_answers = [lost() for _ in range(9)]

    with pytest.raises(BusUnconfirmed):
        bus.publish(events(1))


def test_a_mistake_of_ours_is_no_busy_bus(bus: EventBridgeBus, client: EventBridge) -> None:
    client.faults = [refused("AccessDeniedException", 403)]

    with pytest.raises(ClientError):
        bus.publish(events(1))


def test_a_call_that_is_refused_for_one_of_its_entries_is_made_entry_by_entry(
    bus: EventBridgeBus, client: EventBridge
) -> None:
    invalid = refused("ValidationException")
    client.faults = [invalid, None, invalid, None]
    [refusal] = bus.publish([event("a"), event("b"), event("c")])

    assert refusal.event == event("b")
    assert told(client) == [("a", 1), ("c", 1)]


def test_an_answer_that_leaves_an_entry_out_is_no_answer(
    bus: EventBridgeBus, client: EventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}
    monkeypatch.setattr(client, "put_events", lambda **_: answer)

    with pytest.raises(BusUnconfirmed):
        bus.publish(events(2))


def test_an_entry_that_was_given_no_id_was_not_taken(
    bus: EventBridgeBus, client: EventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer: dict[str, Any] = {"FailedEntryCount": 0, "Entries": [{}]}
    monkeypatch.setattr(client, "put_events", lambda **_: answer)

    with pytest.raises(BusBusy):
        bus.publish(events(1))
