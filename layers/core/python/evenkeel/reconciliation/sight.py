"""What a stretch of changes leads to, and what is found there at first sight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evenkeel.ids import derived_id
from evenkeel.ledger.transfer import TRANSFER_PREFIX, Record, Transfer, resolution_id
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentKey
from evenkeel.reconciliation.case import Case, cases, expected_transfer_ids
from evenkeel.reconciliation.changes import Change, ChangedObject
from evenkeel.reconciliation.ports import Books, ObjectKey, Unreadable


@dataclass(frozen=True, slots=True)
class Noted:
    """Where to look.

    Attributes:
        claims: The payments, and of each the transfers that are said to be its.
        loose: The transfers that are not said to be any payment's.
        accounts: The accounts themselves.
        torn: The wallets of which an entry was altered or removed, and those that were
            themselves changed as no posting changes them.
    """

    claims: Mapping[PaymentKey, frozenset[str]]
    loose: Sequence[ObjectKey]
    accounts: frozenset[ObjectKey]
    torn: frozenset[ObjectKey]

    @classmethod
    def of(cls, changes: Iterable[Change]) -> Noted:
        claims: dict[PaymentKey, frozenset[str]] = {}
        loose, accounts, torn = set[ObjectKey](), set[ObjectKey](), set[ObjectKey]()
        for change in changes:
            client_id, key = change.client_id, ObjectKey(change.client_id, change.object_id)
            torn |= {ObjectKey(client_id, id_) for id_ in change.account_ids}
            if change.object is ChangedObject.ACCOUNT:
                accounts.add(key)
            elif change.object is ChangedObject.PAYMENT:
                payment = PaymentKey(client_id, change.object_id)
                claims[payment] = claims.get(payment, frozenset()).union(change.transfer_ids)
            elif change.payment_id is None:
                loose.add(key)
            else:
                payment = PaymentKey(client_id, change.payment_id)
                claims[payment] = claims.get(payment, frozenset()) | {change.object_id}
        return cls(claims, list(loose), frozenset(accounts), frozenset(torn))


@dataclass(frozen=True, slots=True)
class Sight:
    """What there is at these places, read one after the other and perhaps not of one moment."""

    noted: Noted
    payments: Mapping[PaymentKey, Payment | Unreadable]
    records: Mapping[ObjectKey, Record | Unreadable]

    @classmethod
    def of(cls, noted: Noted, books: Books) -> Sight:
        payments = books.payments(list(noted.claims), strong=False)
        wanted = set(noted.loose)
        for key, claimed in noted.claims.items():
            payment = payments.get(key)
            ids = claimed | set(expected_ids(key, payment))
            wanted |= {ObjectKey(key.client_id, id_) for id_ in ids}
        return cls(noted, payments, books.records(list(wanted), strong=False))

    @property
    def noted_transfers(self) -> Iterator[Transfer]:
        """The transfers that were noted, and not those that were only expected to be there."""
        noted = {
            ObjectKey(key.client_id, id_) for key, ids in self.noted.claims.items() for id_ in ids
        }
        for key in noted.union(self.noted.loose):
            record = self.records.get(key)
            if isinstance(record, Transfer):
                yield record

    @property
    def unreadable_payments(self) -> Sequence[PaymentKey]:
        return [key for key, each in self.payments.items() if isinstance(each, Unreadable)]

    @property
    def readable(self) -> dict[str, dict[str, Record]]:
        """The records that were found, by client and id."""
        found: dict[str, dict[str, Record]] = {}
        for key, record in self.records.items():
            if not isinstance(record, Unreadable):
                found.setdefault(key.client_id, {})[key.id] = record
        return found

    def unreadable(self) -> Iterator[tuple[PaymentKey | ObjectKey, str]]:
        """Yield what is not as we write it, and what is wrong with it."""
        for key, payment in self.payments.items():
            if isinstance(payment, Unreadable):
                yield key, payment.reason
        for place, record in self.records.items():
            if isinstance(record, Unreadable):
                yield place, record.reason

    def cases(self) -> Iterator[Case]:
        """Yield a case for every payment that can be read, or that only a transfer speaks of."""
        keys = sorted(self.noted.claims, key=lambda key: (key.client_id, key.payment_id))
        readable = [key for key in keys if not isinstance(self.payments.get(key), Unreadable)]
        found = (self.payments.get(key) for key in readable)
        payments = [each for each in found if isinstance(each, Payment)]
        return cases(payments, self._named(readable))

    def _named(self, keys: Sequence[PaymentKey]) -> Iterator[tuple[PaymentKey, Record]]:
        for key in keys:
            expected = expected_ids(key, self.payments.get(key))
            for id_ in sorted(self.noted.claims[key] | set(expected)):
                record = self.records.get(ObjectKey(key.client_id, id_))
                if record is not None and not isinstance(record, Unreadable):
                    yield key, record


def expected_ids(key: PaymentKey, payment: Payment | Unreadable | None) -> Sequence[str]:
    """Return where to look for the transfers of a payment, even if it was removed."""
    if isinstance(payment, Payment):
        return expected_transfer_ids(payment)
    debit_id = derived_id(TRANSFER_PREFIX, key.payment_id)
    return debit_id, resolution_id(debit_id)
