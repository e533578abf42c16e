"""The look at wallets: does each changed entry stand on the one before, and the wallet on the last?

If that holds for every entry as it comes, it holds for the whole chain, so nothing old is
read again. What does not fit, or was altered, leads to a walk along all of the wallet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evenkeel.errors import EvenkeelError
from evenkeel.ledger.accounts import is_wallet
from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.reconciliation.changes import Change, ChangedObject
from evenkeel.reconciliation.entry_rules import is_sound_entry, is_sound_head, loose
from evenkeel.reconciliation.examination import unexaminable
from evenkeel.reconciliation.mismatch import Finding, MismatchType, Subject
from evenkeel.reconciliation.ports import Books, ObjectKey, StoredWallet, Unreadable
from evenkeel.reconciliation.sight import Sight
from evenkeel.reconciliation.trail import Trail
from evenkeel.reconciliation.wallet_rules import diagnose
from evenkeel.resilience.retry import Retry
from evenkeel.wallets.ports import WalletStore

_Entries = Mapping[ObjectKey, Sequence[Transfer]]  # By wallet.
_Records = Mapping[ObjectKey, Record | Unreadable]


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
        records = self.books.records(sorted(_under(entries, wallets)), strong=False)
        for key in keys:
            stored = wallets.get(key)
            if not isinstance(stored, StoredWallet):
                yield _lost(key, stored)
                continue
            try:
                if key in sight.noted.torn or self._is_suspicious(
                    key, stored, entries.get(key, ()), records
                ):
                    yield from list(self._diagnosed(stored))
            except EvenkeelError:
                raise
            except Exception as error:
                # An entry that nobody can read must not throw suspicion on other wallets.
                change = Change(key.client_id, ChangedObject.ACCOUNT, key.id)
                yield unexaminable(change, error)

    def _is_suspicious(
        self, key: ObjectKey, stored: StoredWallet, entries: Sequence[Transfer], records: _Records
    ) -> bool:
        wallet = stored.wallet
        head = _record(records, key.client_id, wallet.head_transfer_id)
        is_sound = is_sound_head(wallet, head, available_minor=stored.available_minor)
        return (
            not is_sound
            or not all(_stands(each, key, records) for each in entries)
            or not all(self._is_followed(each, key) for each in loose(wallet, entries))
        )

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


def _entries(transfers: Iterable[Transfer]) -> _Entries:
    found: dict[ObjectKey, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        for leg in (transfer.debit, transfer.credit):
            if is_wallet(leg.account_id):
                found[ObjectKey(transfer.client_id, leg.account_id)].append(transfer)
    return found


def _under(
    entries: _Entries, wallets: Mapping[ObjectKey, StoredWallet | Unreadable]
) -> Iterator[ObjectKey]:
    """Yield what the entries stand on, and what the wallets say is their newest entry."""
    for key, transfers in entries.items():
        for transfer in transfers:
            previous_id = transfer.entry_of(key.id).previous_transfer_id
            if previous_id is not None:
                yield ObjectKey(key.client_id, previous_id)
    for key, stored in wallets.items():
        if isinstance(stored, StoredWallet) and stored.wallet.head_transfer_id is not None:
            yield ObjectKey(key.client_id, stored.wallet.head_transfer_id)


def _stands(entry: Transfer, key: ObjectKey, records: _Records) -> bool:
    previous_id = entry.entry_of(key.id).previous_transfer_id
    return is_sound_entry(entry, key.id, _record(records, key.client_id, previous_id))


def _record(records: _Records, client_id: str, transfer_id: str | None) -> Record | None:
    found = records.get(ObjectKey(client_id, transfer_id)) if transfer_id is not None else None
    return None if isinstance(found, Unreadable) else found


def _lost(key: ObjectKey, stored: Unreadable | None) -> Finding:
    subject = Subject(key.client_id, account_id=key.id)
    reason = None if stored is None else stored.reason
    return Finding(MismatchType.BALANCE_DRIFT, subject, {"wallet": key.id}, {"wallet": reason})
