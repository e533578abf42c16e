"""Accounts that are folded from the journal, and the receipts of the folds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from evenkeel.adapters.dynamodb.item import key_of
from evenkeel.adapters.dynamodb.writes import new_item, transact
from evenkeel.adapters.failures import translated
from evenkeel.clock import Clock
from evenkeel.errors import LedgerBusy, LedgerUnconfirmed
from evenkeel.ledger.ports import Movement

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

    def folded_through(self, first_transfer_id: str) -> int | None:
        with translated(LedgerBusy, LedgerUnconfirmed):
            found = self._client.get_item(
                TableName=self._checkpoints_table,
                Key={"id": {"S": _receipt_key(first_transfer_id)}},
                ConsistentRead=True,
            )
        item = found.get("Item")
        return int(item["through"]["S"]) if item else None

    def fold(self, first_transfer_id: str, *, through: int, movements: Sequence[Movement]) -> None:
        writes: list[TransactWriteItemTypeDef] = [
            {"Put": self._receipt(first_transfer_id, through)}
        ]
        writes += [{"Update": self._moved(movement)} for movement in movements]
        if transact(self._client, writes):
            raise LedgerBusy

    def _receipt(self, first_transfer_id: str, through: int) -> PutTypeDef:
        expires_at = self._clock() + RECEIPT_KEPT
        item = {
            "id": {"S": _receipt_key(first_transfer_id)},
            "through": {"S": str(through)},  # Longer than a DynamoDB number may be.
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
                " ADD debits_posted :debits, credits_posted :credits, version :one"
            ),
            "ExpressionAttributeValues": {
                ":kind": {"S": movement.kind},
                ":currency": {"S": movement.currency},
                ":debits": {"N": str(movement.debits_minor)},
                ":credits": {"N": str(movement.credits_minor)},
                ":one": {"N": "1"},
            },
        }


def _receipt_key(first_transfer_id: str) -> str:
    return f"fold/{first_transfer_id}"
