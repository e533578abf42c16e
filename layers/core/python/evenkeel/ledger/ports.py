"""What the ledger needs from the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from evenkeel.events.ports import UnreadableRecord
from evenkeel.ledger.accounts import AccountKind
from evenkeel.ledger.transfer import Transfer


@dataclass(frozen=True, slots=True)
class Movement:
    """What a run of transfers adds to one account, in minor units; an account has one currency.

    What is pending can fall below zero for a moment: the end of a hold may come first,
    from another shard.
    """

    client_id: str
    account_id: str
    kind: AccountKind
    currency: str
    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0


@dataclass(frozen=True, slots=True)
class JournalRecord:
    sequence: int  # Rises along one shard of the stream; says nothing across shards.
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class Mark:
    """A transfer's place in the stream; sequence numbers rise along one shard only."""

    sequence: int
    transfer_id: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one fold has taken in, in the order of the stream. It is named after the first."""

    marks: Sequence[Mark]

    @property
    def name(self) -> str:
        return self.marks[0].transfer_id

    @property
    def through(self) -> int:
        return self.marks[-1].sequence

    def behind(self, sequence: int) -> Receipt:
        """Return the part of it that comes after *sequence*."""
        return Receipt([mark for mark in self.marks if mark.sequence > sequence])


@dataclass(frozen=True, slots=True)
class Tampering:
    """A change of the journal that none of us can make.

    Attributes:
        change: MODIFY or REMOVE, as the stream says it.
        sequence: Of the change in the stream: it tells two changes of one record apart.
        before: The record's attributes before it, as stored; after it, in *after*.
    """

    client_id: str
    transfer_id: str
    change: str
    sequence: str
    occurred_at: datetime
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


class JournalTampered(UnreadableRecord):
    def __init__(self, tampering: Tampering) -> None:
        super().__init__(f"a record of the journal met {tampering.change}")
        self.tampering = tampering


class FoldStore(Protocol):
    def receipt(self, name: str) -> Receipt | None:
        """Return the receipt of that name, if there is one.

        Raises:
            LedgerBusy: It could not be read.
        """

    def keep(self, receipt: Receipt) -> None:
        """Leave a receipt for what has been folded already; leaving it again changes nothing.

        Raises:
            LedgerBusy, LedgerUnconfirmed: It may not be there.
        """

    def fold(self, receipt: Receipt, movements: Sequence[Movement]) -> None:
        """Add the movements to their accounts and leave the receipt, all or nothing.

        Raises:
            LedgerBusy: Nothing was written; another fold may have been first.
            LedgerUnconfirmed: It may have been written.
        """


class JournalStream(Protocol):
    def read(self, raw: Mapping[str, Any]) -> JournalRecord | None:
        """Return the transfer that a record of the stream brings, or nothing for a decline.

        Raises:
            JournalTampered: Something else has been done to the journal than to add to it.
            UnreadableRecord: What was added is no record as we write them.
        """
