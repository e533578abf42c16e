"""The tables as tests make them on an emulator; `tests/infra` holds the stacks to the same keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Index:
    hash_key: str
    range_key: str
    range_type: str
    projection: str


@dataclass(frozen=True)
class Table:
    indexes: Mapping[str, Index] = field(default_factory=dict)
    sort: str | None = None

    def definition(self, name: str) -> dict[str, Any]:
        """Return the parameters of CreateTable."""
        types = {"id": "S"}
        keys = [{"AttributeName": "id", "KeyType": "HASH"}]
        if self.sort:
            types[self.sort] = "S"
            keys.append({"AttributeName": self.sort, "KeyType": "RANGE"})
        for index in self.indexes.values():
            types |= {index.hash_key: "S", index.range_key: index.range_type}
        definition: dict[str, Any] = {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": attribute, "AttributeType": type_}
                for attribute, type_ in types.items()
            ],
            "KeySchema": keys,
        }
        if self.indexes:
            definition["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": index_name,
                    "KeySchema": [
                        {"AttributeName": index.hash_key, "KeyType": "HASH"},
                        {"AttributeName": index.range_key, "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": index.projection},
                }
                for index_name, index in self.indexes.items()
            ]
        return definition


# By the variable that tells a function the table's name.
TABLES = {
    "PAYMENTS_TABLE": Table(
        {
            "by_user": Index("user_key", "created_key", "S", "KEYS_ONLY"),
            "by_due": Index("due_shard", "due_at", "S", "KEYS_ONLY"),
            "by_flag": Index("flag_shard", "created_key", "S", "KEYS_ONLY"),
        }
    ),
    "LEDGER_TABLE": Table(
        {
            "by_debit_wallet": Index("debit_wallet", "debit_number", "N", "ALL"),
            "by_credit_wallet": Index("credit_wallet", "credit_number", "N", "ALL"),
        }
    ),
    "ACCOUNTS_TABLE": Table(),
    "CLIENTS_TABLE": Table(),
    "CHECKPOINTS_TABLE": Table(),
    "BREAKERS_TABLE": Table(),
    "CHANGES_TABLE": Table(sort="page"),
    "REPORTS_TABLE": Table({"by_list": Index("list_key", "list_sort", "S", "ALL")}),
    "LEARNED_TABLE": Table(),
    "WEBHOOKS_TABLE": Table(),
    "DELIVERIES_TABLE": Table(
        {"by_endpoint": Index("endpoint_key", "created_key", "S", "KEYS_ONLY")}
    ),
}
