"""A payment as an item, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zlib import crc32

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from evenkeel.adapters.dynamodb.item import (
    DocumentAttribute,
    DocumentsAttribute,
    IntegerAttribute,
    IntegersAttribute,
    Item,
    LinesAttribute,
    TimeAttribute,
    client_of,
    id_of,
    key_of,
)
from evenkeel.clock import from_rfc3339, to_rfc3339
from evenkeel.errors import DeclineReason
from evenkeel.money import Money
from evenkeel.payments.ending import Ending, EndingKind
from evenkeel.payments.failure import Failure
from evenkeel.payments.leases import Lease
from evenkeel.payments.model import Payment, PaymentRef
from evenkeel.payments.order import Capture, Order
from evenkeel.payments.ports import DUE_SHARD_COUNT, FLAG_SHARD_COUNT, PaymentKey
from evenkeel.payments.refunding import Refund, RefundStatus
from evenkeel.payments.states import Change, Event, PaymentStatus
from evenkeel.screening.anomaly import CLEAR, Anomaly, AnomalyStatus, Rule, Unusual


class ByUser(GlobalSecondaryIndex["PaymentItem"]):
    """The payments of a user in the order of their creation. Keys only: it is written once."""

    class Meta:
        index_name = "by_user"
        projection = KeysOnlyProjection()

    user_key = UnicodeAttribute(hash_key=True)
    created_key = UnicodeAttribute(range_key=True)


class ByDue(GlobalSecondaryIndex["PaymentItem"]):
    """The payments that somebody must look after one day; what has settled is not in it."""

    class Meta:
        index_name = "by_due"
        projection = KeysOnlyProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = TimeAttribute(range_key=True)


class ByFlag(GlobalSecondaryIndex["PaymentItem"]):
    """The remarkable payments of a client in the order of their creation; no others are in it."""

    class Meta:
        index_name = "by_flag"
        projection = KeysOnlyProjection()

    flag_shard = UnicodeAttribute(hash_key=True)
    created_key = UnicodeAttribute(range_key=True)


class PaymentItem(Item):
    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)  # <client id>/<payment id>
    user_key = UnicodeAttribute()  # <client id>/<user id>
    created_key = UnicodeAttribute()  # <time>/<payment id>
    by_user = ByUser()
    due_shard = UnicodeAttribute(null=True)
    due_at = TimeAttribute(null=True)
    by_due = ByDue()
    flag_shard = UnicodeAttribute(null=True)  # <client id>/<shard>
    by_flag = ByFlag()

    fingerprint = UnicodeAttribute()
    merchant_id = UnicodeAttribute()
    amount_minor = IntegerAttribute()
    currency = UnicodeAttribute()
    ordered_wallet = UnicodeAttribute(null=True)
    capture = UnicodeAttribute()
    description = UnicodeAttribute(null=True)
    metadata = DocumentAttribute(null=True)
    anomaly = DocumentAttribute(null=True)
    unusual = DocumentAttribute(null=True)

    status = UnicodeAttribute()
    version = IntegerAttribute()
    updated_at = TimeAttribute()
    wallet = UnicodeAttribute(null=True)
    captured_minor = IntegerAttribute()
    refunded_minor = IntegerAttribute()
    transfer_id = UnicodeAttribute(null=True)
    failure = DocumentAttribute(null=True)
    attempts = IntegerAttribute()
    processed_at = TimeAttribute(null=True)
    processed_version = IntegerAttribute(null=True)
    captured_at = TimeAttribute(null=True)
    captured_version = IntegerAttribute(null=True)
    lease = DocumentAttribute(null=True)
    ending = DocumentAttribute(null=True)
    # By its id, what a refund is; and how much, by itself, so that it can be all that is left.
    refunds = DocumentsAttribute()
    refund_amounts = IntegersAttribute()
    refundable_minor = IntegerAttribute()
    queued_until = TimeAttribute(null=True)
    may_be_debited = BooleanAttribute(null=True)
    history = LinesAttribute()

    @classmethod
    def of(cls, payment: Payment) -> PaymentItem:
        order = payment.order
        return cls(
            key_of(order.client_id, order.payment_id),
            user_key=key_of(order.client_id, order.user_id),
            created_key=created_key(payment.ref),
            fingerprint=order.fingerprint,
            merchant_id=order.merchant_id,
            amount_minor=order.amount.amount_minor,
            currency=order.amount.currency,
            ordered_wallet=order.wallet_id,
            capture=order.capture,
            description=order.description,
            metadata=dict(order.metadata) or None,
            flag_shard=flag_shard_of(PaymentKey(order.client_id, order.payment_id))
            if payment.anomaly_now.is_flagged
            else None,
            anomaly=_anomaly_document(payment.anomaly),
            unusual=unusual_document(payment.unusual) if payment.unusual else None,
            **_mutable(payment),
        )

    @classmethod
    def changes(cls, payment: Payment) -> list[Action]:
        """Return what an update writes: all that can change, and nothing else."""
        return [
            getattr(cls, name).remove() if value is None else getattr(cls, name).set(value)
            for name, value in _mutable(payment).items()
        ]

    def payment(self) -> Payment:
        created_at = from_rfc3339(self.created_key.partition("/")[0])
        return Payment(
            order=self._order(),
            created_at=created_at,
            updated_at=self.updated_at,
            status=PaymentStatus(self.status),
            version=self.version,
            wallet_id=self.wallet,
            captured_minor=self.captured_minor,
            refunded_minor=self.refunded_minor,
            transfer_id=self.transfer_id,
            failure=_failure(self.failure),
            attempts=self.attempts,
            processed_at=self.processed_at,
            processed_version=self.processed_version,
            captured_at=self.captured_at,
            captured_version=self.captured_version,
            lease=_lease(self.lease),
            ending=_ending(self.ending),
            refunds=_refunds(self.refunds, self.refund_amounts),
            queued_until=self.queued_until,
            may_be_debited=bool(self.may_be_debited),
            anomaly=_anomaly(self.anomaly),
            unusual=_unusual(self.unusual),
            history=_history(self.history),
        )

    def _order(self) -> Order:
        return Order(
            payment_id=id_of(self.id),
            fingerprint=self.fingerprint,
            client_id=client_of(self.id),
            user_id=id_of(self.user_key),
            merchant_id=self.merchant_id,
            amount=Money(self.amount_minor, self.currency),
            wallet_id=self.ordered_wallet,
            capture=Capture(self.capture),
            description=self.description,
            metadata=self.metadata or {},
        )


def _anomaly(stored: Any) -> Anomaly:
    if stored is None:
        return CLEAR
    status, reasons, shadows = stored
    return Anomaly(AnomalyStatus(status), tuple(map(Rule, reasons)), tuple(map(Rule, shadows)))


def _anomaly_document(anomaly: Anomaly) -> Any:
    """Return nothing for what is next to all payments: each byte is written every time."""
    if anomaly == CLEAR:
        return None
    return [anomaly.status, list(anomaly.reasons), list(anomaly.shadows)]


def _unusual(stored: Any) -> Unusual | None:
    if stored is None:
        return None
    at, score, causes = stored
    return Unusual(from_rfc3339(at), score, tuple(causes))


def unusual_document(unusual: Unusual) -> Any:
    return [to_rfc3339(unusual.at), unusual.score, list(unusual.causes)]


def _failure(stored: Any) -> Failure | None:
    if stored is None:
        return None
    reason, message, request_id = stored
    return Failure(DeclineReason(reason), message, request_id)


def _lease(stored: Any) -> Lease | None:
    if stored is None:
        return None
    request_id, until = stored
    return Lease(request_id, from_rfc3339(until))


def lease_document(lease: Lease) -> Any:
    return [lease.request_id, to_rfc3339(lease.until)]


def _ending(stored: Any) -> Ending | None:
    if stored is None:
        return None
    kind, amount_minor, attempts, open_since = stored
    return Ending(
        EndingKind(kind), amount_minor, attempts, from_rfc3339(open_since) if open_since else None
    )


def ending_document(ending: Ending) -> Any:
    since = to_rfc3339(ending.open_since) if ending.open_since else None
    return [ending.kind, ending.amount_minor, ending.attempts, since]


def _refunds(documents: Mapping[str, Any], amounts: Mapping[str, int]) -> Mapping[str, Refund]:
    refunds = [_refund(id_, document, amounts[id_]) for id_, document in documents.items()]
    refunds.sort(key=lambda refund: (refund.created_at, refund.id))
    return {refund.id: refund for refund in refunds}


def _refund(id_: str, document: Any, amount_minor: int) -> Refund:
    lease, failure, ended_at = document["lease"], document["failure"], document["ended_at"]
    return Refund(
        id=id_,
        fingerprint=document["fingerprint"],
        amount_minor=amount_minor,
        created_at=from_rfc3339(document["created_at"]),
        reason=document["reason"],
        status=RefundStatus(document["status"]),
        lease=_lease(lease),
        attempts=document["attempts"],
        may_be_applied=document["may_be_applied"],
        failure=_failure(failure),
        ended_at=from_rfc3339(ended_at) if ended_at else None,
        ended_version=document["ended_version"],
        refunded_after_minor=document["refunded_after_minor"],
    )


def refund_document(refund: Refund) -> Any:
    """Return all of a refund but its amount."""
    lease, failure, ended_at = refund.lease, refund.failure, refund.ended_at
    return {
        "fingerprint": refund.fingerprint,
        "created_at": to_rfc3339(refund.created_at),
        "reason": refund.reason,
        "status": refund.status,
        "lease": lease_document(lease) if lease else None,
        "attempts": refund.attempts,
        "may_be_applied": refund.may_be_applied,
        "failure": _failure_document(failure) if failure else None,
        "ended_at": to_rfc3339(ended_at) if ended_at else None,
        "ended_version": refund.ended_version,
        "refunded_after_minor": refund.refunded_after_minor,
    }


def _failure_document(failure: Failure) -> Any:
    return [failure.reason, failure.message, failure.request_id]


def _history(lines: Iterable[Any]) -> tuple[Change, ...]:
    """Read the history; a line that was added blindly goes on from the one before."""
    history: list[Change] = []
    for version, at, event, status, detail in lines:
        change = Change(
            version if version is not None else history[-1].version + 1,
            from_rfc3339(at),
            event,
            PaymentStatus(status) if status is not None else history[-1].status,
            detail,
        )
        history.append(change)
    return tuple(history)


def blind_line(at: datetime, event: Event, detail: str) -> Any:
    """Return a line of the history for who does not know the payment yet."""
    return [None, to_rfc3339(at), event, None, detail]


def due_shard(payment_id: str) -> str:
    """Return the partition of the index that it is due in: one alone would be a hot one."""
    return str(crc32(payment_id.encode()) % DUE_SHARD_COUNT)


def flag_shard(client_id: str, shard: int) -> str:
    return key_of(client_id, str(shard))


def flag_shard_of(key: PaymentKey) -> str:
    """Return where it is listed once it is remarkable: an attack makes many at once."""
    return flag_shard(key.client_id, crc32(key.payment_id.encode()) % FLAG_SHARD_COUNT)


def _flag_shard(payment: Payment) -> str | None:
    key = PaymentKey(payment.client_id, payment.id)
    return flag_shard_of(key) if payment.anomaly_now.is_flagged else None


def created_key(ref: PaymentRef) -> str:
    return f"{to_rfc3339(ref.created_at)}/{ref.payment_id}"


def ref_of(created_key: str) -> PaymentRef:
    created_at, _, payment_id = created_key.partition("/")
    return PaymentRef(from_rfc3339(created_at), payment_id)


def _mutable(payment: Payment) -> dict[str, Any]:
    failure, lease = payment.failure, payment.lease
    return {
        "due_shard": due_shard(payment.id) if payment.due_at else None,
        "due_at": payment.due_at,
        "status": payment.status.value,
        "version": payment.version,
        "updated_at": payment.updated_at,
        "wallet": payment.wallet_id,
        "captured_minor": payment.captured_minor,
        "refunded_minor": payment.refunded_minor,
        "transfer_id": payment.transfer_id,
        "failure": _failure_document(failure) if failure else None,
        "attempts": payment.attempts,
        "processed_at": payment.processed_at,
        "processed_version": payment.processed_version,
        "captured_at": payment.captured_at,
        "captured_version": payment.captured_version,
        "lease": lease_document(lease) if lease else None,
        "ending": ending_document(payment.ending) if payment.ending else None,
        "refunds": {id_: refund_document(each) for id_, each in payment.refunds.items()},
        "refund_amounts": {id_: each.amount_minor for id_, each in payment.refunds.items()},
        "refundable_minor": payment.refundable_minor,
        "queued_until": payment.queued_until,
        "may_be_debited": payment.may_be_debited or None,
        "history": [
            [change.version, to_rfc3339(change.at), change.event, change.status, change.detail]
            for change in payment.history
        ],
    }
