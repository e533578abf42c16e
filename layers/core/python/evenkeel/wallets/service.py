"""Use cases of the wallets: open, move money, freeze and close, look and verify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from evenkeel.clock import Clock
from evenkeel.errors import (
    Declined,
    DeclineReason,
    FieldError,
    IdempotencyKeyReused,
    ObjectNotFound,
    ValidationFailed,
    VersionConflict,
    WalletExists,
)
from evenkeel.ids import derived_id, is_id
from evenkeel.ledger import accounts
from evenkeel.ledger.commands import (
    Command,
    Correction,
    Debit,
    HoldEnd,
    Posted,
    Refund,
    Reversal,
)
from evenkeel.ledger.transfer import (
    REFUNDABLE_KINDS,
    TRANSFER_PREFIX,
    Decline,
    Record,
    Transfer,
    TransferKind,
    reversal_id,
)
from evenkeel.resilience.retry import Retry
from evenkeel.wallets import requests
from evenkeel.wallets.chronicle import Chronicle, WalletCheck
from evenkeel.wallets.model import Wallet, WalletAction, WalletSnapshot, wallet_id
from evenkeel.wallets.ports import EntryRef, Sight, WalletStore, ref_before
from evenkeel.wallets.posting import Posting, Refusal, TransferRequest, draft, refusal
from evenkeel.wallets.repair import Repair


@dataclass(frozen=True, slots=True)
class Moved:
    """A posted transfer, and each wallet of it as it was right after."""

    transfer: Transfer
    wallets: Mapping[str, WalletSnapshot]
    replayed: bool


@dataclass(frozen=True, slots=True)
class StatementQuery:
    """Up to *limit* of the entries posted in [since, until), from *start* on, newest first."""

    limit: int
    start: EntryRef | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A page of a wallet's transfers, newest first."""

    transfers: Sequence[Transfer]
    next: EntryRef | None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One call to move money, and what it has sent: its own record is not a replay of it."""

    began_at: datetime
    sent: list[Record] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wallets:
    store: WalletStore
    retry: Retry
    clock: Clock

    def open(
        self, client_id: str, user_id: str, currency: str, *, opening_minor: int = 0
    ) -> tuple[Wallet, bool]:
        """Open the user's wallet in a currency, once, and tell whether this call did it.

        Raises:
            WalletExists: It was opened with another balance.
        """
        blank = Wallet(
            id=wallet_id(client_id, user_id, currency),
            client_id=client_id,
            user_id=user_id,
            currency=currency,
            created_at=self.clock(),
            opening_minor=opening_minor,
        )
        return self.retry.call(lambda: self._open(blank))

    def get(self, client_id: str, wallet_id: str) -> Wallet:
        """Return the wallet as it is now.

        Raises:
            ObjectNotFound: This client has no such wallet.
        """
        _require_id(wallet_id)
        return self.retry.call(lambda: self.store.wallet(client_id, wallet_id))

    def move(self, request: TransferRequest) -> Moved:
        """Move money once, however often and from however many places it is asked for.

        Raises:
            Declined: Refused now, or the first time; the id is used up.
            ObjectNotFound: The same, because a wallet that is no payment's does not exist.
            IdempotencyKeyReused: The id stands for another request.
            LedgerBusy: Nothing was applied.
            LedgerUnconfirmed: It may have been; the same id tells.
        """
        attempt = _Attempt(self.clock())
        return self.retry.call(lambda: self._move(request, attempt))

    def obey(self, command: Command) -> Posted:
        """Do what payments ask for, once, and return what stands in the ledger then.

        Raises:
            Declined, IdempotencyKeyReused, LedgerBusy, LedgerUnconfirmed: As each of them.
            ObjectNotFound, ValidationFailed: As `Repair`; it is not asked for in such a way.
        """
        match command:
            case Debit():
                transfer = self.move(requests.payment(command)).transfer
            case Refund():
                transfer = self.refund(command).transfer
            case HoldEnd():
                transfer = self.end_hold(command)
            case Reversal():
                transfer = self._repair.reverse(command)
            case Correction():
                transfer = self._repair.correct(command)
        return Posted(transfer.id, transfer.kind, transfer.amount.amount_minor)

    def refund(self, wish: Refund) -> Moved:
        """Pay back what was captured, once, however often it is asked for.

        Who asks must see to it that no more is paid back than was captured.

        Raises:
            Declined: Refused now, or the first time; the id is used up.
            IdempotencyKeyReused, LedgerBusy, LedgerUnconfirmed: As for `move`.
        """
        attempt = _Attempt(self.clock())
        return self.retry.call(lambda: self._refund(wish, attempt))

    def end_hold(self, wish: HoldEnd) -> Transfer:
        """Capture or release what is held, and return what has ended the hold.

        That is the first that was asked for, and need not be what is asked for here.

        Raises:
            Declined: The wallet gives no money now. The hold stands, and can be ended later.
            LedgerBusy, LedgerUnconfirmed: As for `move`.
        """
        began_at = self.clock()
        return self.retry.call(lambda: self._end_hold(wish, began_at))

    def act(self, client_id: str, wallet_id: str, action: WalletAction) -> Wallet:
        """Freeze, unfreeze or close; asking again changes nothing.

        Raises:
            ObjectNotFound: This client has no such wallet.
            InvalidState: The wallet is not in a status, or not empty, for this.
        """
        _require_id(wallet_id)
        return self.retry.call(lambda: self._act(client_id, wallet_id, action))

    def as_of(self, client_id: str, wallet_id: str, moment: datetime) -> WalletSnapshot:
        """Return the wallet as the last of its entries by then had left it.

        Status and version are those that the entry left: a freeze makes no entry. An entry is
        stamped as it is begun, so one under way may come to stand before a moment just past.

        Raises:
            ObjectNotFound: This client has no such wallet.
            ValidationFailed: It was opened later.
        """
        began_at = self.clock()
        chronicle = self._chronicle(client_id, wallet_id)
        wallet = chronicle.wallet
        if moment >= began_at:
            return wallet.snapshot()
        if moment < wallet.created_at:
            raise ValidationFailed(FieldError("at", "the wallet was opened later"))
        entry = chronicle.latest(moment)
        return wallet.as_of(entry.entry_of(wallet_id)) if entry else wallet.as_opened()

    def statement(self, client_id: str, wallet_id: str, query: StatementQuery) -> Statement:
        """Return a page of the wallet's transfers, newest first.

        Raises:
            ObjectNotFound: This client has no such wallet.
            ValidationFailed: There is no such entry to start from.
        """
        chronicle = self._chronicle(client_id, wallet_id)
        begin = query.start or chronicle.newest_before(query.until)
        if begin is None:
            return Statement((), None)
        found = chronicle.page(begin, query.limit).transfers
        if query.start is not None and not found:
            raise ValidationFailed(FieldError("cursor", "not a cursor of this list"))
        transfers = [each for each in found if query.since is None or each.posted_at >= query.since]
        is_cut_off = len(transfers) < len(found)
        goes_on = bool(found) and not is_cut_off
        return Statement(transfers, ref_before(found[-1], wallet_id) if goes_on else None)

    def check(self, client_id: str, wallet_id: str) -> WalletCheck:
        """Compare the wallet with all of its entries, and verify their chain.

        Raises:
            ObjectNotFound: This client has no such wallet.
        """
        return self._chronicle(client_id, wallet_id).check()

    @property
    def _repair(self) -> Repair:
        return Repair(self.store, self.retry, self.clock)

    def _chronicle(self, client_id: str, wallet_id: str) -> Chronicle:
        return Chronicle(self.get(client_id, wallet_id), self.store, self.retry)

    def _open(self, blank: Wallet) -> tuple[Wallet, bool]:
        opening = self._opening(blank) if blank.opening_minor else None
        wallet = opening.changes[0].after if opening else blank
        try:
            self.store.open(wallet, opening)
        except VersionConflict:
            existing = self.store.wallet(wallet.client_id, wallet.id)
            if existing.opening_minor != wallet.opening_minor:
                raise WalletExists from None
            # It may be our own write that was first: its answer was lost.
            return existing, existing == wallet
        return wallet, True

    def _opening(self, blank: Wallet) -> Posting:
        request = TransferRequest(
            id=derived_id(TRANSFER_PREFIX, blank.client_id, "opening", blank.id),
            client_id=blank.client_id,
            kind=TransferKind.CREDIT,
            debit_account_id=accounts.EXTERNAL,
            credit_account_id=blank.id,
            amount_minor=blank.opening_minor,
            fingerprint="opening",
        )
        return draft(request, {blank.id: replace(blank, version=0)}, blank.created_at)

    def _move(self, request: TransferRequest, attempt: _Attempt) -> Moved:
        sight = self.store.look(request.client_id, [request.id], request.wallet_ids())
        return self._moved(request, sight, attempt)

    def _refund(self, wish: Refund, attempt: _Attempt) -> Moved:
        # At one moment: a reversal that is not seen here moves the wallet after that, so that
        # what is posted on this sight does not fit the wallet any more.
        ids = [wish.transfer_id, wish.original_id, reversal_id(wish.original_id)]
        sight = self.store.look_at_one_moment(wish.client_id, ids, [wish.wallet_id])
        standing = sight.records.get(wish.transfer_id)
        if standing is None and not _is_refundable(wish, sight):
            decline = _nothing_to_refund(wish, attempt.began_at)
            attempt.sent.append(decline)
            standing = self.store.decline(decline)
        if isinstance(standing, Decline):
            return _answer(requests.refund_fingerprint(wish), standing, sight, attempt)
        return self._moved(requests.refund(wish, _original(wish, sight)), sight, attempt)

    def _end_hold(self, wish: HoldEnd, began_at: datetime) -> Transfer:
        ids = [wish.transfer_id, wish.original_id]
        sight = self.store.look(wish.client_id, ids, [wish.wallet_id])
        end = sight.records.get(wish.transfer_id)
        if end is None:
            request = requests.hold_end(wish, _original(wish, sight))
            refused = refusal(request, sight.wallets)
            if refused is not None:
                # Not recorded: that would be the hold's end, with the money held for ever.
                raise Declined(refused.reason, refused.message)
            end = self.store.post(draft(request, sight.wallets, began_at))
        assert isinstance(end, Transfer), "a hold does not end with a refusal"
        return end

    def _moved(self, request: TransferRequest, sight: Sight, attempt: _Attempt) -> Moved:
        record = sight.records.get(request.id)
        if record is None:
            record = self._record(request, sight, attempt)
            if record != attempt.sent[-1]:
                raise VersionConflict  # Another one took the id meanwhile: look again.
        return _answer(request.fingerprint, record, sight, attempt)

    def _record(self, request: TransferRequest, sight: Sight, attempt: _Attempt) -> Record:
        """Write the verdict, and return what is stored under the id then."""
        refused = refusal(request, sight.wallets)
        if refused is not None:
            decline = _decline(request, refused, attempt.began_at)
            attempt.sent.append(decline)
            return self.store.decline(decline)
        posting = draft(request, sight.wallets, attempt.began_at)
        attempt.sent.append(posting.transfer)
        return self.store.post(posting)

    def _act(self, client_id: str, wallet_id: str, action: WalletAction) -> Wallet:
        before = self.store.wallet(client_id, wallet_id)
        after = before.acted(action)
        if after is not before:
            self.store.save(after, follows=before)
        return after


def _is_refundable(wish: Refund, sight: Sight) -> bool:
    """Whether a wallet has paid what is to be given back, and does not have it back already."""
    original = sight.records.get(wish.original_id)
    is_posted = isinstance(original, Transfer) and original.kind in REFUNDABLE_KINDS
    return is_posted and reversal_id(wish.original_id) not in sight.records


def _nothing_to_refund(wish: Refund, now: datetime) -> Decline:
    """Return the refusal of what would give back more than is paid, which is nothing."""
    return Decline(
        wish.transfer_id,
        wish.client_id,
        DeclineReason.LIMIT_EXCEEDED,
        "no wallet has paid what this would give back, or it has it back already",
        declined_at=now,
        fingerprint=requests.refund_fingerprint(wish),
        payment_id=wish.payment_id,
        request_id=wish.request_id,
    )


def _original(wish: Refund | HoldEnd, sight: Sight) -> Transfer:
    original = sight.records.get(wish.original_id)
    assert isinstance(original, Transfer), "payments name only what the ledger has confirmed"
    return original


def _decline(request: TransferRequest, refused: Refusal, now: datetime) -> Decline:
    return Decline(
        request.id,
        request.client_id,
        refused.reason,
        refused.message,
        declined_at=now,
        fingerprint=request.fingerprint,
        payment_id=request.payment_id,
        request_id=request.request_id,
    )


def _answer(fingerprint: str, record: Record, sight: Sight, attempt: _Attempt) -> Moved:
    if record.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    replayed = record not in attempt.sent
    if isinstance(record, Decline):
        if record.reason is DeclineReason.WALLET_NOT_FOUND and record.payment_id is None:
            # A payment fails for want of a wallet; other requests have named nothing.
            raise ObjectNotFound(first_request_id=record.request_id, replayed=replayed)
        raise Declined(
            record.reason, record.message, first_request_id=record.request_id, replayed=replayed
        )
    wallets = {id_: wallet.as_of(record.entry_of(id_)) for id_, wallet in sight.wallets.items()}
    return Moved(record, wallets, replayed)


def _require_id(wallet_id: str) -> None:
    if not is_id(accounts.WALLET_PREFIX, wallet_id):
        raise ObjectNotFound
