"""What a request to move money does to the wallets it names: refuse it, or draft it.

Pure: the wallets come in as they were read, and the store's conditions make
sure that they are still so when the draft is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from evenkeel.errors import DeclineReason
from evenkeel.ledger.accounts import booked, is_wallet
from evenkeel.ledger.chain import entry_hash
from evenkeel.ledger.transfer import Entry, Leg, Side, Transfer, TransferKind
from evenkeel.money import Money
from evenkeel.wallets.model import BALANCE_MINOR_MAX, Wallet, WalletStatus


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """A wish to move money. Accounts other than wallets are named without their currency.

    Attributes:
        currency: None means the currency of the wallet.
        owner_user_id: Who must own the debited wallet, where that matters.
        original_id: The transfer that it ends or corrects, if it does.
        held_minor: How much of its original's hold it ends.
    """

    id: str
    client_id: str
    kind: TransferKind
    debit_account_id: str
    credit_account_id: str
    amount_minor: int
    fingerprint: str
    currency: str | None = None
    owner_user_id: str | None = None
    payment_id: str | None = None
    reference: str | None = None
    description: str | None = None
    request_id: str | None = None  # Kept with a refusal, so that its replay reads the same.
    original_id: str | None = None
    held_minor: int = 0

    def sides(self) -> Iterator[tuple[Side, str]]:
        yield Side.DEBIT, self.debit_account_id
        yield Side.CREDIT, self.credit_account_id

    def wallet_ids(self) -> list[str]:
        return [account_id for _, account_id in self.sides() if is_wallet(account_id)]


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: DeclineReason
    message: str


@dataclass(frozen=True, slots=True)
class WalletChange:
    before: Wallet
    after: Wallet

    @property
    def takes(self) -> bool:
        """Whether money leaves the wallet, or is held for leaving it."""
        posts = self.after.debits_posted > self.before.debits_posted
        return posts or self.after.debits_pending > self.before.debits_pending

    @property
    def taken_minor(self) -> int:
        """How much less is available after it."""
        return max(self.before.available_minor - self.after.available_minor, 0)

    @property
    def ended_minor(self) -> int:
        """How much less is on hold after it."""
        return max(self.before.debits_pending - self.after.debits_pending, 0)


@dataclass(frozen=True, slots=True)
class Posting:
    """A transfer, and what it makes of each wallet: written together or not at all."""

    transfer: Transfer
    changes: tuple[WalletChange, ...]


def refusal(request: TransferRequest, wallets: Mapping[str, Wallet]) -> Refusal | None:
    """Return why the request must be declined, the first reason in order, or None."""
    involved = []
    for side, account_id in request.sides():
        if not is_wallet(account_id):
            continue
        wallet = wallets.get(account_id)
        if wallet is None:
            message = f"there is no wallet {account_id}"
            return Refusal(DeclineReason.WALLET_NOT_FOUND, message)
        involved.append((side, wallet))
    checks = (_refuse_owner, _refuse_status, _refuse_currency, _refuse_amount)
    for check in checks:
        for side, wallet in involved:
            if refused := check(request, side, wallet, _currency(request, wallets)):
                return refused
    return None


def draft(request: TransferRequest, wallets: Mapping[str, Wallet], now: datetime) -> Posting:
    """Return what to write for a request that nothing speaks against."""
    involved = [wallets[wallet_id] for wallet_id in request.wallet_ids()]
    currency = _currency(request, wallets)
    transfer = Transfer(
        id=request.id,
        client_id=request.client_id,
        kind=request.kind,
        debit=Leg(booked(request.debit_account_id, currency)),
        credit=Leg(booked(request.credit_account_id, currency)),
        amount=Money(request.amount_minor, currency),
        posted_at=max([now, *(wallet.last_posted_at or now for wallet in involved)]),
        fingerprint=request.fingerprint,
        payment_id=request.payment_id,
        reference=request.reference,
        description=request.description,
        original_id=request.original_id,
        held_minor=request.held_minor,
    )
    posted, pending = transfer.posted_minor, transfer.pending_minor
    moved = [
        (wallets[account_id], wallets[account_id].moved(side, posted, pending))
        for side, account_id in request.sides()
        if account_id in wallets
    ]
    for before, after in moved:
        transfer = _with_entry(transfer, before, after)
    return Posting(
        transfer,
        tuple(WalletChange(before, _with_head(after, transfer)) for before, after in moved),
    )


def _with_entry(transfer: Transfer, before: Wallet, after: Wallet) -> Transfer:
    entry = Entry(
        number=after.entry_count,
        previous_transfer_id=before.head_transfer_id,
        balance_after_minor=after.balance_minor,
        pending_after_minor=after.debits_pending,
        version_after=after.version,
        status=after.status,
        hash="",
    )
    unsigned = _with_leg(transfer, Leg(after.id, entry))
    sealed = replace(entry, hash=entry_hash(unsigned, after.id, previous_hash=before.head_hash))
    return _with_leg(transfer, Leg(after.id, sealed))


def _with_leg(transfer: Transfer, leg: Leg) -> Transfer:
    if transfer.side_of(leg.account_id) is Side.DEBIT:
        return replace(transfer, debit=leg)
    return replace(transfer, credit=leg)


def _with_head(wallet: Wallet, transfer: Transfer) -> Wallet:
    return replace(
        wallet,
        head_transfer_id=transfer.id,
        head_hash=transfer.entry_of(wallet.id).hash,
        last_posted_at=transfer.posted_at,
    )


def _currency(request: TransferRequest, wallets: Mapping[str, Wallet]) -> str:
    return request.currency or wallets[request.wallet_ids()[0]].currency


def _refuse_owner(
    request: TransferRequest, side: Side, wallet: Wallet, currency: str
) -> Refusal | None:
    owner = request.owner_user_id
    if side is Side.DEBIT and owner is not None and wallet.user_id != owner:
        message = f"wallet {wallet.id} does not belong to user {owner}"
        return Refusal(DeclineReason.WALLET_NOT_OWNED, message)
    return None


def _refuse_status(
    request: TransferRequest, side: Side, wallet: Wallet, currency: str
) -> Refusal | None:
    if wallet.status is WalletStatus.CLOSED:
        return Refusal(DeclineReason.WALLET_CLOSED, f"wallet {wallet.id} is closed")
    takes = side is Side.DEBIT and request.kind is not TransferKind.RELEASE
    if wallet.status is WalletStatus.FROZEN and takes:
        return Refusal(DeclineReason.WALLET_FROZEN, f"wallet {wallet.id} is frozen")
    return None


def _refuse_currency(
    request: TransferRequest, side: Side, wallet: Wallet, currency: str
) -> Refusal | None:
    if wallet.currency != currency:
        message = f"wallet {wallet.id} is in {wallet.currency}, not in {currency}"
        return Refusal(DeclineReason.CURRENCY_MISMATCH, message)
    return None


def _refuse_amount(
    request: TransferRequest, side: Side, wallet: Wallet, currency: str
) -> Refusal | None:
    amount = request.amount_minor
    # What a capture or a release takes from the wallet is held there for it.
    if side is Side.DEBIT and amount > wallet.available_minor + request.held_minor:
        message = f"wallet {wallet.id} cannot cover {Money(amount, currency)}"
        return Refusal(DeclineReason.INSUFFICIENT_FUNDS, message)
    if side is Side.CREDIT and wallet.balance_minor + amount > BALANCE_MINOR_MAX:
        limit = Money(BALANCE_MINOR_MAX, currency)
        message = f"wallet {wallet.id} cannot hold more than {limit}"
        return Refusal(DeclineReason.LIMIT_EXCEEDED, message)
    return None
