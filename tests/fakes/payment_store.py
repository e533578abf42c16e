from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from zlib import crc32

from evenkeel.errors import ObjectNotFound, VersionConflict
from evenkeel.payments import ending, refunding
from evenkeel.payments.ending import Ending
from evenkeel.payments.leases import Lease
from evenkeel.payments.model import Payment, PaymentRef
from evenkeel.payments.ports import (
    DUE_SHARD_COUNT,
    Begun,
    FlagQuery,
    PaymentKey,
    PaymentPage,
    UserQuery,
)
from evenkeel.payments.refunding import REFUND_COUNT_MAX, REFUNDABLE, RefundOrder
from evenkeel.payments.states import PaymentStatus
from evenkeel.screening.anomaly import Unusual

Query = UserQuery | FlagQuery


class InMemoryPaymentStore:
    """Keeps payments, and fails as it is told.

    Attributes:
        unreadable: Raised whenever the payment with this id is read.
        save_fault: Raised by every change, which is not made.
        shard_faults: Raised whenever what is due in this shard is asked for.
    """

    def __init__(self) -> None:
        self.payments: dict[tuple[str, str], Payment] = {}
        self.unreadable: dict[str, Exception] = {}
        self.save_fault: Exception | None = None
        self.shard_faults: dict[int, Exception] = {}

    def add(self, payment: Payment) -> Payment:
        return self.payments.setdefault((payment.client_id, payment.id), payment)

    def get(self, client_id: str, payment_id: str) -> Payment:
        payment = self.find(client_id, payment_id)
        if payment is None:
            raise ObjectNotFound
        return payment

    def find(self, client_id: str, payment_id: str) -> Payment | None:
        if payment_id in self.unreadable:
            raise self.unreadable[payment_id]
        return self.payments.get((client_id, payment_id))

    def save(self, payment: Payment) -> None:
        if self.save_fault is not None:
            raise self.save_fault
        key = (payment.client_id, payment.id)
        stored = self.payments[key]
        if stored.version != payment.version - 1:
            raise VersionConflict
        self.payments[key] = replace(payment, unusual=stored.unusual)

    def begin_ending(self, key: PaymentKey, wish: Ending, lease: Lease, now: datetime) -> Begun:
        before = self.get(key.client_id, key.payment_id)
        is_enough = (wish.amount_minor or 0) <= before.authorized_minor
        may_begin = before.status is PaymentStatus.AUTHORIZED and before.ending is None
        is_no_late_copy = before.updated_at <= now
        if not (may_begin and is_enough and is_no_late_copy):
            return Begun(before, is_written=False)
        self.save(ending.begun(before, wish, lease, now))
        return Begun(before, is_written=True)

    def begin_refund(
        self, key: PaymentKey, order: RefundOrder, lease: Lease, now: datetime
    ) -> Begun:
        before = self.get(key.client_id, key.payment_id)
        is_known = order.refund_id in before.refunds
        is_left = before.refundable_minor >= (order.amount_minor or 1)
        may_begin = before.status in REFUNDABLE and len(before.refunds) < REFUND_COUNT_MAX
        if is_known or not (may_begin and is_left and before.updated_at <= now):
            return Begun(before, is_written=False)
        self.save(refunding.begun(before, order, lease, now))
        return Begun(before, is_written=True)

    def of_user(self, query: UserQuery) -> PaymentPage:
        return self._page(query, lambda payment: payment.order.user_id == query.user_id)

    def flagged(self, query: FlagQuery) -> PaymentPage:
        return self._page(query, lambda payment: payment.anomaly_now.is_flagged)

    def mark_unusual(self, key: PaymentKey, unusual: Unusual) -> None:
        payment = self.get(key.client_id, key.payment_id)
        if payment.unusual is None:
            self.payments[key.client_id, key.payment_id] = replace(payment, unusual=unusual)

    def due(self, before: datetime, shard: int) -> Iterator[PaymentKey]:
        if shard in self.shard_faults:
            raise self.shard_faults[shard]
        due = [
            (payment.due_at, PaymentKey(payment.client_id, payment.id))
            for payment in self.payments.values()
            if payment.due_at is not None
            and payment.due_at <= before
            and shard_of(payment.id) == shard
        ]
        for _, key in sorted(due, key=lambda each: each[0]):
            yield key

    def _page(self, query: Query, is_listed: Callable[[Payment], bool]) -> PaymentPage:
        mine = (each for each in self.payments.values() if each.client_id == query.client_id)
        newest_first = sorted(filter(is_listed, mine), key=_position, reverse=True)
        wanted = [payment for payment in newest_first if _is_wanted(payment, query)]
        page = wanted[: query.limit]
        return PaymentPage(page, page[-1].ref if len(page) == query.limit else None)


def shard_of(payment_id: str) -> int:
    return crc32(payment_id.encode()) % DUE_SHARD_COUNT


def _position(payment: Payment) -> tuple[object, str]:
    return payment.created_at, payment.id


def _is_wanted(payment: Payment, query: Query) -> bool:
    if query.since is not None and payment.created_at < query.since:
        return False
    if query.until is not None and payment.created_at >= query.until:
        return False
    return query.after is None or _is_behind(payment.ref, query.after)


def _is_behind(ref: PaymentRef, after: PaymentRef) -> bool:
    return (ref.created_at, ref.payment_id) < (after.created_at, after.payment_id)
