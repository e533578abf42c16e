"""Records of a payment that are gone, altered, or one too many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from evenkeel.ids import derived_id
from evenkeel.ledger.transfer import TRANSFER_PREFIX, TransferKind
from evenkeel.reconciliation.mismatch import MismatchType as T
from evenkeel.wallets.posting import TransferRequest
from tests.integration.planted import lives
from tests.integration.planted.scene import Kinds, Scene, Told

RECORD_KINDS = Kinds()


@RECORD_KINDS.after(lives.paid)
def debit_removed(scene: Scene) -> Iterator[Told]:
    scene.remove_record(scene.debit_id)
    yield scene.of_payment(T.COMPLETED_LEDGER_MISSING, scene.debit_id)
    yield scene.of_wallet(T.CHAIN_BROKEN, scene.debit_id)


@RECORD_KINDS.after(lives.captured)
def capture_removed(scene: Scene) -> Iterator[Told]:
    scene.remove_record(scene.end_id)
    yield scene.of_payment(T.COMPLETED_LEDGER_MISSING, scene.end_id)
    yield scene.of_wallet(T.CHAIN_BROKEN, scene.end_id)


@RECORD_KINDS.after(lives.held)
def hold_removed(scene: Scene) -> Iterator[Told]:
    scene.remove_record(scene.debit_id)
    yield scene.of_payment(T.COMPLETED_LEDGER_MISSING, scene.debit_id)
    yield scene.of_wallet(T.CHAIN_BROKEN, scene.debit_id)


@RECORD_KINDS.after(lives.voided)
def release_removed(scene: Scene) -> Iterator[Told]:
    scene.remove_record(scene.end_id)
    yield scene.of_payment(T.STALE_HOLD, scene.debit_id)
    yield scene.of_wallet(T.CHAIN_BROKEN, scene.end_id)


@RECORD_KINDS.after(lives.declined)
def decline_removed(scene: Scene) -> Iterator[Told]:
    scene.remove_record(scene.debit_id)
    yield scene.of_payment(T.ENTRY_ALTERED, scene.debit_id)


@RECORD_KINDS.after(lives.paid)
def ledger_amount_altered(scene: Scene) -> Iterator[Told]:
    altered_minor = scene.variant.amount_minor * 2
    scene.set_record(scene.taken_id, amount_minor={"N": str(altered_minor)})
    yield scene.of_payment(T.AMOUNT_MISMATCH, scene.taken_id)
    yield scene.of_transfer(T.ENTRY_ALTERED, scene.taken_id)


@RECORD_KINDS.after(lives.paid)
def ledger_currency_altered(scene: Scene) -> Iterator[Told]:
    account = f"merchant:{scene.paid.order.merchant_id}:USD"
    scene.set_record(scene.taken_id, currency={"S": "USD"}, credit_account={"S": account})
    yield scene.of_payment(T.CURRENCY_MISMATCH, scene.taken_id)
    yield scene.of_transfer(T.ENTRY_ALTERED, scene.taken_id)


@RECORD_KINDS.after(lives.paid)
def ledger_merchant_altered(scene: Scene) -> Iterator[Told]:
    account = f"merchant:tea{scene.variant.number}:EUR"
    scene.set_record(scene.taken_id, credit_account={"S": account})
    yield scene.of_payment(T.WALLET_MISMATCH, scene.taken_id)
    yield scene.of_transfer(T.ENTRY_ALTERED, scene.taken_id)


@RECORD_KINDS.after(lives.paid)
def ledger_payment_removed(scene: Scene) -> Iterator[Told]:
    """The record says no more whose payment it is."""
    scene.set_record(scene.taken_id, payment_id=None)
    yield scene.of_payment(T.COMPLETED_LEDGER_MISSING, scene.taken_id)
    yield scene.of_transfer(T.ORPHAN_TRANSFER, scene.taken_id)
    yield scene.of_transfer(T.ENTRY_ALTERED, scene.taken_id)


@RECORD_KINDS.after(lives.paid)
def debit_posted_twice(scene: Scene) -> Iterator[Told]:
    """By the wallets themselves, under an id that the payment would not give."""
    copy = scene.post(_payment_request(scene, scene.paid.id))
    yield scene.of_payment(T.DUPLICATE_DEBIT, copy.id)


@RECORD_KINDS.after(lives.paid)
def debit_copied(scene: Scene) -> Iterator[Told]:
    copy = replace(scene.transfer(scene.taken_id), id=_other_id(scene))
    scene.put(copy)
    yield scene.of_payment(T.DUPLICATE_DEBIT, copy.id)
    yield scene.of_wallet(T.CHAIN_BROKEN, copy.id)


@RECORD_KINDS.after(lives.declined)
def debit_posted_after_a_decline(scene: Scene) -> Iterator[Told]:
    copy = scene.post(_payment_request(scene, scene.paid.id))
    yield scene.of_payment(T.FAILED_BUT_DEBITED, copy.id)


@RECORD_KINDS.after(lives.nothing)
def orphan_posted(scene: Scene) -> Iterator[Told]:
    payment_id = derived_id("pay", scene.wallet_id)
    orphan = scene.post(_payment_request(scene, payment_id))
    type_, subject = scene.of_transfer(T.ORPHAN_TRANSFER, orphan.id)
    yield type_, replace(subject, payment_id=payment_id)


@RECORD_KINDS.after(lives.nothing)
def debit_without_a_payment(scene: Scene) -> Iterator[Told]:
    """It is of a kind that only payments have."""
    orphan = scene.post(_payment_request(scene, None))
    yield scene.of_transfer(T.ORPHAN_TRANSFER, orphan.id)


@RECORD_KINDS.after(lives.refunded)
def refund_removed(scene: Scene) -> Iterator[Told]:
    [refund] = scene.paid.refunds.values()
    scene.remove_record(refund.transfer_id)
    yield scene.of_payment(T.COMPLETED_LEDGER_MISSING, refund.transfer_id)
    yield scene.of_wallet(T.CHAIN_BROKEN, refund.transfer_id)


@RECORD_KINDS.after(lives.refunded)
def refund_amount_altered(scene: Scene) -> Iterator[Told]:
    [refund] = scene.paid.refunds.values()
    scene.set_record(refund.transfer_id, amount_minor={"N": str(refund.amount_minor + 1)})
    yield scene.of_payment(T.AMOUNT_MISMATCH, refund.transfer_id)
    yield scene.of_transfer(T.ENTRY_ALTERED, refund.transfer_id)


@RECORD_KINDS.after(lives.paid)
def record_unreadable(scene: Scene) -> Iterator[Told]:
    nonsense = (
        {"kind": {"S": "gift"}},
        {"amount_minor": {"S": "much"}},
        {"currency": {"S": "EURO"}},
        {"amount_minor": {"N": "0"}},
        {"credit_account": None},
    )
    scene.set_record(scene.taken_id, **nonsense[scene.variant.number])
    yield scene.of_transfer(T.ENTRY_ALTERED, scene.taken_id)
    yield scene.of_payment(T.COMPLETED_LEDGER_MISSING, scene.taken_id)
    yield scene.of_wallet(T.ENTRY_ALTERED)


def _payment_request(scene: Scene, payment_id: str | None) -> TransferRequest:
    return TransferRequest(
        id=_other_id(scene),
        client_id=scene.home.client_id,
        kind=TransferKind.PAYMENT,
        debit_account_id=scene.wallet_id,
        credit_account_id="merchant:coffee",
        amount_minor=scene.variant.amount_minor,
        currency="EUR",
        payment_id=payment_id,
        fingerprint="same",
    )


def _other_id(scene: Scene) -> str:
    return derived_id(TRANSFER_PREFIX, "other", scene.wallet_id)
