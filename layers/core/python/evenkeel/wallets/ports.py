"""What wallets need from the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from evenkeel.ledger.transfer import Decline, Record, Transfer
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.posting import Posting


@dataclass(frozen=True, slots=True)
class Sight:
    """What a request meets, each by its id; what does not exist is missing."""

    records: Mapping[str, Record]
    wallets: Mapping[str, Wallet]


@dataclass(frozen=True, slots=True)
class EntryRef:
    """Where a walk along a wallet's entries begins, that entry included."""

    number: int
    transfer_id: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    """A stretch of a wallet's chain, newest first.

    Attributes:
        strangers: Transfers that claim to be entries of this stretch and are not linked.
            What claims to come after its start is not looked at: it may be new.
    """

    transfers: Sequence[Transfer]
    strangers: Sequence[str] = ()


def ref_before(transfer: Transfer, wallet_id: str) -> EntryRef | None:
    """Return the entry before this one, if this is not the first."""
    entry = transfer.entry_of(wallet_id)
    if entry.previous_transfer_id is None:
        return None
    return EntryRef(entry.number - 1, entry.previous_transfer_id)


class WalletStore(Protocol):
    """Wallets and their journal. All reads are strongly consistent.

    Besides what it names, every method may raise LedgerBusy, when nothing was
    applied, and every write LedgerUnconfirmed, when it may have been.
    """

    def open(self, wallet: Wallet, opening: Posting | None) -> None:
        """Record a new wallet, with its first entry if it starts with money, all or nothing.

        Raises:
            VersionConflict: The id is taken.
        """

    def wallet(self, client_id: str, wallet_id: str) -> Wallet:
        """Return the wallet as it is now.

        Raises:
            ObjectNotFound: This client has no such wallet.
        """

    def look(self, client_id: str, transfer_ids: Sequence[str], wallet_ids: Sequence[str]) -> Sight:
        """Return in one call whatever is stored under the transfers' ids, and the wallets.

        Each as it is, but not all at one moment: what is posted meanwhile may be half seen.
        """

    def look_at_one_moment(
        self, client_id: str, transfer_ids: Sequence[str], wallet_ids: Sequence[str]
    ) -> Sight:
        """Return the same as `look`, all of it as it was at one moment.

        Raises:
            WalletContended: A transfer of a wallet is under way.
        """

    def post(self, posting: Posting) -> Record:
        """Record the transfer and move its wallets, all or nothing.

        Returns:
            What is stored under the id: this transfer, or an earlier record.

        Raises:
            VersionConflict: A wallet is not as it was when the posting was drafted.
            WalletContended: Another transfer of a wallet is under way.
        """

    def decline(self, decline: Decline) -> Record:
        """Record that the request was refused.

        Returns:
            What is stored under the id: this decline, or an earlier record.
        """

    def save(self, wallet: Wallet, *, follows: Wallet) -> None:
        """Record a changed status.

        Raises:
            VersionConflict: The stored wallet is not the one that it *follows*.
        """

    def entries(self, client_id: str, wallet_id: str, start: EntryRef, limit: int) -> EntryPage:
        """Follow the links of the wallet's chain from *start*, for up to *limit* entries.

        Fewer, before the wallet's first entry is reached, means that the next one is missing.
        """

    def entry(self, client_id: str, wallet_id: str, number: int) -> Transfer | None:
        """Return the wallet's entry of that number, eventually consistent.

        Nothing may mean that it is too new to be found by its number.
        """
