"""The tables of payments, journal and accounts as reconciliation reads them: whole, and by the key.

What is stored there need not be ours: whoever looks for what somebody has tampered with must
not stumble over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from evenkeel.adapters.dynamodb.account_items import WalletItem
from evenkeel.adapters.dynamodb.item import client_of, id_of, key_of
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.adapters.dynamodb.payment_item import PaymentItem
from evenkeel.adapters.dynamodb.reads import batch_get_all
from evenkeel.adapters.failures import reading
from evenkeel.clock import to_rfc3339
from evenkeel.errors import StoreBusy
from evenkeel.ledger.accounts import AccountKind
from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentKey
from evenkeel.reconciliation.account_sums import AccountKey, Reading, Sums
from evenkeel.reconciliation.changes import Change, ChangedObject
from evenkeel.reconciliation.ports import FULL_PART_COUNT, ObjectKey, StoredWallet, Unreadable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Key = TypeVar("Key")
Object = TypeVar("Object")


class DynamoDBBooks:
    def __init__(
        self,
        client: DynamoDBClient,
        *,
        payments_table: str,
        ledger_table: str,
        accounts_table: str,
    ) -> None:
        self._client = client
        self._payments_table = payments_table
        self._ledger_table = ledger_table
        self._accounts_table = accounts_table

    def payments(
        self, keys: Sequence[PaymentKey], *, strong: bool
    ) -> Mapping[PaymentKey, Payment | Unreadable]:
        places = {key_of(key.client_id, key.payment_id): key for key in keys}
        return self._read(self._payments_table, places, _payment, strong=strong)

    def records(
        self, keys: Sequence[ObjectKey], *, strong: bool
    ) -> Mapping[ObjectKey, Record | Unreadable]:
        places = {key_of(key.client_id, key.id): key for key in keys}
        return self._read(self._ledger_table, places, _record, strong=strong)

    def wallets(
        self, keys: Sequence[ObjectKey], *, strong: bool
    ) -> Mapping[ObjectKey, StoredWallet | Unreadable]:
        places = {key_of(key.client_id, key.id): key for key in keys}
        return self._read(self._accounts_table, places, _wallet, strong=strong)

    def all(self, part: int, after: str | None) -> Iterator[tuple[str, Change]]:
        table, of = (
            (self._payments_table, ChangedObject.PAYMENT),
            (self._ledger_table, ChangedObject.RECORD),
            (self._accounts_table, ChangedObject.ACCOUNT),
        )[part // SEGMENT_COUNT]
        asked: Any = {
            "TableName": table,
            "Segment": part % SEGMENT_COUNT,
            "TotalSegments": SEGMENT_COUNT,
            "ProjectionExpression": "id, payment_id",
        }
        for item in self._scanned(asked, after):
            key = item["id"]["S"]
            payment_id = item.get("payment_id", {}).get("S")
            # A wallet is walked, whatever has become of its newest entry.
            walked = (id_of(key),) if of is ChangedObject.ACCOUNT else ()
            yield key, Change(client_of(key), of, id_of(key), payment_id, walked)

    def accounts(
        self, after: str | None
    ) -> Iterator[tuple[str | None, Sequence[tuple[AccountKey, Reading]]]]:
        asked: Any = {
            "TableName": self._accounts_table,
            "FilterExpression": "attribute_exists(kind)",  # Wallets have none.
            "ProjectionExpression": ", ".join(("id", "kind", "version", *COUNTERS)),
            "ConsistentRead": True,
        }
        for beyond, items in self._paged(asked, after):
            yield beyond, [(_account_key(item), _account(item)) for item in items]

    def accounts_of(self, keys: Iterable[AccountKey]) -> Mapping[AccountKey, Reading]:
        # A record may name an account that no key is long enough for.
        wanted = dict.fromkeys(key_of(*key) for key in keys)
        ids = [id_ for id_ in wanted if len(id_.encode()) <= KEY_BYTES_MAX]
        with reading(StoreBusy):
            items = list(batch_get_all(self._client, self._accounts_table, ids, consistent=True))
        return {_account_key(item): _account(item) for item in items}

    def journal(
        self, part: int, after: str | None
    ) -> Iterator[tuple[str | None, Sequence[Transfer]]]:
        asked: Any = {
            "TableName": self._ledger_table,
            "Segment": part,
            "TotalSegments": SEGMENT_COUNT,
            "ConsistentRead": True,
        }
        for beyond, items in self._paged(asked, after):
            records = (_readable(item, _record) for item in items)
            yield beyond, [each for each in records if isinstance(each, Transfer)]

    def _scanned(self, asked: Any, after: str | None) -> Iterator[Any]:
        return chain.from_iterable(items for _, items in self._paged(asked, after))

    def _paged(self, asked: Any, after: str | None) -> Iterator[tuple[str | None, Sequence[Any]]]:
        if after is not None:
            asked["ExclusiveStartKey"] = {"id": {"S": after}}
        while True:
            with reading(StoreBusy):
                page = self._client.scan(**asked)
            if "LastEvaluatedKey" not in page:
                yield None, page["Items"]
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            yield page["LastEvaluatedKey"]["id"]["S"], page["Items"]

    def overdue(self, since: datetime, until: datetime, shard: int) -> Iterator[Change]:
        asked: Any = {
            "TableName": self._payments_table,
            "IndexName": PaymentItem.by_due.Meta.index_name,
            "KeyConditionExpression": "due_shard = :shard AND due_at BETWEEN :since AND :until",
            "ExpressionAttributeValues": {
                ":shard": {"S": str(shard)},
                ":since": {"S": to_rfc3339(since)},
                ":until": {"S": to_rfc3339(until)},
            },
        }
        while True:
            with reading(StoreBusy):
                page = self._client.query(**asked)
            for item in page["Items"]:
                key = item["id"]["S"]
                yield Change(client_of(key), ChangedObject.PAYMENT, id_of(key))
            if "LastEvaluatedKey" not in page:
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _read(
        self,
        table: str,
        places: Mapping[str, Key],
        read: Callable[[Any], Object],
        *,
        strong: bool,
    ) -> Mapping[Key, Object | Unreadable]:
        with reading(StoreBusy):
            items = list(batch_get_all(self._client, table, list(places), consistent=strong))
        return {places[item["id"]["S"]]: _readable(item, read) for item in items}


# Of an account that is folded, in the order of `Sums`.
COUNTERS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")

KEY_BYTES_MAX = 2048  # DynamoDB refuses to look for a longer one.

# Of each of the three tables.
SEGMENT_COUNT = FULL_PART_COUNT // 3


def _readable(item: Any, read: Callable[[Any], Object]) -> Object | Unreadable:
    try:
        return read(item)
    except Exception as error:
        # Whatever it is: it is what was looked for.
        return Unreadable(f"not as we write it: {type(error).__name__}")


def _payment(item: Any) -> Payment:
    return PaymentItem.stored(item).payment()


def _record(item: Any) -> Record:
    return RecordItem.stored(item).record()


def _account_key(item: Any) -> AccountKey:
    key = item["id"]["S"]
    return client_of(key), id_of(key)


def _account(item: Any) -> Reading:
    found = _readable(item, _folded)
    return Reading(problem=found.reason) if isinstance(found, Unreadable) else found


def _folded(item: Any) -> Reading:
    AccountKind(item["kind"]["S"])
    sums = Sums(*(int(item[name]["N"]) for name in COUNTERS))
    return Reading(int(item["version"]["N"]), sums)


def _wallet(item: Any) -> StoredWallet:
    stored = WalletItem.stored(item)
    return StoredWallet(stored.wallet(), stored.available_minor)
