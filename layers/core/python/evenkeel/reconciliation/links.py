"""How a wallet's changed entries hang together: followed by the links from its newest one back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.reconciliation.entry_rules import is_entry_of
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.ports import EntryRef, ref_before


@dataclass(slots=True)
class Links:
    """A way along a chain, as far as it has been gone.

    Attributes:
        pending: The changed entries that it has not come to, by id.
        next: Where it goes on, if it has not come past all that was changed.
    """

    wallet_id: str
    pending: dict[str, Transfer]
    next: EntryRef | None

    @classmethod
    def of(cls, wallet: Wallet, changed: Iterable[Transfer]) -> Links:
        newest_id = wallet.head_transfer_id
        head = EntryRef(wallet.entry_count, newest_id) if newest_id is not None else None
        return cls(wallet.id, {each.id: each for each in changed}, head)

    @property
    def wanted_id(self) -> str | None:
        """The record that must be read for it to go on."""
        return self.next.transfer_id if self.pending and self.next is not None else None

    def follow(self, known: Mapping[str, Record]) -> None:
        """Go on as far as the records are known; a link to another number than the next ends it."""
        while self.pending and self.next is not None:
            record = known.get(self.next.transfer_id)
            if not is_entry_of(record, self.wallet_id):
                return
            if self._number(record) != self.next.number:
                self.next = None
                return
            self.pass_by(record)

    def pass_by(self, entry: Transfer) -> None:
        self.pending.pop(entry.id, None)
        lowest = min((self._number(each) for each in self.pending.values()), default=0)
        is_past = self._number(entry) <= lowest
        self.next = None if is_past else ref_before(entry, self.wallet_id)

    def _number(self, entry: Transfer) -> int:
        return entry.entry_of(self.wallet_id).number
