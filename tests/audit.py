"""Payments, journal and wallets held to each other, without the code that wrote them.

The sums are formed here anew, from kinds and amounts alone.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from evenkeel.ledger.transfer import Record, Transfer, TransferKind
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import RefundStatus
from evenkeel.payments.states import PaymentStatus
from evenkeel.wallets.model import Wallet

_K, _S = TransferKind, PaymentStatus
TAKES = frozenset({_K.PAYMENT, _K.CAPTURE})
ENDS = frozenset({_K.CAPTURE, _K.RELEASE})


def check(
    payments: Iterable[Payment], records: Iterable[Record], wallets: Iterable[Wallet]
) -> None:
    """Assert that all agree; nothing may be under way."""
    transfers = [record for record in records if isinstance(record, Transfer)]
    check_ledger(transfers, wallets)
    for payment in payments:
        check_payment(payment, transfers)


def check_ledger(transfers: Sequence[Transfer], wallets: Iterable[Wallet]) -> None:
    """Assert what must be true of the journal and of the wallets at any moment."""
    ids = Counter(transfer.id for transfer in transfers)
    holds = {each.id: each for each in transfers if each.kind is _K.HOLD}
    ends = Counter(each.original_id for each in transfers if each.kind in ENDS)
    payments = Counter(each.payment_id for each in transfers if each.kind in TAKES)

    assert set(ids.values()) <= {1}
    assert set(ends) <= set(holds), "what was never held has ended"
    assert set(ends.values()) <= {1}, "a hold has ended twice"
    assert set(payments.values()) <= {1}, "a payment was debited twice"
    for wallet in wallets:
        counted = (wallet.debits_pending, wallet.debits_posted, wallet.credits_posted)
        assert counted == _counters(wallet.id, transfers, holds), wallet
        assert wallet.available_minor >= 0
        assert wallet.credits_pending == 0


def check_payment(payment: Payment, transfers: Sequence[Transfer]) -> None:
    """Assert that a payment with which nobody is busy says what the ledger says."""
    own = [transfer for transfer in transfers if transfer.payment_id == payment.id]
    kinds = Counter(transfer.kind for transfer in own)
    taken_minor = sum(each.amount.amount_minor for each in own if each.kind in TAKES)
    backs = [each for each in own if each.kind is _K.REFUND]
    back_minor = sum(each.amount.amount_minor for each in backs)
    succeeded = [each for each in payment.refunds.values() if each.status is RefundStatus.SUCCEEDED]

    assert payment.status is not _S.PROCESSING, payment
    assert payment.ending is None, payment
    assert not payment.open_refunds, payment
    assert (payment.captured_minor, payment.refunded_minor) == (taken_minor, back_minor), payment
    assert {each.transfer_id for each in succeeded} == {each.id for each in backs}
    assert payment.refundable_minor == taken_minor - back_minor >= 0
    assert payment.status in _statuses(kinds, taken_minor, back_minor), payment
    assert kinds[_K.PAYMENT] + kinds[_K.HOLD] <= 1


def _statuses(
    kinds: Counter[TransferKind], taken_minor: int, back_minor: int
) -> frozenset[PaymentStatus]:
    """Return what a payment may be, of which the ledger knows this."""
    if taken_minor:
        is_part = 0 < back_minor < taken_minor
        left = _S.PARTIALLY_REFUNDED if is_part else _S.REFUNDED
        return frozenset({left if back_minor else _S.COMPLETED})
    if kinds[_K.RELEASE]:
        return frozenset({_S.CANCELLED})
    if kinds[_K.HOLD]:
        return frozenset({_S.AUTHORIZED})
    return frozenset({_S.PENDING, _S.FAILED, _S.CANCELLED})


def _counters(
    wallet_id: str, transfers: Sequence[Transfer], holds: dict[str, Transfer]
) -> tuple[int, int, int]:
    """Fold a wallet's pending and posted debits, and its posted credits."""
    pending = debits = credits_ = 0
    for transfer in transfers:
        amount_minor = transfer.amount.amount_minor
        if transfer.credit.account_id == wallet_id:
            credits_ += amount_minor
        if transfer.debit.account_id != wallet_id:
            continue
        if transfer.kind is _K.HOLD:
            pending += amount_minor
        if transfer.kind in ENDS:
            assert transfer.original_id is not None
            pending -= holds[transfer.original_id].amount.amount_minor
        if transfer.kind not in (_K.HOLD, _K.RELEASE):
            debits += amount_minor
    return pending, debits, credits_
