"""The journal's records as items, and back."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from evenkeel.adapters.dynamodb.item import (
    DocumentAttribute,
    IntegerAttribute,
    Item,
    TimeAttribute,
    client_of,
    id_of,
    key_of,
)
from evenkeel.errors import DeclineReason
from evenkeel.ledger.accounts import is_wallet
from evenkeel.ledger.transfer import Decline, Entry, Leg, Record, Transfer, TransferKind
from evenkeel.money import Money


class ByDebitWallet(GlobalSecondaryIndex["RecordItem"]):
    class Meta:
        index_name = "by_debit_wallet"
        projection = AllProjection()

    debit_wallet = UnicodeAttribute(hash_key=True)
    debit_number = IntegerAttribute(range_key=True)


class ByCreditWallet(GlobalSecondaryIndex["RecordItem"]):
    class Meta:
        index_name = "by_credit_wallet"
        projection = AllProjection()

    credit_wallet = UnicodeAttribute(hash_key=True)
    credit_number = IntegerAttribute(range_key=True)


class RecordItem(Item):
    """A transfer, or the decline that holds its id.

    A leg is either a wallet with its entry, or an account by its name. Only a
    wallet's leg is in that side's index.
    """

    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)  # <client id>/<transfer id>
    fingerprint = UnicodeAttribute()
    payment_id = UnicodeAttribute(null=True)
    recorded_at = TimeAttribute()

    kind = UnicodeAttribute(null=True)
    amount_minor = IntegerAttribute(null=True)
    currency = UnicodeAttribute(null=True)
    debit_account = UnicodeAttribute(null=True)
    debit_wallet = UnicodeAttribute(null=True)  # <client id>/<wallet id>
    debit_number = IntegerAttribute(null=True)
    debit_entry = DocumentAttribute(null=True)
    credit_account = UnicodeAttribute(null=True)
    credit_wallet = UnicodeAttribute(null=True)  # <client id>/<wallet id>
    credit_number = IntegerAttribute(null=True)
    credit_entry = DocumentAttribute(null=True)
    reference = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    original_id = UnicodeAttribute(null=True)
    held_minor = IntegerAttribute(null=True)

    declined = DocumentAttribute(null=True)

    by_debit_wallet = ByDebitWallet()
    by_credit_wallet = ByCreditWallet()

    @classmethod
    def of(cls, record: Record) -> RecordItem:
        return cls._of_decline(record) if isinstance(record, Decline) else cls._of_transfer(record)

    @classmethod
    def _of_transfer(cls, transfer: Transfer) -> RecordItem:
        return cls(
            key_of(transfer.client_id, transfer.id),
            fingerprint=transfer.fingerprint,
            payment_id=transfer.payment_id,
            recorded_at=transfer.posted_at,
            kind=transfer.kind.value,
            amount_minor=transfer.amount.amount_minor,
            currency=transfer.amount.currency,
            reference=transfer.reference,
            description=transfer.description,
            original_id=transfer.original_id,
            held_minor=transfer.held_minor or None,
            **_leg_attributes("debit", transfer.client_id, transfer.debit),
            **_leg_attributes("credit", transfer.client_id, transfer.credit),
        )

    @classmethod
    def _of_decline(cls, decline: Decline) -> RecordItem:
        return cls(
            key_of(decline.client_id, decline.id),
            fingerprint=decline.fingerprint,
            payment_id=decline.payment_id,
            recorded_at=decline.declined_at,
            declined=[decline.reason, decline.message, decline.request_id],
        )

    def record(self) -> Record:
        if self.declined is not None:
            return self._decline()
        assert self.amount_minor is not None
        assert self.currency is not None
        return Transfer(
            id=id_of(self.id),
            client_id=client_of(self.id),
            kind=TransferKind(self.kind),
            debit=_leg(self.debit_account, self.debit_wallet, self.debit_number, self.debit_entry),
            credit=_leg(
                self.credit_account, self.credit_wallet, self.credit_number, self.credit_entry
            ),
            amount=Money(self.amount_minor, self.currency),
            posted_at=self.recorded_at,
            fingerprint=self.fingerprint,
            payment_id=self.payment_id,
            reference=self.reference,
            description=self.description,
            original_id=self.original_id,
            held_minor=self.held_minor or 0,
        )

    def transfer(self) -> Transfer:
        record = self.record()
        assert isinstance(record, Transfer)
        return record

    def _decline(self) -> Decline:
        reason, message, request_id = self.declined
        return Decline(
            id=id_of(self.id),
            client_id=client_of(self.id),
            reason=DeclineReason(reason),
            message=message,
            declined_at=self.recorded_at,
            fingerprint=self.fingerprint,
            payment_id=self.payment_id,
            request_id=request_id,
        )


def _leg_attributes(side: str, client_id: str, leg: Leg) -> dict[str, Any]:
    if not is_wallet(leg.account_id):
        return {f"{side}_account": leg.account_id}
    entry = leg.require_entry()
    return {
        f"{side}_wallet": key_of(client_id, leg.account_id),
        f"{side}_number": entry.number,
        f"{side}_entry": [
            entry.previous_transfer_id,
            entry.balance_after_minor,
            entry.pending_after_minor,
            entry.version_after,
            entry.status,
            entry.hash,
        ],
    }


def _leg(account: str | None, wallet: str | None, number: int | None, entry: Any) -> Leg:
    if wallet is None:
        assert account is not None
        return Leg(account)
    assert number is not None
    return Leg(id_of(wallet), Entry(number, *entry))
