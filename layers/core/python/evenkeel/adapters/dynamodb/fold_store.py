"""Accounts that are folded from the journal, and the receipts of the folds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from evenkeel.adapters.dynamodb.item import key_of
from evenkeel.adapters.dynamodb.writes import new_item, put_new, transact
from evenkeel.adapters.failures import reading, translated
from evenkeel.clock import Clock
from evenkeel.errors import LedgerBusy, LedgerUnconfirmed
from evenkeel.ledger.ports import Mark, Movement, Receipt

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        PutTypeDef,
        TransactWriteItemTypeDef,
        UpdateTypeDef,
    )

# A stream keeps a record for 24 h, so nothing can come again after that.
RECEIPT_KEPT = timedelta(hours=48)


class DynamoDBFoldStore:
    def __init__(
        self, client: DynamoDBClient, *, accounts_table: str, checkpoints_table: str, clock: Clock
    ) -> None:
        self._client = client
        self._accounts_table = accounts_table
        self._checkpoints_table = checkpoints_table
        self._clock = clock

    def receipt(self, name: str) -> Receipt | None:
        with reading(LedgerBusy):
            found = self._client.get_item(
                TableName=self._checkpoints_table,
                Key={"id": {"S": _key(name)}},
                ConsistentRead=True,
            )
        item = found.get("Item")
        if item is None:
            return None
        return Receipt([Mark(*mark) for mark in json.loads(item["marks"]["S"])])

    def keep(self, receipt: Receipt) -> None:
        with translated(LedgerBusy, LedgerUnconfirmed):
            put_new(self._client, self._left(receipt))

    def fold(self, receipt: Receipt, movements: Sequence[Movement]) -> None:
        writes: list[TransactWriteItemTypeDef] = [{"Put": self._left(receipt)}]
        writes += [{"Update": self._moved(movement)} for movement in movements]
        with translated(LedgerBusy, LedgerUnconfirmed):
            reasons = transact(self._client, writes)
        if reasons:
            raise LedgerBusy

    def _left(self, receipt: Receipt) -> PutTypeDef:
        expires_at = self._clock() + RECEIPT_KEPT
        marks = [[mark.sequence, mark.transfer_id] for mark in receipt.marks]
        item = {
            "id": {"S": _key(receipt.name)},
            "marks": {"S": json.dumps(marks, separators=(",", ":"))},
            "expires_at": {"N": str(int(expires_at.timestamp()))},
        }
        return new_item(self._checkpoints_table, item)

    def _moved(self, movement: Movement) -> UpdateTypeDef:
        # Adding is safe here, because the receipt beside it can be written only once.
        return {
            "TableName": self._accounts_table,
            "Key": {"id": {"S": key_of(movement.client_id, movement.account_id)}},
            "UpdateExpression": (
                "SET kind = :kind, currency = :currency"
                " ADD debits_posted :debits_posted, debits_pending :debits_pending,"
                " credits_posted :credits_posted, credits_pending :credits_pending, version :one"
            ),
            "ExpressionAttributeValues": {
                ":kind": {"S": movement.kind},
                ":currency": {"S": movement.currency},
                ":debits_posted": {"N": str(movement.debits_posted)},
                ":debits_pending": {"N": str(movement.debits_pending)},
                ":credits_posted": {"N": str(movement.credits_posted)},
                ":credits_pending": {"N": str(movement.credits_pending)},
                ":one": {"N": "1"},
            },
        }


def _key(name: str) -> str:
    return f"fold/{name}"
