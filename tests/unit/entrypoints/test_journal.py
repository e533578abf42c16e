from collections.abc import Mapping
from typing import Any

import pytest

from evenkeel import bootstrap
from evenkeel.entrypoints import journal
from evenkeel.entrypoints.journal import fold_batch
from evenkeel.errors import LedgerBusy, StoreBusy
from evenkeel.ledger.folding import Folding
from evenkeel.ledger.ports import JournalRecord, UnreadableRecord
from evenkeel.ledger.transfer import Leg, Transfer, TransferKind
from evenkeel.money import Money
from tests.fakes.clock import NOON
from tests.fakes.fold_store import InMemoryFoldStore
from tests.fakes.retry import instant_retry
from tests.unit.logs import Logs

COFFEE = ("cli_a", "merchant:coffee:EUR")


class Stream:
    """Reads the records of these tests: a number is a transfer, a minus a decline."""

    def read(self, raw: Mapping[str, Any]) -> JournalRecord | None:
        if raw["said"] == "-":
            return None
        if not raw["said"].isdecimal():
            raise UnreadableRecord(raw["said"])
        number = int(raw["said"])
        transfer = Transfer(
            id=f"trf_{number}",
            client_id="cli_a",
            kind=TransferKind.PAYMENT,
            debit=Leg("wal_alice"),
            credit=Leg("merchant:coffee:EUR"),
            amount=Money(number, "EUR"),
            posted_at=NOON,
            fingerprint="same",
        )
        return JournalRecord(number, transfer)


class Shelf:
    def __init__(self) -> None:
        self.kept: list[tuple[Mapping[str, Any], str]] = []

    def put(self, record: Mapping[str, Any], *, reason: str) -> None:
        self.kept.append((record, reason))


class FullShelf(Shelf):
    def put(self, record: Mapping[str, Any], *, reason: str) -> None:
        raise StoreBusy


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


def batch(*said: str) -> list[dict[str, Any]]:
    return [{"eventID": f"event {each}", "said": each} for each in said]


def test_a_batch_is_folded(store: InMemoryFoldStore, shelf: Shelf) -> None:
    fold_batch(batch("1", "-", "3"))

    assert store.totals == {COFFEE: (0, 4)}
    assert shelf.kept == []


def test_what_nobody_can_read_is_set_aside_whole_and_stands_in_nobodys_way(
    store: InMemoryFoldStore, shelf: Shelf
) -> None:
    fold_batch(batch("1", "?", "3"))

    assert store.totals == {COFFEE: (0, 4)}
    assert shelf.kept == [({"eventID": "event ?", "said": "?"}, "?")]


def test_a_batch_of_declines_changes_nothing(store: InMemoryFoldStore, shelf: Shelf) -> None:
    fold_batch(batch("-", "-"))

    assert store.totals == {}


def test_the_batch_must_come_again_if_it_could_not_be_folded(
    store: InMemoryFoldStore, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "folding", lambda: Folding(BusyStore(), instant_retry()))

    with pytest.raises(LedgerBusy):
        fold_batch(batch("1"))


def test_the_batch_must_come_again_if_a_record_could_not_be_set_aside(
    store: InMemoryFoldStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "quarantine", FullShelf)

    with pytest.raises(StoreBusy):
        fold_batch(batch("?", "1"))

    assert store.totals == {}


def test_the_log_counts_what_came_and_what_was_new(
    store: InMemoryFoldStore, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = Logs(monkeypatch, journal.logger)
    fold_batch(batch("1", "?", "-", "3"))
    quarantined, last = logs.lines

    assert quarantined["event_id"] == "event ?"
    assert (last["records"], last["transfers"]) == (4, 2)
