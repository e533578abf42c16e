"""Putting right what was posted wrongly, or not at all: by one more transfer, never by an edit.

Neither of the two records a refusal. It would take the id, and what is wrong would be so for
ever: what a wallet cannot give or take now may be possible later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evenkeel.clock import Clock
from evenkeel.errors import (
    Declined,
    FieldError,
    IdempotencyKeyReused,
    ObjectNotFound,
    ValidationFailed,
)
from evenkeel.ledger.commands import Correction, Reversal
from evenkeel.ledger.transfer import (
    IRREVERSIBLE_KINDS,
    Decline,
    Record,
    Transfer,
    TransferKind,
)
from evenkeel.resilience.retry import Retry
from evenkeel.wallets import requests
from evenkeel.wallets.ports import WalletStore
from evenkeel.wallets.posting import TransferRequest, draft, refusal


@dataclass(frozen=True, slots=True)
class Repair:
    store: WalletStore
    retry: Retry
    clock: Clock

    def reverse(self, wish: Reversal) -> Transfer:
        """Take back a posted transfer, once, however often it is asked for.

        Who asks must see to it that nothing of it was given back before, by a refund.

        Raises:
            ObjectNotFound: There is no such transfer; what was refused is none.
            ValidationFailed: It posts nothing, is a reversal itself, or names another payment.
            Declined: A wallet cannot give, or take, the money now. It may be possible later.
            LedgerBusy, LedgerUnconfirmed: As for `Wallets.move`.
        """
        began_at = self.clock()
        return self.retry.call(lambda: self._reverse(wish, began_at))

    def correct(self, wish: Correction) -> Transfer:
        """Pay a merchant from the suspense account, once, however often it is asked for.

        Only in place of a debit that can never be posted any more: its id must be taken by
        a refusal, or by the release of what was to be captured. Otherwise a late copy of the
        debit could pay the merchant once more.

        Raises:
            ValidationFailed: The debit may be posted still, or is; or it is another payment's.
            IdempotencyKeyReused: It was corrected with another amount, or for another merchant.
            LedgerBusy, LedgerUnconfirmed: As for `Wallets.move`.
        """
        began_at = self.clock()
        return self.retry.call(lambda: self._correct(wish, began_at))

    def _reverse(self, wish: Reversal, began_at: datetime) -> Transfer:
        records = self.store.look(wish.client_id, [wish.transfer_id, wish.original_id], ()).records
        standing = records.get(wish.transfer_id)
        if standing is None:
            original = _reversible(wish, records.get(wish.original_id))
            standing = self._post(requests.reversal(wish, original), began_at)
        return _transfer(standing)

    def _correct(self, wish: Correction, began_at: datetime) -> Transfer:
        records = self.store.look(wish.client_id, [wish.transfer_id, wish.debit_id], ()).records
        request = requests.correction(wish)
        standing = records.get(wish.transfer_id)
        if standing is None:
            _require_hopeless(wish, records.get(wish.debit_id))
            standing = self._post(request, began_at)
        if standing.fingerprint != request.fingerprint:
            raise IdempotencyKeyReused
        return _transfer(standing)

    def _post(self, request: TransferRequest, began_at: datetime) -> Record:
        """Write the transfer, and return what is stored under its id then."""
        wallets = self.store.look(request.client_id, [request.id], request.wallet_ids()).wallets
        refused = refusal(request, wallets)
        if refused is None:
            return self.store.post(draft(request, wallets, began_at))
        # It may be the same request, sent by another, that has left the wallet like this.
        standing = self.store.look(request.client_id, [request.id], ()).records.get(request.id)
        if standing is None:
            raise Declined(refused.reason, refused.message)
        return standing


def _reversible(wish: Reversal, record: Record | None) -> Transfer:
    if not isinstance(record, Transfer):
        raise ObjectNotFound
    if record.kind in IRREVERSIBLE_KINDS:
        raise ValidationFailed(FieldError("originalId", f"a {record.kind} cannot be reversed"))
    _require_payment(wish.payment_id, record)
    return record


def _require_hopeless(wish: Correction, record: Record | None) -> None:
    """See that the debit can never be posted."""
    is_released = isinstance(record, Transfer) and record.kind is TransferKind.RELEASE
    if record is None or not (is_released or isinstance(record, Decline)):
        message = "it was neither refused nor released, so that it may be posted"
        raise ValidationFailed(FieldError("debitId", message))
    _require_payment(wish.payment_id, record)


def _require_payment(payment_id: str | None, record: Record) -> None:
    if record.payment_id != payment_id:
        raise ValidationFailed(FieldError("paymentId", f"{record.id} names another payment"))


def _transfer(record: Record) -> Transfer:
    assert isinstance(record, Transfer), "no refusal is recorded under such an id"
    return record
