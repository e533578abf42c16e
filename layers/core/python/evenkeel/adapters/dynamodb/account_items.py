"""Wallets as items of the accounts table, and back."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from evenkeel.adapters.dynamodb.item import (
    IntegerAttribute,
    Item,
    TimeAttribute,
    client_of,
    id_of,
    key_of,
)
from evenkeel.wallets.model import Wallet, WalletStatus


class WalletItem(Item):
    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)  # <client id>/<wallet id>
    user_id = UnicodeAttribute()
    currency = UnicodeAttribute()
    created_at = TimeAttribute()
    opening_minor = IntegerAttribute()
    status = UnicodeAttribute()
    debits_pending = IntegerAttribute()
    debits_posted = IntegerAttribute()
    credits_pending = IntegerAttribute()
    credits_posted = IntegerAttribute()
    # Kept beside the counters because a condition can compare, but not add.
    available_minor = IntegerAttribute()
    version = IntegerAttribute()
    entry_count = IntegerAttribute()
    head_transfer_id = UnicodeAttribute(null=True)
    head_hash = UnicodeAttribute()
    last_posted_at = TimeAttribute(null=True)

    @classmethod
    def of(cls, wallet: Wallet) -> WalletItem:
        return cls(
            key_of(wallet.client_id, wallet.id),
            user_id=wallet.user_id,
            currency=wallet.currency,
            created_at=wallet.created_at,
            opening_minor=wallet.opening_minor,
            status=wallet.status.value,
            debits_pending=wallet.debits_pending,
            debits_posted=wallet.debits_posted,
            credits_pending=wallet.credits_pending,
            credits_posted=wallet.credits_posted,
            available_minor=wallet.available_minor,
            version=wallet.version,
            entry_count=wallet.entry_count,
            head_transfer_id=wallet.head_transfer_id,
            head_hash=wallet.head_hash,
            last_posted_at=wallet.last_posted_at,
        )

    def wallet(self) -> Wallet:
        return Wallet(
            id=id_of(self.id),
            client_id=client_of(self.id),
            user_id=self.user_id,
            currency=self.currency,
            created_at=self.created_at,
            opening_minor=self.opening_minor,
            status=WalletStatus(self.status),
            debits_pending=self.debits_pending,
            debits_posted=self.debits_posted,
            credits_pending=self.credits_pending,
            credits_posted=self.credits_posted,
            version=self.version,
            entry_count=self.entry_count,
            head_transfer_id=self.head_transfer_id,
            head_hash=self.head_hash,
            last_posted_at=self.last_posted_at,
        )
