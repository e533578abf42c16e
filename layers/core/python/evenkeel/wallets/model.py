"""A wallet: an account that belongs to a user, with a status and a chain of entries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from evenkeel.errors import InvalidState
from evenkeel.ids import derived_id
from evenkeel.ledger.accounts import WALLET_PREFIX
from evenkeel.ledger.chain import GENESIS
from evenkeel.ledger.transfer import Entry, Side

BALANCE_MINOR_MAX = 10**15  # What a JSON number holds exactly everywhere, with room to spare.


class WalletStatus(StrEnum):
    ACTIVE = "ACTIVE"
    FROZEN = "FROZEN"  # Takes money, gives none.
    CLOSED = "CLOSED"  # Takes none, gives none, has none.


class WalletAction(StrEnum):
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    CLOSE = "close"


TRANSITIONS = {
    (WalletStatus.ACTIVE, WalletAction.FREEZE): WalletStatus.FROZEN,
    (WalletStatus.ACTIVE, WalletAction.UNFREEZE): WalletStatus.ACTIVE,
    (WalletStatus.ACTIVE, WalletAction.CLOSE): WalletStatus.CLOSED,
    (WalletStatus.FROZEN, WalletAction.FREEZE): WalletStatus.FROZEN,
    (WalletStatus.FROZEN, WalletAction.UNFREEZE): WalletStatus.ACTIVE,
    (WalletStatus.FROZEN, WalletAction.CLOSE): WalletStatus.CLOSED,
    (WalletStatus.CLOSED, WalletAction.CLOSE): WalletStatus.CLOSED,
}


@dataclass(frozen=True, slots=True)
class WalletSnapshot:
    """What is shown of a wallet, now or as it was after one of its entries."""

    id: str
    user_id: str
    currency: str
    status: WalletStatus
    balance_minor: int
    pending_minor: int
    version: int
    created_at: datetime

    @property
    def available_minor(self) -> int:
        return self.balance_minor - self.pending_minor


@dataclass(frozen=True, slots=True)
class Wallet:
    """A credit-normal account: what we owe its user. Counters are in minor units."""

    id: str
    client_id: str
    user_id: str
    currency: str
    created_at: datetime
    opening_minor: int = 0  # What it was opened with; tells a repeated opening from another one.
    status: WalletStatus = WalletStatus.ACTIVE
    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0
    version: int = 1
    entry_count: int = 0
    head_transfer_id: str | None = None
    head_hash: str = GENESIS
    last_posted_at: datetime | None = None  # Entries never go back in time.

    @property
    def balance_minor(self) -> int:
        return self.credits_posted - self.debits_posted

    @property
    def available_minor(self) -> int:
        """What may be debited: a pending debit is gone, a pending credit is not here yet."""
        return self.balance_minor - self.debits_pending

    def snapshot(self) -> WalletSnapshot:
        return WalletSnapshot(
            self.id,
            self.user_id,
            self.currency,
            self.status,
            self.balance_minor,
            self.debits_pending,
            self.version,
            self.created_at,
        )

    def as_of(self, entry: Entry) -> WalletSnapshot:
        """Return the wallet as it was after *entry*, whatever has happened since."""
        return replace(
            self.snapshot(),
            status=WalletStatus(entry.status),
            balance_minor=entry.balance_after_minor,
            pending_minor=entry.pending_after_minor,
            version=entry.version_after,
        )

    def as_opened(self) -> WalletSnapshot:
        """Return the wallet as it was before its first entry."""
        return replace(
            self.snapshot(),
            status=WalletStatus.ACTIVE,
            balance_minor=0,
            pending_minor=0,
            version=1,
        )

    def moved(self, side: Side, posted_minor: int, pending_minor: int) -> Wallet:
        """Return the wallet with the amounts on that side; the caller has made sure it may."""
        if side is Side.DEBIT:
            moved = replace(
                self,
                debits_posted=self.debits_posted + posted_minor,
                debits_pending=self.debits_pending + pending_minor,
            )
        else:
            assert not pending_minor, "money is held in the wallet that will pay it"
            moved = replace(self, credits_posted=self.credits_posted + posted_minor)
        assert moved.available_minor >= 0
        assert moved.debits_pending >= 0
        return replace(moved, version=self.version + 1, entry_count=self.entry_count + 1)

    def acted(self, action: WalletAction) -> Wallet:
        """Return the wallet after *action*: itself when there is nothing to do.

        Raises:
            InvalidState: The action is not possible in this status, or money is still there.
        """
        target = TRANSITIONS.get((self.status, action))
        if target is None:
            message = f"a {self.status.lower()} wallet cannot {action}"
            raise InvalidState(message, subject="wallet", status=self.status)
        if target is self.status:
            return self
        if target is WalletStatus.CLOSED and (self.balance_minor or self.debits_pending):
            message = "a wallet closes only with a zero balance and without holds"
            raise InvalidState(message, subject="wallet", status=self.status)
        return replace(self, status=target, version=self.version + 1)


def wallet_id(client_id: str, user_id: str, currency: str) -> str:
    """A user has one wallet in a currency, so its id follows from both."""
    return derived_id(WALLET_PREFIX, client_id, user_id, currency)
