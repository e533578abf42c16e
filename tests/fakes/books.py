from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from evenkeel.ledger.folding import movements
from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentKey
from evenkeel.reconciliation.account_sums import AccountKey, Reading, Sums
from evenkeel.reconciliation.changes import Change, ChangedObject
from evenkeel.reconciliation.ports import ObjectKey, StoredWallet, Unreadable
from tests.fakes.payment_store import InMemoryPaymentStore, shard_of
from tests.fakes.wallet_store import InMemoryWalletStore

PAGE_COUNT = 2  # So that there are several pages of what little there is.

Object = TypeVar("Object")


class InMemoryBooks:
    """What is in the other fakes' hands, and a count of the objects that were read.

    Attributes:
        available_minor: Of a wallet, where it is not what follows from its counters.
        faults: Raised by the next reads, one each.
        folded: The accounts that have no chain, as they are stored.
        interrupted_by: Happens before the next read.
    """

    def __init__(self, payments: InMemoryPaymentStore, ledger: InMemoryWalletStore) -> None:
        self._payments = payments
        self._ledger = ledger
        self.available_minor: dict[str, int] = {}
        self.faults: list[Exception] = []
        self.interrupted_by: Callable[[], None] | None = None
        self.folded: dict[AccountKey, Reading] = {}
        self.read_count = 0

    def payments(
        self, keys: Sequence[PaymentKey], *, strong: bool
    ) -> Mapping[PaymentKey, Payment | Unreadable]:
        self._fail(len(keys))
        stored = self._payments.payments
        places = {key: (key.client_id, key.payment_id) for key in keys}
        return {key: stored[place] for key, place in places.items() if place in stored}

    def records(
        self, keys: Sequence[ObjectKey], *, strong: bool
    ) -> Mapping[ObjectKey, Record | Unreadable]:
        self._fail(len(keys))
        stored = self._ledger.records
        places = {key: (key.client_id, key.id) for key in keys}
        return {key: stored[place] for key, place in places.items() if place in stored}

    def wallets(
        self, keys: Sequence[ObjectKey], *, strong: bool
    ) -> Mapping[ObjectKey, StoredWallet | Unreadable]:
        self._fail(len(keys))
        found = {key: self._ledger.wallets.get((key.client_id, key.id)) for key in keys}
        return {
            key: StoredWallet(wallet, self.available_minor.get(wallet.id, wallet.available_minor))
            for key, wallet in found.items()
            if wallet is not None
        }

    def all(self, part: int, after: str | None) -> Iterator[tuple[str, Change]]:
        """Yield what there is, in part 0."""
        changes = self._walked() if part == 0 else ()
        for change in changes:
            place = f"{change.object}/{change.client_id}/{change.object_id}"
            if after is None or place > after:
                yield place, change

    def accounts(
        self, after: str | None
    ) -> Iterator[tuple[str | None, Sequence[tuple[AccountKey, Reading]]]]:
        placed = {"/".join(key): (key, each) for key, each in self.folded.items()}
        yield from _paged(placed, after)

    def accounts_of(self, keys: Iterable[AccountKey]) -> Mapping[AccountKey, Reading]:
        return {key: self.folded[key] for key in keys if key in self.folded}

    def journal(
        self, part: int, after: str | None
    ) -> Iterator[tuple[str | None, Sequence[Transfer]]]:
        """Yield all of it in the first part."""
        self._fail(0)
        records = self._ledger.records.items() if part == 0 else ()
        placed = {"/".join(key): each for key, each in records if isinstance(each, Transfer)}
        yield from _paged(placed, after)

    def fold(self) -> None:
        """Fold what is in the journal, as the stream's reader would have by and by."""
        transfers = [each for each in self._ledger.records.values() if isinstance(each, Transfer)]
        self.folded = {
            (each.client_id, each.account_id): Reading(len(transfers), Sums.of(each))
            for each in movements(transfers)
        }

    def overdue(self, since: datetime, until: datetime, shard: int) -> Iterator[Change]:
        for client_id, id_ in sorted(self._payments.payments):
            due_at = self._payments.payments[client_id, id_].due_at
            if due_at is not None and since <= due_at < until and shard_of(id_) == shard:
                yield Change(client_id, ChangedObject.PAYMENT, id_)

    @property
    def everything(self) -> Sequence[Change]:
        """All that is stored, as if it had been changed just now."""
        records = self._ledger.records.values()
        found = [
            Change(client, ChangedObject.PAYMENT, id_) for client, id_ in self._payments.payments
        ]
        found += [
            Change(each.client_id, ChangedObject.RECORD, each.id, each.payment_id)
            for each in records
        ]
        found += [
            Change(client, ChangedObject.ACCOUNT, id_) for client, id_ in self._ledger.wallets
        ]
        return sorted(found, key=lambda each: (each.object, each.client_id, each.object_id))

    def _walked(self) -> Iterator[Change]:
        for each in self.everything:
            is_account = each.object is ChangedObject.ACCOUNT
            yield replace(each, account_ids=(each.object_id,)) if is_account else each

    def _fail(self, count: int) -> None:
        self.read_count += count
        if self.interrupted_by is not None:
            self.interrupted_by()
        if self.faults:
            raise self.faults.pop(0)


def _paged(
    placed: Mapping[str, Object], after: str | None
) -> Iterator[tuple[str | None, Sequence[Object]]]:
    places = sorted(place for place in placed if after is None or place > after)
    for start in range(0, len(places) or 1, PAGE_COUNT):
        page = places[start : start + PAGE_COUNT]
        is_last = start + PAGE_COUNT >= len(places)
        yield None if is_last else page[-1], [placed[place] for place in page]
