from collections.abc import Mapping
from typing import Any

import pytest

from evenkeel import bootstrap
from evenkeel.entrypoints import journal
from evenkeel.entrypoints.journal import fold_and_publish
from evenkeel.errors import BusBusy, LedgerBusy, StoreBusy
from evenkeel.events.model import EventType, Severity
from evenkeel.events.once import AlertsOnce
from evenkeel.events.ports import UnreadableRecord
from evenkeel.ledger.folding import Folding
from evenkeel.ledger.ports import JournalRecord, JournalTampered, Tampering
from evenkeel.ledger.transfer import Entry, Leg, Transfer, TransferKind
from evenkeel.money import Money
from evenkeel.reconciliation.changes import Change, ChangedObject
from tests.fakes.change_log import InMemoryChangeLog
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.event_bus import InMemoryAlertMarks, RecordedAlerts, RecordedBus, Shelf
from tests.fakes.fold_store import InMemoryFoldStore
from tests.fakes.retry import instant_retry
from tests.unit.logs import Logs

COFFEE = ("cli_a", "merchant:coffee:EUR")
ENTRY = Entry(1, None, 60, 0, 2, "ACTIVE", "f" * 64)
TAMPERING = Tampering("cli_a", "trf_9", "REMOVE", "111", NOON, {"id": {"S": "cli_a/trf_9"}}, None)


class Stream:
    """Reads the records of these tests: a number is a transfer, a minus a decline, ! a crime."""

    def read(self, raw: Mapping[str, Any]) -> JournalRecord | None:
        if raw["said"] == "-":
            return None
        if raw["said"] == "!":
            raise JournalTampered(TAMPERING)
        if not raw["said"].isdecimal():
            raise UnreadableRecord(raw["said"])
        number = int(raw["said"])
        transfer = Transfer(
            id=f"trf_{number}",
            client_id="cli_a",
            kind=TransferKind.PAYMENT,
            debit=Leg("wal_alice", ENTRY),
            credit=Leg("merchant:coffee:EUR"),
            amount=Money(number, "EUR"),
            posted_at=NOON,
            fingerprint="same",
        )
        return JournalRecord(number, transfer)


class Changes:
    """Reads what a record is called, whatever else can be read of it."""

    def read(self, raw: Mapping[str, Any]) -> Change:
        return changed(raw["said"])


def changed(said: str) -> Change:
    return Change("cli_a", ChangedObject.RECORD, f"trf_{said}")


class BusyStore(InMemoryFoldStore):
    def fold(self, receipt: Any, movements: Any) -> None:
        raise LedgerBusy


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> InMemoryFoldStore:
    store = InMemoryFoldStore()
    monkeypatch.setattr(bootstrap, "journal_stream", Stream)
    monkeypatch.setattr(bootstrap, "folding", lambda: Folding(store, instant_retry()))
    return store


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()
    monkeypatch.setattr(bootstrap, "quarantine", lambda: shelf)
    return shelf


@pytest.fixture(autouse=True)
def bus(monkeypatch: pytest.MonkeyPatch) -> RecordedBus:
    bus = RecordedBus()
    monkeypatch.setattr(bootstrap, "event_bus", lambda: bus)
    return bus


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> InMemoryChangeLog:
    log = InMemoryChangeLog()
    monkeypatch.setattr(bootstrap, "change_log", lambda: log)
    monkeypatch.setattr(bootstrap, "journal_changes", Changes)
    return log


@pytest.fixture(autouse=True)
def alerts(monkeypatch: pytest.MonkeyPatch) -> RecordedAlerts:
    alerts = RecordedAlerts()
    marks = InMemoryAlertMarks()
    monkeypatch.setattr(bootstrap, "alerts", lambda: alerts)
    monkeypatch.setattr(bootstrap, "alerts_once", lambda: AlertsOnce(alerts, marks, ManualClock()))
    return alerts


def batch(*said: str) -> list[dict[str, Any]]:
    return [{"eventID": f"event {each}", "said": each} for each in said]


def test_a_batch_is_folded(store: InMemoryFoldStore, shelf: Shelf) -> None:
    fold_and_publish(batch("1", "-", "3"))

    assert store.totals == {COFFEE: (0, 4)}
    assert shelf.kept == []


def test_what_nobody_can_read_is_set_aside_whole_and_stands_in_nobodys_way(
    store: InMemoryFoldStore, shelf: Shelf
) -> None:
    fold_and_publish(batch("1", "?", "3"))

    assert store.totals == {COFFEE: (0, 4)}
    assert shelf.kept == [({"eventID": "event ?", "said": "?"}, "?")]


def test_a_batch_of_declines_changes_nothing(store: InMemoryFoldStore, shelf: Shelf) -> None:
    fold_and_publish(batch("-", "-"))

    assert store.totals == {}


def test_the_batch_must_come_again_if_it_could_not_be_folded(
    store: InMemoryFoldStore, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "folding", lambda: Folding(BusyStore(), instant_retry()))

    with pytest.raises(LedgerBusy):
        fold_and_publish(batch("1"))


def test_the_batch_must_come_again_if_a_record_could_not_be_set_aside(
    store: InMemoryFoldStore, shelf: Shelf, bus: RecordedBus
) -> None:
    """What could be done is done by then, and doing it again changes nothing."""
    shelf.fault = StoreBusy()
    with pytest.raises(StoreBusy):
        fold_and_publish(batch("?", "1"))

    assert store.totals == {COFFEE: (0, 1)}
    assert [event.object_id for event in bus.events] == ["trf_1"]


def test_what_was_posted_is_told(store: InMemoryFoldStore, shelf: Shelf, bus: RecordedBus) -> None:
    fold_and_publish(batch("1", "-", "?", "3"))

    assert [event.object_id for event in bus.events] == ["trf_1", "trf_3"]


def test_nothing_is_told_before_it_is_folded(
    store: InMemoryFoldStore, shelf: Shelf, bus: RecordedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a table that is busy would have the bus told the same again and again."""
    monkeypatch.setattr(bootstrap, "folding", lambda: Folding(BusyStore(), instant_retry()))
    with pytest.raises(LedgerBusy):
        fold_and_publish(batch("1"))

    assert bus.events == []


def test_every_change_is_noted_whatever_it_is(
    store: InMemoryFoldStore, shelf: Shelf, log: InMemoryChangeLog
) -> None:
    fold_and_publish(batch("1", "-", "?", "!"))

    assert log.noted == {changed(said) for said in "1-?!"}


def test_nothing_is_noted_before_it_is_folded_and_nothing_told_before_it_is_noted(
    store: InMemoryFoldStore,
    shelf: Shelf,
    bus: RecordedBus,
    log: InMemoryChangeLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or a run would look at an account that has not got its share yet."""
    with monkeypatch.context() as patched:
        patched.setattr(bootstrap, "folding", lambda: Folding(BusyStore(), instant_retry()))
        with pytest.raises(LedgerBusy):
            fold_and_publish(batch("1"))
    assert log.noted == set()

    log.fault = StoreBusy()
    with pytest.raises(StoreBusy):
        fold_and_publish(batch("1", "?"))
    assert store.totals == {COFFEE: (0, 1)}
    assert (bus.events, shelf.kept) == ([], [])

    log.fault = None
    fold_and_publish(batch("1", "?"))
    assert store.totals == {COFFEE: (0, 1)}
    assert log.noted == {changed("1"), changed("?")}
    assert [event.object_id for event in bus.events] == ["trf_1"]


def test_the_batch_must_come_again_if_it_could_not_be_told(
    store: InMemoryFoldStore, shelf: Shelf, bus: RecordedBus
) -> None:
    bus.fault = BusBusy()
    with pytest.raises(BusBusy):
        fold_and_publish(batch("?", "1"))

    bus.fault = None
    fold_and_publish(batch("?", "1"))
    assert store.totals == {COFFEE: (0, 1)}
    assert [event.object_id for event in bus.events] == ["trf_1"]
    assert len(shelf.kept) == 1


def test_a_record_that_can_be_folded_but_not_shown_is_folded_and_set_aside(
    store: InMemoryFoldStore, shelf: Shelf, bus: RecordedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(transfer: Transfer) -> Mapping[str, Any]:
        if transfer.id == "trf_2":
            raise ValueError("a wallet without an entry")
        return {}

    monkeypatch.setattr(journal, "shown_transfer", shown)
    fold_and_publish(batch("1", "2", "3"))

    assert store.totals == {COFFEE: (0, 6)}
    assert [event.object_id for event in bus.events] == ["trf_1", "trf_3"]
    assert [reason for _, reason in shelf.kept] == ["a wallet without an entry"]


def test_what_was_done_to_the_ledger_is_told_alerted_and_kept(
    store: InMemoryFoldStore, shelf: Shelf, bus: RecordedBus, alerts: RecordedAlerts
) -> None:
    fold_and_publish(batch("1", "!", "3"))

    assert store.totals == {COFFEE: (0, 4)}
    assert [event.type for event in bus.events] == [
        EventType.TRANSFER_POSTED,
        EventType.LEDGER_TAMPERED,
        EventType.TRANSFER_POSTED,
    ]
    assert bus.events[1].data["before"] == TAMPERING.before
    [alert] = alerts.alerts
    assert (alert.severity, alert.type) == (Severity.CRITICAL, "LedgerTampered")
    assert (alert.client_id, alert.object_id) == ("cli_a", "trf_9")
    assert bus.events[1].id in alert.detail
    [(record, _)] = shelf.kept
    assert record["said"] == "!"


def test_what_was_done_and_cannot_be_shown_is_alerted_and_kept_and_stands_in_nobodys_way(
    store: InMemoryFoldStore,
    shelf: Shelf,
    bus: RecordedBus,
    alerts: RecordedAlerts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def shown(tampering: Tampering) -> Mapping[str, Any]:
        raise ValueError(f"a set is no JSON: {tampering.before}")

    monkeypatch.setattr(journal, "shown_tampering", shown)
    fold_and_publish(batch("1", "!", "3"))

    assert store.totals == {COFFEE: (0, 4)}
    assert [event.object_id for event in bus.events] == ["trf_1", "trf_3"]
    [alert] = alerts.alerts
    assert (alert.severity, alert.object_id) == (Severity.CRITICAL, "trf_9")
    assert {record["said"] for record, _ in shelf.kept} == {"!"}


def test_people_hear_of_it_once_whatever_else_is_down(
    store: InMemoryFoldStore,
    shelf: Shelf,
    bus: RecordedBus,
    alerts: RecordedAlerts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "folding", lambda: Folding(BusyStore(), instant_retry()))
    bus.fault = BusBusy()
    for _ in range(2):
        with pytest.raises(LedgerBusy):
            fold_and_publish(batch("!", "1"))

    assert len(alerts.alerts) == 1


def test_the_batch_must_come_again_if_people_could_not_be_told(
    store: InMemoryFoldStore, shelf: Shelf, alerts: RecordedAlerts
) -> None:
    alerts.fault = BusBusy()
    with pytest.raises(BusBusy):
        fold_and_publish(batch("!", "1"))

    assert store.totals == {COFFEE: (0, 1)}


def test_the_log_counts_what_came_and_what_was_new(
    store: InMemoryFoldStore, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = Logs(monkeypatch, journal.logger)
    fold_and_publish(batch("1", "?", "-", "3"))
    [aside] = [line for line in logs.lines if line["message"] == "set aside"]
    [folded] = [line for line in logs.lines if line["message"] == "folded"]

    assert aside["event_id"] == "event ?"
    assert (folded["records"], folded["transfers"]) == (4, 2)
