"""What the bus told is told again: of a time, to all rules or to one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from infra.local.archive import keep_what_is_told
from infra.replay import BUS, CannotReplay, Wish, replay
from tests.emulator import Emulator
from tests.local.queues import Queue, made
from tests.local.waiting import soon

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Bus:
    """The bus of a stack, with an archive, and two consumers behind rules of their own."""

    emulator: Emulator
    queues: dict[str, Queue]

    def tell(self, *ids: str) -> None:
        entries = [
            {"EventBusName": BUS, "Source": "payments", "DetailType": "T", "Detail": detail}
            for detail in (json.dumps({"id": each}) for each in ids)
        ]
        self.emulator.client("events").put_events(Entries=entries)

    def heard(self, rule: str) -> list[str]:
        return sorted(json.loads(body)["detail"]["id"] for body in self.queues[rule].receive())

    def replay(self, wish: Wish) -> str:
        return replay(self.emulator.client("events"), wish, poll_s=0.05)


@pytest.fixture
def bus(request: pytest.FixtureRequest) -> Iterator[Bus]:
    emulator: Emulator = request.getfixturevalue(getattr(request, "param", "emulator"))
    client = emulator.client("events")
    client.create_event_bus(Name=BUS)
    keep_what_is_told(emulator.url)
    queues = {"ours": made(emulator), "theirs": made(emulator)}
    for name, queue in queues.items():
        client.put_rule(Name=name, EventBusName=BUS, EventPattern='{"source": ["payments"]}')
        client.put_targets(Rule=name, EventBusName=BUS, Targets=[{"Id": "q", "Arn": queue.arn}])
    yield Bus(emulator, queues)
    for name in queues:
        client.remove_targets(Rule=name, EventBusName=BUS, Ids=["q"])
        client.delete_rule(Name=name, EventBusName=BUS)
    client.delete_archive(ArchiveName="evenkeel")
    client.delete_event_bus(Name=BUS)


def now() -> datetime:
    return datetime.now(UTC)


def around(moment: datetime, rule: str | None = None) -> Wish:
    return Wish(moment - MINUTE, moment + MINUTE, rule)


def test_a_consumer_behind_a_queue_hears_what_is_told(bus: Bus) -> None:
    bus.tell("a", "b")

    assert soon(lambda: bus.heard("ours") == ["a", "b"])


def test_what_was_told_is_told_again_to_everybody(bus: Bus) -> None:
    bus.tell("a", "b")
    bus.replay(around(now()))

    assert soon(lambda: bus.heard("ours") == ["a", "a", "b", "b"])
    assert soon(lambda: bus.heard("theirs") == ["a", "a", "b", "b"])


def test_a_replay_is_marked_so_that_a_rule_can_tell(bus: Bus) -> None:
    bus.tell("a")
    name = bus.replay(around(now()))

    marks = sorted(
        str(json.loads(each).get("replay-name")) for each in bus.queues["ours"].receive()
    )
    assert marks == sorted(["None", name])


def test_only_the_rule_that_was_named_hears_it_again(bus: Bus) -> None:
    bus.tell("a")
    bus.replay(around(now(), rule="our"))

    assert soon(lambda: bus.heard("ours") == ["a", "a"])
    assert bus.heard("theirs") == ["a"]


@pytest.mark.parametrize("bus", ["bare_emulator"], indirect=True)
def test_bare_everybody_hears_a_replay_for_one(bus: Bus) -> None:
    bus.tell("a")
    bus.replay(around(now(), rule="our"))

    assert soon(lambda: bus.heard("theirs") == ["a", "a"])


def test_what_was_told_at_another_time_is_not_told_again(bus: Bus) -> None:
    bus.tell("a")
    bus.replay(Wish(now() - 2 * MINUTE, now() - MINUTE))

    assert bus.heard("ours") == ["a"]


def test_a_rule_that_is_not_there_is_named_with_those_that_are(bus: Bus) -> None:
    with pytest.raises(CannotReplay, match=r"ours.*theirs"):
        bus.replay(around(now(), rule="nobody"))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "FROM"),
        ({"FROM": "2026-01-01T12:00:00Z"}, "TO"),
        ({"FROM": "yesterday", "TO": "2026-01-01T12:00:00Z"}, "yesterday"),
        ({"FROM": "2026-01-01T12:00:00", "TO": "2026-01-01T13:00:00Z"}, "zone"),
        ({"FROM": "2026-01-01T12:00:00Z", "TO": "2026-01-01T12:00:00Z"}, "not after"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(given: dict[str, str], problem: str) -> None:
    with pytest.raises(CannotReplay, match=problem):
        Wish.read(given)


def test_a_wish_may_leave_the_rule_out() -> None:
    wish = Wish.read(
        {"FROM": "2026-01-01T12:00:00Z", "TO": "2026-01-01T14:00:00+01:00", "RULE": ""}
    )

    assert wish.until - wish.since == timedelta(hours=1)
    assert wish.rule is None
