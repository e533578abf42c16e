"""Payments on DynamoDB: one item each, which is its own idempotency record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pynamodb.exceptions import UpdateError

from evenkeel.adapters.dynamodb.item import client_of, id_of, key_of
from evenkeel.adapters.dynamodb.payment_begins import Begin, ending_begin, refund_begin
from evenkeel.adapters.dynamodb.payment_item import (
    PaymentItem,
    created_key,
    flag_shard,
    flag_shard_of,
    ref_of,
    unusual_document,
)
from evenkeel.adapters.dynamodb.reads import batch_get
from evenkeel.adapters.dynamodb.writes import new_item, put_new
from evenkeel.adapters.failures import CONDITION_FAILED_ERROR, code_of, reading, translated
from evenkeel.clock import to_rfc3339
from evenkeel.errors import ObjectNotFound, StoreBusy, StoreUnconfirmed, VersionConflict
from evenkeel.payments.ending import Ending
from evenkeel.payments.leases import Lease
from evenkeel.payments.model import Payment, PaymentRef
from evenkeel.payments.ports import (
    FLAG_SHARD_COUNT,
    Begun,
    FlagQuery,
    PaymentKey,
    PaymentPage,
    UserQuery,
)
from evenkeel.payments.refunding import RefundOrder
from evenkeel.screening.anomaly import Unusual

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

EARLIEST, LATEST = " ", "~"  # Before and after every time as text.

# What is read ahead gets old: somebody else may have settled it before its turn comes.
DUE_PAGE_COUNT = 100


class DynamoDBPaymentStore:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        PaymentItem.bind(client, table_name)
        self._client = client
        self._table_name = table_name

    def add(self, payment: Payment) -> Payment:
        item = PaymentItem.of(payment).to_dynamodb_dict()
        with translated(StoreBusy, StoreUnconfirmed):
            existing = put_new(self._client, new_item(self._table_name, item))
        return payment if existing is None else PaymentItem.stored(existing).payment()

    def get(self, client_id: str, payment_id: str) -> Payment:
        payment = self.find(client_id, payment_id)
        if payment is None:
            raise ObjectNotFound
        return payment

    def find(self, client_id: str, payment_id: str) -> Payment | None:
        try:
            with reading(StoreBusy):
                item = PaymentItem.get(key_of(client_id, payment_id), consistent_read=True)
        except PaymentItem.DoesNotExist:
            return None
        return item.payment()

    def save(self, payment: Payment) -> None:
        follows_the_stored_one = PaymentItem.version == payment.version - 1
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                PaymentItem(key_of(payment.client_id, payment.id)).update(
                    actions=PaymentItem.changes(payment), condition=follows_the_stored_one
                )
        except UpdateError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            raise VersionConflict from error

    def begin_ending(self, key: PaymentKey, wish: Ending, lease: Lease, now: datetime) -> Begun:
        return self._begun(ending_begin(key, wish, lease, now))

    def begin_refund(
        self, key: PaymentKey, order: RefundOrder, lease: Lease, now: datetime
    ) -> Begun:
        return self._begun(refund_begin(key, order, lease, now))

    def of_user(self, query: UserQuery) -> PaymentPage:
        earliest, latest = _window(query)
        if earliest > latest:
            return PaymentPage((), None)
        with reading(StoreBusy):
            found = PaymentItem.by_user.query(
                key_of(query.client_id, query.user_id),
                PaymentItem.created_key.between(earliest, latest),
                scan_index_forward=False,
                limit=query.limit,
            )
            refs = [ref_of(item.created_key) for item in found]
            payments = self._payments(query.client_id, refs)
        more = len(refs) == query.limit
        return PaymentPage(payments, refs[-1] if more else None)

    def flagged(self, query: FlagQuery) -> PaymentPage:
        earliest, latest = _window(query)
        if earliest > latest:
            return PaymentPage((), None)
        with reading(StoreBusy):
            shards = [
                self._flagged_keys(query, shard, earliest, latest)
                for shard in range(FLAG_SHARD_COUNT)
            ]
            newest_first = islice(merge(*shards, reverse=True), query.limit)
            refs = [ref_of(key) for key in newest_first]
            payments = self._payments(query.client_id, refs)
        more = len(refs) == query.limit
        return PaymentPage(payments, refs[-1] if more else None)

    def mark_unusual(self, key: PaymentKey, unusual: Unusual) -> None:
        unusual_attribute = PaymentItem.unusual
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                PaymentItem(key_of(key.client_id, key.payment_id)).update(
                    actions=[
                        unusual_attribute.set(unusual_attribute | unusual_document(unusual)),
                        PaymentItem.flag_shard.set(flag_shard_of(key)),
                    ],
                    condition=PaymentItem.id.exists(),
                )
        except UpdateError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            raise ObjectNotFound from error

    def due(self, before: datetime, shard: int) -> Iterator[PaymentKey]:
        # Its keys and nothing else: what is wrong with one entry must not hide those behind it.
        with reading(StoreBusy):
            entries = PaymentItem.by_due.query(
                str(shard),
                PaymentItem.due_at <= before,
                attributes_to_get=["id"],
                page_size=DUE_PAGE_COUNT,
            )
            for entry in entries:
                yield PaymentKey(client_of(entry.id), id_of(entry.id))

    def _flagged_keys(
        self, query: FlagQuery, shard: int, earliest: str, latest: str
    ) -> Iterator[str]:
        found = PaymentItem.by_flag.query(
            flag_shard(query.client_id, shard),
            PaymentItem.created_key.between(earliest, latest),
            scan_index_forward=False,
            attributes_to_get=["created_key"],
            page_size=query.limit,
        )
        for item in found:
            yield item.created_key

    def _begun(self, begin: Begin) -> Begun:
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                written = self._client.update_item(**begin.update(self._table_name))
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            answer: Any = error.response
            if "Item" not in answer:
                raise ObjectNotFound from error
            return Begun(PaymentItem.stored(answer["Item"]).payment(), is_written=False)
        return Begun(PaymentItem.stored(written["Attributes"]).payment(), is_written=True)

    def _payments(self, client_id: str, refs: list[PaymentRef]) -> list[Payment]:
        if not refs:
            return []
        keys = [key_of(client_id, ref.payment_id) for ref in refs]
        found = batch_get(self._client, {self._table_name: keys})[self._table_name]
        items = {item["id"]["S"]: PaymentItem.stored(item) for item in found}
        return [items[key].payment() for key in keys if key in items]


def _window(query: UserQuery | FlagQuery) -> tuple[str, str]:
    """Return the first and the last key that are in, as DynamoDB's BETWEEN takes them.

    A key begins with its time and goes on, so it is greater than the time alone:
    the earlier end is closed by that, and the later one open.
    """
    earliest = to_rfc3339(query.since) if query.since else EARLIEST
    latest = to_rfc3339(query.until) if query.until else LATEST
    if query.after is not None:
        latest = min(latest, _just_below(created_key(query.after)))
    return earliest, latest


def _just_below(key: str) -> str:
    """Return what is smaller than *key* and greater than every other key of ours below it."""
    return key[:-1] + chr(ord(key[-1]) - 1) + LATEST
