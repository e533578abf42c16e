"""The look at wallets: does each changed entry stand on the one before, and the wallet on the last?

If that holds for every entry as it comes, it holds for the whole chain, so nothing old is
read again. What does not fit, or was altered, leads to a walk along all of the wallet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evenkeel.ledger.accounts import is_wallet
from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.reconciliation.changes import Change, ChangedObject
from evenkeel.reconciliation.entry_rules import is_sound_entry, is_sound_head
from evenkeel.reconciliation.examination import CONTENT_ERRORS, unexaminable
from evenkeel.reconciliation.links import Links
from evenkeel.reconciliation.mismatch import Finding, MismatchType, Subject
from evenkeel.reconciliation.ports import Books, ObjectKey, StoredWallet, Unreadable
from evenkeel.reconciliation.sight import Sight
from evenkeel.reconciliation.trail import Trail
from evenkeel.reconciliation.wallet_rules import diagnose
from evenkeel.resilience.retry import Retry
from evenkeel.wallets.ports import WalletStore

_Entries = Mapping[ObjectKey, Sequence[Transfer]]  # By wallet.
_Wallets = Mapping[ObjectKey, StoredWallet | Unreadable]

# Further back than that, a page of the chain is read at once.
STEP_COUNT_MAX = 4
PAGE_ENTRY_COUNT = 500


@dataclass(frozen=True, slots=True)
class WalletExaminer:
    """Looks at wallets.

    Attributes:
        store: For the walk along a chain.
    """

    books: Books
    store: WalletStore
    retry: Retry

    def examine(self, sight: Sight) -> Iterator[Finding]:
        """Yield what is wrong with the wallets that were changed, and with those of transfers.

        Raises:
            StoreBusy, LedgerBusy: They could not be read.
        """
        entries = _entries(sight.noted_transfers)
        noted = (key for key in sight.noted.accounts | sight.noted.torn if is_wallet(key.id))
        keys = sorted({*entries, *noted})
        wallets = self.books.wallets(keys, strong=True)
        records = _Shelf(self.books, sight.readable)
        records.fetch(_under(entries, wallets))
        links = self._followed(entries, wallets, records)
        for key in keys:
            stored = wallets.get(key)
            if not isinstance(stored, StoredWallet):
                yield _lost(key, stored)
                continue
            look = _Look(key, stored, entries.get(key, ()), records.of(key.client_id))
            try:
                is_torn = key in sight.noted.torn or not look.is_sound
                if is_torn or not self._is_linked(links.get(key), key):
                    yield from list(self._diagnosed(stored))
            except CONTENT_ERRORS as error:
                # An entry that nobody can read must not throw suspicion on other wallets.
                change = Change(key.client_id, ChangedObject.ACCOUNT, key.id)
                yield unexaminable(change, error)

    def _followed(
        self, entries: _Entries, wallets: _Wallets, records: _Shelf
    ) -> Mapping[ObjectKey, Links]:
        """Follow the links of all wallets side by side: in each step one read for all of them."""
        links = {
            key: Links.of(stored.wallet, entries[key])
            for key, stored in wallets.items()
            if key in entries and isinstance(stored, StoredWallet)
        }
        for _ in range(STEP_COUNT_MAX):
            for key, each in links.items():
                each.follow(records.of(key.client_id))
            wanted = [
                ObjectKey(key.client_id, each.wanted_id)
                for key, each in links.items()
                if each.wanted_id is not None
            ]
            if not records.fetch(wanted):
                break
        return links

    def _is_linked(self, links: Links | None, key: ObjectKey) -> bool:
        """Tell whether all changed entries are in the chain, also in that of a busy wallet."""
        if links is None or not links.pending:
            return True
        if links.next is not None:
            begin = links.next
            page = self.retry.call(
                lambda: self.store.entries(key.client_id, key.id, begin, PAGE_ENTRY_COUNT)
            )
            for entry in page.transfers:
                links.pass_by(entry)
        return all(self._is_followed(each, key) for each in links.pending.values())

    def _is_followed(self, entry: Transfer, key: ObjectKey) -> bool:
        """Tell whether the next entry of the wallet stands on this one."""
        number = entry.entry_of(key.id).number + 1
        successor = self.retry.call(lambda: self.store.entry(key.client_id, key.id, number))
        return successor is not None and is_sound_entry(successor, key.id, entry)

    def _diagnosed(self, stored: StoredWallet) -> Iterator[Finding]:
        trail = Trail(stored.wallet, self.store, self.retry)
        yield from diagnose(
            stored.wallet,
            trail.walk(),
            trail.strangers,
            available_minor=stored.available_minor,
        )


@dataclass(slots=True)
class _Shelf:
    """Records, each of which is read once."""

    books: Books
    known: dict[str, dict[str, Record]]  # By client and id.

    def of(self, client_id: str) -> Mapping[str, Record]:
        return self.known.get(client_id, {})

    def fetch(self, keys: Iterable[ObjectKey]) -> bool:
        """Read what is not there yet, and tell whether anything was found."""
        missing = sorted({key for key in keys if key.id not in self.of(key.client_id)})
        found = self.books.records(missing, strong=False)
        for key, record in found.items():
            if not isinstance(record, Unreadable):
                self.known.setdefault(key.client_id, {})[key.id] = record
        return bool(found)


@dataclass(frozen=True, slots=True)
class _Look:
    """A wallet as it is stored, and what was changed of its chain."""

    key: ObjectKey
    stored: StoredWallet
    entries: Sequence[Transfer]
    records: Mapping[str, Record]

    @property
    def is_sound(self) -> bool:
        wallet = self.stored.wallet
        head = self.records.get(wallet.head_transfer_id or "")
        is_head_sound = is_sound_head(wallet, head, available_minor=self.stored.available_minor)
        return is_head_sound and all(map(self._stands, self.entries))

    def _stands(self, entry: Transfer) -> bool:
        previous_id = entry.entry_of(self.key.id).previous_transfer_id
        return is_sound_entry(entry, self.key.id, self.records.get(previous_id or ""))


def _entries(transfers: Iterable[Transfer]) -> _Entries:
    found: dict[ObjectKey, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        for leg in (transfer.debit, transfer.credit):
            if is_wallet(leg.account_id):
                found[ObjectKey(transfer.client_id, leg.account_id)].append(transfer)
    return found


def _under(entries: _Entries, wallets: _Wallets) -> Iterator[ObjectKey]:
    """Yield what the entries stand on, and what the wallets say is their newest entry."""
    for key, transfers in entries.items():
        for transfer in transfers:
            previous_id = transfer.entry_of(key.id).previous_transfer_id
            if previous_id is not None:
                yield ObjectKey(key.client_id, previous_id)
    for key, stored in wallets.items():
        if isinstance(stored, StoredWallet) and stored.wallet.head_transfer_id is not None:
            yield ObjectKey(key.client_id, stored.wallet.head_transfer_id)


def _lost(key: ObjectKey, stored: Unreadable | None) -> Finding:
    subject = Subject(key.client_id, account_id=key.id)
    reason = None if stored is None else stored.reason
    return Finding(MismatchType.BALANCE_DRIFT, subject, {"wallet": key.id}, {"wallet": reason})
