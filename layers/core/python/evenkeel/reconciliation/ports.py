"""What reconciliation needs from the outside, beside the log of changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentKey
from evenkeel.reconciliation.account_sums import AccountKey, Reading
from evenkeel.reconciliation.changes import Change
from evenkeel.reconciliation.mismatch import Mismatch
from evenkeel.reconciliation.run import Run, Window
from evenkeel.wallets.model import Wallet

# The tables, each in segments of its own.
FULL_PART_COUNT = 24
JOURNAL_PART_COUNT = FULL_PART_COUNT // 3


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """Where a transfer or an account is: its owner is a part of its key."""

    client_id: str
    id: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What is stored is not what we write there."""

    reason: str


@dataclass(frozen=True, slots=True)
class StoredWallet:
    """A wallet, and what is kept beside its counters so that conditions can compare it."""

    wallet: Wallet
    available_minor: int


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Some of the mismatches in a report.

    Attributes:
        beyond: Where the next page begins, if there may be one.
    """

    mismatches: Sequence[Mismatch]
    beyond: str | None


class Books(Protocol):
    """Payments, journal and wallets as they are stored, a hundred at a time. Nothing is written.

    What does not exist is missing from an answer. Any number of keys may be asked for. A strong
    read has seen every write that was answered before it began.

    Every method may raise StoreBusy.
    """

    def payments(
        self, keys: Sequence[PaymentKey], *, strong: bool
    ) -> Mapping[PaymentKey, Payment | Unreadable]: ...

    def records(
        self, keys: Sequence[ObjectKey], *, strong: bool
    ) -> Mapping[ObjectKey, Record | Unreadable]: ...

    def wallets(
        self, keys: Sequence[ObjectKey], *, strong: bool
    ) -> Mapping[ObjectKey, StoredWallet | Unreadable]: ...

    def all(self, part: int, after: str | None) -> Iterator[tuple[str, Change]]:
        """Yield everything in one of FULL_PART_COUNT parts of the tables, each with its place.

        A part begun anew behind a place goes on there; the order is the same each time.
        """

    def overdue(self, since: datetime, until: datetime, shard: int) -> Iterator[Change]:
        """Yield the payments of a shard that somebody must look after in [since, until)."""

    def accounts(
        self, after: str | None
    ) -> Iterator[tuple[str | None, Sequence[tuple[AccountKey, Reading]]]]:
        """Yield the accounts that are folded from the journal, as they are now, page by page.

        Each page comes with the place behind which the next one begins, the last one with none;
        there is at least one page, and it may be empty. Begun anew behind a place it goes on
        there. Read strongly consistent.
        """

    def accounts_of(self, keys: Iterable[AccountKey]) -> Mapping[AccountKey, Reading]:
        """Return those accounts as they are now, strongly consistent."""

    def journal(
        self, part: int, after: str | None
    ) -> Iterator[tuple[str | None, Sequence[Transfer]]]:
        """Yield the transfers of one of JOURNAL_PART_COUNT parts of the journal, page by page.

        Pages have places, as those of `accounts`. Read strongly consistent, and without what
        is not as we write it.
        """


class StepStore(Protocol):
    """What the steps of a run leave behind for the next ones. It forgets after some days.

    Every method may raise StoreBusy, every write StoreUnconfirmed.
    """

    def save(self, name: str, pages: Sequence[Mapping[str, Any]]) -> None:
        """Keep what a step has found: at least one page, below 400 KB of JSON each.

        All of them take the place of what was kept under the name, or none does.
        """

    def load(self, name: str) -> Sequence[Mapping[str, Any]]:
        """Return what was kept under the name."""


class RunStore(Protocol):
    """Runs, each by its id. Every method may raise StoreBusy, every write StoreUnconfirmed."""

    def add(self, run: Run) -> Run:
        """Record a new run, and return what is stored under its id: this one, or an earlier one."""

    def get(self, run_id: str) -> Run | None:
        """Return a run as it is now, strongly consistent."""

    def save(self, run: Run) -> None:
        """Record how far a run has come.

        Raises:
            VersionConflict: The stored run is not the one before it.
        """

    def latest(self, client_id: str | None, limit: int, before: str | None) -> Sequence[Run]:
        """Return runs that a client has asked for, or those of the schedule, newest first.

        They are older than the one that is `Run.listed_as` so; eventually consistent.
        """

    def unfinished(self) -> Iterator[Run]:
        """Yield the runs that are not over, the oldest first; eventually consistent."""

    def watermark(self) -> datetime | None:
        """Return up to when the scheduled runs have looked at all that was changed."""

    def move_watermark(self, until: datetime) -> None:
        """Say how far they have come; it never goes back."""


class MismatchStore(Protocol):
    """Mismatches, each by its id. Every method may raise StoreBusy, each write StoreUnconfirmed."""

    def get(self, client_id: str, mismatch_id: str) -> Mismatch | None:
        """Return a mismatch as it is now, strongly consistent."""

    def add(self, mismatch: Mismatch) -> Mismatch:
        """Record a new one, and return what is stored under its id."""

    def save(self, mismatch: Mismatch) -> None:
        """Record a changed one.

        Raises:
            VersionConflict: The stored one is not the one before it.
        """

    def unsettled(self, client_id: str | None) -> Iterator[Mismatch]:
        """Yield those that are open, or of whose end nobody has been told, oldest first."""

    def file(self, run_id: str, place: str, mismatch: Mismatch) -> bool:
        """Keep a mismatch, as it is now, in the report of a run.

        Returns:
            Whether it is there for the sake of this place in the run, and of no other one.
        """

    def of_report(self, run_id: str, client_id: str, limit: int, beyond: str | None) -> ReportPage:
        """Return a client's mismatches in the report of a run, as they are now, gravest first."""


class ReportStream(Protocol):
    """What was written to runs and mismatches: one as it was before, if it was there, and after.

    Nothing for a record that is not about one. Both may raise UnreadableRecord: it is about one,
    and brings none as we write them.
    """

    def runs(self, raw: Mapping[str, Any]) -> tuple[Run | None, Run] | None: ...

    def mismatches(self, raw: Mapping[str, Any]) -> tuple[Mismatch | None, Mismatch] | None: ...


class RunWatch(Protocol):
    """Told of runs, so that logs and metrics stay out of them. It never fails."""

    def completed(self, run: Run) -> None:
        """Say that one of the schedule's is over; again, if it is asked for again."""

    def failed(self, error: Exception) -> None:
        """Say that one could not go on, whoever has asked for it."""


class RunCaller(Protocol):
    """Has a run done by somebody else, while nobody waits for it.

    Every method may raise StoreBusy, and StoreUnconfirmed when it may be done all the same.
    """

    def begin(self, run_id: str, client_id: str, window: Window) -> None:
        """Ask for a run over the objects of one client."""

    def resume(self, run_id: str) -> None:
        """Ask for the rest of a run."""
