"""What waits for too long. Nobody changes it, so no stream brings it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from evenkeel.adapters.dynamodb.item import document
from evenkeel.adapters.dynamodb.payment_item import created_key, lease_document
from evenkeel.clock import to_rfc3339
from evenkeel.payments.leases import Lease
from evenkeel.payments.model import HOLD_FOR, HOLD_GRACE, PENDING_FOR, PaymentRef
from evenkeel.reconciliation.mismatch import MismatchType as T
from tests.integration.planted import lives
from tests.integration.planted.scene import Kinds, Scene, Told

STUCK_KINDS = Kinds()


@STUCK_KINDS.after(lives.created, is_noted=False)
def stuck_pending(scene: Scene) -> Iterator[Told]:
    created_at = _ago(scene, 11 + 35 * scene.variant.number)
    scene.set_payment(
        created_key={"S": created_key(PaymentRef(created_at, scene.paid.id))},
        due_at={"S": to_rfc3339(created_at + PENDING_FOR)},
    )
    yield scene.of_payment(T.STUCK_PENDING)


@STUCK_KINDS.after(lives.left_processing, is_noted=False)
def stuck_processing(scene: Scene) -> Iterator[Told]:
    until = _ago(scene, 6 + 35 * scene.variant.number)
    scene.set_payment(
        lease={"S": document(lease_document(Lease("r", until)))}, due_at={"S": to_rfc3339(until)}
    )
    yield scene.of_payment(T.STUCK_PROCESSING)


@STUCK_KINDS.after(lives.capture_begun, is_noted=False)
def stuck_capture(scene: Scene) -> Iterator[Told]:
    until = _ago(scene, 7 + 35 * scene.variant.number)
    scene.set_payment(
        lease={"S": document(lease_document(Lease("r", until)))}, due_at={"S": to_rfc3339(until)}
    )
    yield scene.of_payment(T.STUCK_PROCESSING)


@STUCK_KINDS.after(lives.held, is_noted=False)
def hold_lapsed(scene: Scene) -> Iterator[Told]:
    """Hours ago, and nobody has begun to end it."""
    due_at = _ago(scene, 61 + 20 * scene.variant.number)
    processed_at = due_at - HOLD_FOR - HOLD_GRACE
    scene.set_payment(
        processed_at={"S": to_rfc3339(processed_at)}, due_at={"S": to_rfc3339(due_at)}
    )
    yield scene.of_payment(T.STALE_HOLD, scene.debit_id)


def _ago(scene: Scene, minutes: int) -> datetime:
    return scene.town.platform.clock() - timedelta(minutes=minutes)
