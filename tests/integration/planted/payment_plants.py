"""Payments that do not say what the ledger says, or are gone."""

from __future__ import annotations

from collections.abc import Iterator

from evenkeel.errors import DeclineReason
from evenkeel.ledger.commands import HoldEnd
from evenkeel.payments.failure import Failure
from evenkeel.payments.order import Capture
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.mismatch import MismatchType as T
from tests.integration.planted import lives
from tests.integration.planted.scene import Kinds, Scene, Told

PAYMENT_KINDS = Kinds()
FAILURE = Failure(DeclineReason.INSUFFICIENT_FUNDS, "so it is said", "r")


@PAYMENT_KINDS.after(lives.created)
def completed_without_debit(scene: Scene) -> Iterator[Told]:
    _say_paid(scene)
    yield scene.of_payment(T.COMPLETED_LEDGER_MISSING, scene.debit_id)


@PAYMENT_KINDS.after(lives.declined)
def completed_over_a_decline(scene: Scene) -> Iterator[Told]:
    _say_paid(scene)
    yield scene.of_payment(T.COMPLETED_LEDGER_MISSING, scene.debit_id)


@PAYMENT_KINDS.after(lives.voided)
def completed_over_a_release(scene: Scene) -> Iterator[Told]:
    _say_paid(scene)
    yield scene.of_payment(T.COMPLETED_LEDGER_MISSING, scene.end_id)


@PAYMENT_KINDS.after(lives.held)
def completed_over_a_hold(scene: Scene) -> Iterator[Told]:
    _say_paid(scene)
    yield scene.of_payment(T.COMPLETED_LEDGER_MISSING, scene.end_id)


@PAYMENT_KINDS.after(lives.paid)
def transfer_id_invented(scene: Scene) -> Iterator[Told]:
    scene.set_payment(transfer_id={"S": f"trf_{scene.variant.number}"})
    yield scene.of_payment(T.COMPLETED_LEDGER_MISSING, scene.taken_id)


@PAYMENT_KINDS.after(lives.paid)
def failed_yet_debited(scene: Scene) -> Iterator[Told]:
    scene.alter(status=PaymentStatus.FAILED, failure=FAILURE, transfer_id=None, captured_minor=0)
    yield scene.of_payment(T.FAILED_BUT_DEBITED, scene.taken_id)


@PAYMENT_KINDS.after(lives.held)
def failed_yet_held(scene: Scene) -> Iterator[Told]:
    scene.alter(status=PaymentStatus.FAILED, failure=FAILURE)
    yield scene.of_payment(T.FAILED_BUT_DEBITED, scene.debit_id)


@PAYMENT_KINDS.after(lives.paid)
def cancelled_yet_debited(scene: Scene) -> Iterator[Told]:
    scene.set_payment(status={"S": PaymentStatus.CANCELLED})
    yield scene.of_payment(T.FAILED_BUT_DEBITED, scene.taken_id)


@PAYMENT_KINDS.after(lives.paid)
def pending_yet_debited(scene: Scene) -> Iterator[Told]:
    scene.alter(
        status=PaymentStatus.PENDING,
        transfer_id=None,
        captured_minor=0,
        processed_at=None,
        processed_version=None,
        captured_at=None,
    )
    yield scene.of_payment(T.FAILED_BUT_DEBITED, scene.taken_id)


@PAYMENT_KINDS.after(lives.held)
def authorized_yet_captured(scene: Scene) -> Iterator[Told]:
    _end_hold(scene, scene.variant.amount_minor - scene.variant.number % 3)
    yield scene.of_payment(T.FAILED_BUT_DEBITED, scene.end_id)


@PAYMENT_KINDS.after(lives.held)
def authorized_yet_released(scene: Scene) -> Iterator[Told]:
    _end_hold(scene, 0)
    yield scene.of_payment(T.STALE_HOLD, scene.debit_id)


@PAYMENT_KINDS.after(lives.held)
def cancelled_yet_held(scene: Scene) -> Iterator[Told]:
    scene.alter(status=PaymentStatus.CANCELLED)
    yield scene.of_payment(T.STALE_HOLD, scene.debit_id)


@PAYMENT_KINDS.after(lives.paid)
def payment_amount_altered(scene: Scene) -> Iterator[Told]:
    raised_minor = scene.variant.amount_minor + 1
    scene.set_payment(amount_minor={"N": str(raised_minor)})
    yield scene.of_payment(T.AMOUNT_MISMATCH, scene.debit_id)


@PAYMENT_KINDS.after(lives.paid)
def captured_amount_altered(scene: Scene) -> Iterator[Told]:
    lowered_minor = scene.variant.amount_minor - 1
    scene.set_payment(captured_minor={"N": str(lowered_minor)})
    yield scene.of_payment(T.AMOUNT_MISMATCH, scene.taken_id)


@PAYMENT_KINDS.after(lives.captured)
def captured_amount_beyond_the_hold(scene: Scene) -> Iterator[Told]:
    scene.set_payment(captured_minor={"N": str(scene.variant.amount_minor + 6)})
    yield scene.of_payment(T.AMOUNT_MISMATCH, scene.end_id)


@PAYMENT_KINDS.after(lives.paid)
def payment_currency_altered(scene: Scene) -> Iterator[Told]:
    scene.set_payment(currency={"S": "USD"})
    for transfer_id in scene.transfer_ids:
        yield scene.of_payment(T.CURRENCY_MISMATCH, transfer_id)


@PAYMENT_KINDS.after(lives.paid)
def payment_wallet_altered(scene: Scene) -> Iterator[Told]:
    scene.set_payment(wallet={"S": f"wal_other{scene.variant.number}"})
    for transfer_id in scene.transfer_ids:
        yield scene.of_payment(T.WALLET_MISMATCH, transfer_id)


@PAYMENT_KINDS.after(lives.paid)
def payment_merchant_altered(scene: Scene) -> Iterator[Told]:
    scene.set_payment(merchant_id={"S": f"tea{scene.variant.number}"})
    for transfer_id in scene.transfer_ids:
        yield scene.of_payment(T.WALLET_MISMATCH, transfer_id)


@PAYMENT_KINDS.after(lives.paid)
def payment_removed(scene: Scene) -> Iterator[Told]:
    scene.remove_payment()
    for transfer_id in scene.transfer_ids:
        yield scene.of_payment(T.ORPHAN_TRANSFER, transfer_id)


@PAYMENT_KINDS.after(lives.left_processing)
def payment_removed_in_flight(scene: Scene) -> Iterator[Told]:
    scene.remove_payment()
    yield scene.of_payment(T.ORPHAN_TRANSFER, scene.debit_id)


@PAYMENT_KINDS.after(lives.paid)
def payment_unreadable(scene: Scene) -> Iterator[Told]:
    nonsense = (
        {"status": {"S": "SETTLED"}},
        {"amount_minor": {"S": "much"}},
        {"fingerprint": None, "captured_minor": None},
        {"lease": {"S": "not JSON"}},
        {"currency": None},
    )
    scene.set_payment(**nonsense[scene.variant.number])
    yield scene.of_payment(T.ENTRY_ALTERED)


def _say_paid(scene: Scene) -> None:
    now, amount_minor = scene.paid.updated_at, scene.paid.order.amount.amount_minor
    scene.alter(
        status=PaymentStatus.COMPLETED,
        transfer_id=scene.taken_id,
        captured_minor=amount_minor,
        failure=None,
        processed_at=now,
        processed_version=2,
        captured_at=now if scene.paid.order.capture is Capture.MANUAL else None,
    )


def _end_hold(scene: Scene, captured_minor: int) -> None:
    """Have the wallets end the hold, and the payment not hear of it."""
    wish = HoldEnd(
        scene.home.client_id,
        scene.paid.id,
        scene.debit_id,
        scene.wallet_id,
        captured_minor,
        "r",
    )
    scene.posted(lambda: scene.town.platform.wallets.end_hold(wish))
