"""A walk along a wallet's chain that goes on behind what is broken.

A statement ends where the next entry is missing. Here that is where the look begins to
matter: the entry may be there with another number, the link to it may have been changed,
or it is gone and the older ones are still to be found by their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from evenkeel.ledger.transfer import Transfer
from evenkeel.reconciliation.entry_rules import Standing, is_entry_of, is_sealed, relinked
from evenkeel.resilience.retry import Retry
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.ports import EntryPage, EntryRef, WalletStore

PAGE_ENTRY_COUNT = 500
GAP_ENTRY_COUNT_MAX = 100  # Each costs a look of its own; behind a longer gap nobody looks.
AHEAD_ENTRY_COUNT_MAX = 100  # So many entries after the head are named.
NO_LINK = ""  # Nothing is stored under it.


@dataclass(frozen=True, slots=True)
class Trail:
    """The entries of a wallet as it was read. It is walked once.

    Attributes:
        strangers: Transfers that claim a place in the chain and are not linked. Complete
            when the walk has come to its end.
    """

    wallet: Wallet
    store: WalletStore
    retry: Retry
    page_entry_count: int = PAGE_ENTRY_COUNT
    strangers: dict[str, None] = field(default_factory=dict)  # In the order they were met.
    _displaced_ids: set[str] = field(default_factory=set)

    def walk(self) -> Iterator[Transfer]:
        """Yield what is left of the chain, newest first."""
        wallet = self.wallet
        newest_number, newer = wallet.entry_count, None
        ref = _head_of(wallet)
        while ref is not None:
            page = self._page(ref, self.page_entry_count)
            found = page.transfers or self._displaced(newer, ref)
            if page.transfers:
                self._set_aside(page.strangers)
            if not found:
                ref = self._behind(newer, ref)
                continue
            for each in found:
                self.strangers.pop(each.id, None)
                yield each
            newest_number = max(newest_number, found[0].entry_of(wallet.id).number)
            newer = found[-1]
            ref = _below(newer, wallet.id) if page.transfers else self._below_displaced(newer, ref)
        self._look_ahead(newest_number + 1)

    def _displaced(self, newer: Transfer | None, ref: EntryRef) -> list[Transfer]:
        """Return the entry that the link names, though it has another number."""
        if self._relinked(newer, ref) is not None:
            return []
        client_id, id_ = self.wallet.client_id, ref.transfer_id
        sight = self.retry.call(lambda: self.store.look(client_id, [id_], ()))
        record = sight.records.get(id_)
        if not is_entry_of(record, self.wallet.id) or id_ in self._displaced_ids:
            return []
        if not (self._is_over(newer, record) or self._has_carried(newer, record)):
            return []
        self._displaced_ids.add(id_)
        return [record]

    def _below_displaced(self, entry: Transfer, ref: EntryRef) -> EntryRef | None:
        """Return where to go on below an entry that has another number than its place."""
        below = _below(entry, self.wallet.id)
        if below is None or self._page(below, 1).transfers:
            return below
        return EntryRef(ref.number - 1, below.transfer_id)

    def _behind(self, newer: Transfer | None, ref: EntryRef) -> EntryRef | None:
        """Return where to go on when nothing is at the end of a link."""
        if (goes_on := self._relinked(newer, ref)) is not None:
            return goes_on
        at_its_place = self._entry(ref.number)
        self._set_aside([at_its_place.id] if at_its_place else [])
        lowest = max(ref.number - GAP_ENTRY_COUNT_MAX, 1)
        for number in range(ref.number - 1, lowest - 1, -1):
            found = self._entry(number)
            if found is not None and found.id not in self._displaced_ids:
                return EntryRef(number, found.id)
        return None

    def _relinked(self, newer: Transfer | None, ref: EntryRef) -> EntryRef | None:
        """Return the entry that has the number, if seals prove that the link once led to it."""
        other = self._entry(ref.number)
        if other is None or other.id == ref.transfer_id:
            return None
        here = EntryRef(ref.number, other.id)
        below = self._page(here, 2).transfers[1:]
        is_whole = is_sealed(other, self.wallet.id, below[0] if below else None)
        return here if is_whole and self._is_over(newer, other) else None

    def _is_over(self, newer: Transfer | None, older: Transfer) -> bool:
        """Tell whether the newer entry, or the wallet, was sealed over the older one."""
        wallet_id = self.wallet.id
        if newer is None:
            return self.wallet.head_hash == older.entry_of(wallet_id).hash
        links = (newer, relinked(newer, wallet_id, older.id))
        return any(is_sealed(each, wallet_id, older) for each in links)

    def _has_carried(self, newer: Transfer | None, older: Transfer) -> bool:
        wallet = self.wallet
        above = Standing.before(newer, wallet.id) if newer else Standing.of(wallet)
        return above.has_amounts_of(Standing.after(older, wallet.id))

    def _look_ahead(self, number: int) -> None:
        """Set aside what stands after the head, unless the wallet has moved on meanwhile."""
        ahead: list[str] = []
        while len(ahead) < AHEAD_ENTRY_COUNT_MAX and (found := self._entry(number)) is not None:
            ahead.append(found.id)
            number += 1
        if not ahead:
            return
        wallet = self.wallet
        now = self.retry.call(lambda: self.store.wallet(wallet.client_id, wallet.id))
        if now.entry_count == wallet.entry_count:
            self._set_aside(ahead)

    def _set_aside(self, strangers: Iterable[str]) -> None:
        for each in strangers:
            if each not in self._displaced_ids:
                self.strangers[each] = None

    def _page(self, start: EntryRef, limit: int) -> EntryPage:
        client_id, wallet_id = self.wallet.client_id, self.wallet.id
        return self.retry.call(lambda: self.store.entries(client_id, wallet_id, start, limit))

    def _entry(self, number: int) -> Transfer | None:
        client_id, wallet_id = self.wallet.client_id, self.wallet.id
        return self.retry.call(lambda: self.store.entry(client_id, wallet_id, number))


def _head_of(wallet: Wallet) -> EntryRef | None:
    if not wallet.entry_count and wallet.head_transfer_id is None:
        return None
    return EntryRef(wallet.entry_count, wallet.head_transfer_id or NO_LINK)


def _below(transfer: Transfer, wallet_id: str) -> EntryRef | None:
    """Return the entry before this one; a link that was cut leads nowhere, but is followed."""
    entry = transfer.entry_of(wallet_id)
    if entry.previous_transfer_id is None and entry.number <= 1:
        return None
    return EntryRef(entry.number - 1, entry.previous_transfer_id or NO_LINK)
