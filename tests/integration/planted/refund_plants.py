"""Refunds that are too much, or not what the payment says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from evenkeel.errors import DeclineReason
from evenkeel.ids import derived_id
from evenkeel.ledger.commands import Refund as RefundCommand
from evenkeel.ledger.transfer import TRANSFER_PREFIX, Transfer
from evenkeel.payments.failure import Failure
from evenkeel.payments.refunding import RefundStatus
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.mismatch import MismatchType as T
from tests.integration.planted import lives
from tests.integration.planted.scene import Kinds, Scene, Told

REFUND_KINDS = Kinds()


@REFUND_KINDS.after(lives.refunded)
def refunded_above_the_capture(scene: Scene) -> Iterator[Told]:
    scene.set_payment(refunded_minor={"N": str(scene.variant.amount_minor + 1)})
    yield scene.of_payment(T.AMOUNT_MISMATCH)
    yield scene.of_payment(T.REFUND_EXCEEDS_CAPTURE)


@REFUND_KINDS.after(lives.refunded)
def refunded_sum_lowered(scene: Scene) -> Iterator[Told]:
    scene.set_payment(refunded_minor={"N": str(scene.variant.amount_minor - 2)})
    yield scene.of_payment(T.AMOUNT_MISMATCH)


@REFUND_KINDS.after(lives.refunded)
def refunded_said_to_be_all(scene: Scene) -> Iterator[Told]:
    scene.set_payment(status={"S": PaymentStatus.REFUNDED})
    yield scene.of_payment(T.AMOUNT_MISMATCH)


@REFUND_KINDS.after(lives.refunded)
def foreign_refund_above_the_capture(scene: Scene) -> Iterator[Told]:
    foreign = _refund(scene, scene.variant.amount_minor)
    yield scene.of_payment(T.REFUND_EXCEEDS_CAPTURE, foreign.id)


@REFUND_KINDS.after(lives.refunded)
def foreign_refund(scene: Scene) -> Iterator[Told]:
    foreign = _refund(scene, 1)
    yield scene.of_payment(T.ORPHAN_TRANSFER, foreign.id)


@REFUND_KINDS.after(lives.refunded)
def refund_failed_yet_posted(scene: Scene) -> Iterator[Told]:
    payment = scene.paid
    [refund] = payment.refunds.values()
    failure = Failure(DeclineReason.WALLET_FROZEN, "so it is said", "r")
    failed = replace(refund, status=RefundStatus.FAILED, failure=failure)
    scene.alter(status=PaymentStatus.COMPLETED, refunded_minor=0, refunds={refund.id: failed})
    yield scene.of_payment(T.FAILED_BUT_DEBITED, refund.transfer_id)


@REFUND_KINDS.after(lives.refunded)
def refund_forgotten(scene: Scene) -> Iterator[Told]:
    """The payment knows nothing of it any more."""
    [refund] = scene.paid.refunds.values()
    scene.alter(status=PaymentStatus.COMPLETED, refunded_minor=0, refunds={})
    yield scene.of_payment(T.ORPHAN_TRANSFER, refund.transfer_id)


def _refund(scene: Scene, amount_minor: int) -> Transfer:
    wish = RefundCommand(
        scene.home.client_id,
        derived_id(TRANSFER_PREFIX, "other", scene.wallet_id),
        scene.paid.id,
        scene.taken_id,
        scene.wallet_id,
        amount_minor,
        "r",
    )
    return scene.posted(lambda: scene.town.platform.wallets.refund(wish).transfer)
