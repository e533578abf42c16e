"""The tables, filled with what was lived in memory; and a way in behind the product's back.

Whoever writes here leaves the records that a stream would bring of it, and what was there
before, so that it can be put back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.account_items import WalletItem
from evenkeel.adapters.dynamodb.change_stream import (
    DynamoDBChangeStream,
    DynamoDBJournalChangeStream,
)
from evenkeel.adapters.dynamodb.item import key_of
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.adapters.dynamodb.payment_item import PaymentItem
from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.payments.model import Payment
from evenkeel.reconciliation.changes import Change, ChangedObject, ChangeLog, ChangeStream
from evenkeel.wallets.model import Wallet

PAYMENTS, LEDGER, ACCOUNTS = "PAYMENTS_TABLE", "LEDGER_TABLE", "ACCOUNTS_TABLE"
BATCH_WRITE_COUNT_MAX = 25
STREAM_BATCH_COUNT = 48

READERS: Mapping[str, ChangeStream] = {
    PAYMENTS: DynamoDBChangeStream(ChangedObject.PAYMENT),
    LEDGER: DynamoDBJournalChangeStream(),
    ACCOUNTS: DynamoDBChangeStream(ChangedObject.ACCOUNT),
}

Thing = TypeVar("Thing")
Item = Mapping[str, Any]
Object = Payment | Record | Wallet
Place = tuple[str, str]  # A table, by its variable, and a key.


@dataclass
class Tables:
    """All that is stored, and a hand that changes it.

    Attributes:
        names: Of the tables, by their variables.
        items: As they are stored.
    """

    dynamodb: DynamoDBClient
    names: Mapping[str, str]
    items: dict[Place, Item] = field(default_factory=dict)
    _originals: dict[Place, Item | None] = field(default_factory=dict)

    def fill(self, objects: Iterable[Object]) -> None:
        for object_ in objects:
            table, item = written(object_)
            self.items[table, item["id"]["S"]] = item
        for places in _batches(list(self.items), BATCH_WRITE_COUNT_MAX):
            wanted: dict[str, Any] = {}
            for table, key in places:
                put = {"PutRequest": {"Item": self.items[table, key]}}
                wanted.setdefault(self.names[table], []).append(put)
            answer = self.dynamodb.batch_write_item(RequestItems=wanted)
            assert not answer["UnprocessedItems"]

    def put(self, object_: Object) -> Change:
        """Write an object whole, over what is there or beside it, and say what was changed."""
        table, item = written(object_)
        return self.put_item(table, item)

    def put_item(self, table: str, item: Item) -> Change:
        self.dynamodb.put_item(TableName=self.names[table], Item=item)
        return self._changed((table, item["id"]["S"]), item)

    def set(self, table: str, key: str, **attributes: Any) -> Change:
        """Write single attributes, each as DynamoDB has it; None takes it away."""
        kept = {name: value for name, value in attributes.items() if value is not None}
        gone = [f"#{name}" for name in attributes if name not in kept]
        parts = [f"SET {', '.join(f'#{name} = :{name}' for name in kept)}"] if kept else []
        parts += [f"REMOVE {', '.join(gone)}"] if gone else []
        asked: dict[str, Any] = {
            "TableName": self.names[table],
            "Key": {"id": {"S": key}},
            "UpdateExpression": " ".join(parts),
            "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
            "ReturnValues": "ALL_NEW",
        }
        if kept:
            asked["ExpressionAttributeValues"] = {f":{name}": kept[name] for name in kept}
        return self._changed((table, key), self.dynamodb.update_item(**asked)["Attributes"])

    def remove(self, table: str, key: str) -> Change:
        self.dynamodb.delete_item(TableName=self.names[table], Key={"id": {"S": key}})
        return self._changed((table, key), None)

    def restore(self) -> Sequence[Change]:
        """Put back whatever was there before, and say what that has changed."""
        changes = []
        for (table, key), item in list(self._originals.items()):
            changes.append(self.put_item(table, item) if item else self.remove(table, key))
        self._originals.clear()
        return changes

    def _changed(self, place: Place, item: Item | None) -> Change:
        before = self.items.pop(place, None)
        self._originals.setdefault(place, before)
        if item is not None:
            self.items[place] = item
        return _as_streamed(place, before, item)


def written(object_: Object) -> tuple[str, Item]:
    if isinstance(object_, Payment):
        return PAYMENTS, PaymentItem.of(object_).to_dynamodb_dict()
    if isinstance(object_, Wallet):
        return ACCOUNTS, WalletItem.of(object_).to_dynamodb_dict()
    return LEDGER, RecordItem.of(object_).to_dynamodb_dict()


def place_of(object_: Object) -> Place:
    if isinstance(object_, Payment):
        return PAYMENTS, key_of(object_.client_id, object_.id)
    table = ACCOUNTS if isinstance(object_, Wallet) else LEDGER
    return table, key_of(object_.client_id, object_.id)


def place_changed(change: Change) -> Place:
    tables = {
        ChangedObject.PAYMENT: PAYMENTS,
        ChangedObject.RECORD: LEDGER,
        ChangedObject.ACCOUNT: ACCOUNTS,
    }
    return tables[change.object], key_of(change.client_id, change.object_id)


def wallets_of(object_: Object) -> set[str | None]:
    """Return the wallets that an object is about."""
    if isinstance(object_, Payment):
        return {object_.wallet_id}
    if isinstance(object_, Wallet):
        return {object_.id}
    if isinstance(object_, Transfer):
        return {object_.debit.account_id, object_.credit.account_id}
    return set()


def inserted(object_: Object) -> Change:
    """Return what a stream's reader notes of an object that has come."""
    table, item = written(object_)
    return _as_streamed((table, item["id"]["S"]), None, item)


def note(log: ChangeLog, changes: Iterable[tuple[datetime, Change]]) -> None:
    """Note changes as the readers do, batch by batch in the order of time."""
    in_time = sorted(changes, key=lambda each: each[0])
    for batch in _batches(in_time, STREAM_BATCH_COUNT):
        log.note([change for _, change in batch], batch[-1][0])


def _as_streamed(place: Place, before: Item | None, after: Item | None) -> Change:
    table, key = place
    images = {"OldImage": before, "NewImage": after}
    kind = "REMOVE" if after is None else "INSERT" if before is None else "MODIFY"
    change = {"Keys": {"id": {"S": key}}, **{name: each for name, each in images.items() if each}}
    return READERS[table].read({"eventName": kind, "dynamodb": change})


def _batches(things: Sequence[Thing], count_max: int) -> Iterator[Sequence[Thing]]:
    for start in range(0, len(things), count_max):
        yield things[start : start + count_max]
