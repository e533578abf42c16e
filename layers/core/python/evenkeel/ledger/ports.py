"""What the ledger needs from the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from evenkeel.ledger.accounts import AccountKind


@dataclass(frozen=True, slots=True)
class Movement:
    """What a run of transfers adds to one account, in minor units; an account has one currency."""

    client_id: str
    account_id: str
    kind: AccountKind
    currency: str
    debits_minor: int
    credits_minor: int


class FoldStore(Protocol):
    def folded_through(self, first_transfer_id: str) -> int | None:
        """Return the last sequence number of the fold that began with this transfer, if any."""

    def fold(self, first_transfer_id: str, *, through: int, movements: Sequence[Movement]) -> None:
        """Add the movements to their accounts and leave the receipt, all or nothing.

        Raises:
            LedgerBusy: Nothing was written; another fold may have been first.
            LedgerUnconfirmed: It may have been written.
        """


class UnreadableRecord(Exception):
    """A record of the stream that is no new record of the journal as we write them."""


class Quarantine(Protocol):
    def put(self, record: Mapping[str, Any], *, reason: str) -> None:
        """Keep the record, whole, for somebody to look at."""
