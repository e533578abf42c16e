"""The chart of accounts: which kinds there are and what their ids look like.

A wallet is an account of its own, `wal_…`, in the currency it was opened in. All
other accounts are named without a currency and kept once per currency, so that
`merchant:coffee` is booked as `merchant:coffee:EUR` or `merchant:coffee:JPY`.
"""

from __future__ import annotations

from enum import StrEnum

from evenkeel.ids import is_id

WALLET_PREFIX = "wal"


class AccountKind(StrEnum):
    WALLET = "wallet"  # What we owe a user; never below zero.
    MERCHANT = "merchant"  # What we owe a merchant; only ever takes what comes.
    EXTERNAL = "external"  # Where money enters and leaves.
    SUSPENSE = "suspense"  # Where a merchant's money is taken from that no wallet has paid.


EXTERNAL = AccountKind.EXTERNAL.value
SUSPENSE = AccountKind.SUSPENSE.value


def merchant(merchant_id: str) -> str:
    return f"{AccountKind.MERCHANT}:{merchant_id}"


def is_wallet(account_id: str) -> bool:
    return is_id(WALLET_PREFIX, account_id)


def kind_of(account_id: str) -> AccountKind:
    if is_wallet(account_id):
        return AccountKind.WALLET
    return AccountKind(account_id.partition(":")[0])


def booked(account_id: str, currency: str) -> str:
    """Return the account that a leg in *currency* is booked to."""
    return account_id if is_wallet(account_id) else f"{account_id}:{currency}"


def named(account_id: str, currency: str) -> str:
    """Return the name of the account that a leg in *currency* is booked to."""
    return account_id if is_wallet(account_id) else account_id.removesuffix(f":{currency}")
