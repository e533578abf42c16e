from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from evenkeel import bootstrap
from evenkeel.entrypoints import outbox
from evenkeel.entrypoints.outbox import note_batch, publish_batch
from evenkeel.errors import BusBusy, StoreBusy
from evenkeel.events.model import Event, EventType, Subject
from evenkeel.events.ports import UnreadableRecord
from evenkeel.reconciliation.changes import Change, ChangedObject
from tests.fakes.change_log import InMemoryChangeLog
from tests.fakes.clock import NOON
from tests.fakes.event_bus import RecordedBus, Shelf
from tests.unit.logs import Logs


@pytest.fixture(autouse=True)
def bus(monkeypatch: pytest.MonkeyPatch) -> RecordedBus:
    bus = RecordedBus()
    monkeypatch.setattr(bootstrap, "event_bus", lambda: bus)
    return bus


@pytest.fixture(autouse=True)
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()
    monkeypatch.setattr(bootstrap, "quarantine", lambda: shelf)
    return shelf


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> InMemoryChangeLog:
    log = InMemoryChangeLog()
    monkeypatch.setattr(bootstrap, "change_log", lambda: log)
    return log


class Changes:
    """Reads which record it is, whatever it says; but a ! is nobody's."""

    def read(self, raw: Mapping[str, Any]) -> Change:
        if raw["said"] == "!":
            raise UnreadableRecord("nobody's")
        return changed(raw["eventID"])


def changed(record: str) -> Change:
    return Change("cli_a", ChangedObject.PAYMENT, record)


def read(raw: Mapping[str, Any]) -> Sequence[Event]:
    """A digit is so many events, and anything else nobody can read."""
    return [
        Event.of(EventType.PAYMENT_CREATED, Subject("cli_a", raw["eventID"], number), NOON, {})
        for number in range(1, int(raw["said"]) + 1)
    ]


def batch(*said: str) -> list[dict[str, Any]]:
    return [{"eventID": f"record {place}", "said": each} for place, each in enumerate(said)]


def test_a_batch_is_told_in_its_order(bus: RecordedBus, shelf: Shelf) -> None:
    publish_batch(batch("1", "0", "2"), read)

    assert [(event.object_id, event.version) for event in bus.events] == [
        ("record 0", 1),
        ("record 2", 1),
        ("record 2", 2),
    ]
    assert shelf.kept == []


def test_a_batch_with_nothing_to_tell_asks_nothing_of_the_bus(bus: RecordedBus) -> None:
    bus.fault = BusBusy()

    publish_batch(batch("0", "0"), read)


def test_what_nobody_can_read_is_set_aside_whole_and_its_neighbours_are_told(
    bus: RecordedBus, shelf: Shelf
) -> None:
    publish_batch(batch("1", "?", "1"), read)

    assert [event.object_id for event in bus.events] == ["record 0", "record 2"]
    [(record, reason)] = shelf.kept
    assert record == {"eventID": "record 1", "said": "?"}
    assert "'?'" in reason


def test_what_the_bus_will_never_take_is_set_aside_as_the_record_that_it_comes_from(
    bus: RecordedBus, shelf: Shelf
) -> None:
    bus.refused_types = {"PaymentCreated"}
    publish_batch(batch("1"), read)

    assert shelf.kept == [
        ({"eventID": "record 0", "said": "1"}, "the bus refused it: too large"),
    ]


def test_nothing_is_set_aside_before_the_rest_is_told(bus: RecordedBus, shelf: Shelf) -> None:
    """Or a busy bus would fill the quarantine with copies."""
    bus.fault = BusBusy()
    with pytest.raises(BusBusy):
        publish_batch(batch("?", "1"), read)

    assert shelf.kept == []


def test_the_batch_must_come_again_if_a_record_could_not_be_set_aside(shelf: Shelf) -> None:
    shelf.fault = StoreBusy()

    with pytest.raises(StoreBusy):
        publish_batch(batch("?", "1"), read)


def test_what_was_changed_is_noted_whether_it_can_be_told_or_not(
    bus: RecordedBus, log: InMemoryChangeLog
) -> None:
    publish_batch(batch("1", "0", "?"), read, Changes())

    assert log.noted == {changed(f"record {place}") for place in range(3)}
    assert [event.object_id for event in bus.events] == ["record 0"]


def test_nothing_is_told_or_set_aside_before_it_is_noted(
    bus: RecordedBus, shelf: Shelf, log: InMemoryChangeLog
) -> None:
    log.fault = StoreBusy()
    with pytest.raises(StoreBusy):
        publish_batch(batch("1", "?"), read, Changes())

    assert bus.events == []
    assert shelf.kept == []


def test_a_bus_that_is_down_hides_no_change(bus: RecordedBus, log: InMemoryChangeLog) -> None:
    bus.fault = BusBusy()
    with pytest.raises(BusBusy):
        publish_batch(batch("1"), read, Changes())

    assert log.noted == {changed("record 0")}


def test_a_change_of_nobodys_object_is_set_aside_and_its_neighbours_are_noted(
    shelf: Shelf, log: InMemoryChangeLog
) -> None:
    note_batch(batch("1", "!", "1"), Changes())

    assert log.noted == {changed("record 0"), changed("record 2")}
    assert shelf.kept == [({"eventID": "record 1", "said": "!"}, "nobody's")]


def test_a_batch_that_is_only_noted_asks_nothing_of_the_bus(
    bus: RecordedBus, log: InMemoryChangeLog
) -> None:
    bus.fault = BusBusy()
    note_batch(batch("1", "2"), Changes())

    assert log.noted == {changed("record 0"), changed("record 1")}


def test_what_is_only_told_is_noted_nowhere(log: InMemoryChangeLog) -> None:
    log.fault = StoreBusy()

    publish_batch(batch("1"), read)


def test_the_log_names_what_is_set_aside_and_counts_what_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logs = Logs(monkeypatch, outbox.logger)
    publish_batch(batch("2", "?"), read, Changes())
    aside, published = logs.lines

    assert (aside["level"], aside["event_id"]) == ("ERROR", "record 1")
    assert (published["changes"], published["events"], published["set_aside"]) == (2, 2, 1)
