"""The lists of the reports' table, whole and by the page; eventually consistent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenkeel.adapters.dynamodb.report_items import ByList
from evenkeel.adapters.failures import reading
from evenkeel.errors import StoreBusy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class ReportLists:
    client: DynamoDBClient
    table: str

    def all(self, list_key: str) -> Iterator[Any]:
        """Yield the raw items of a list."""
        asked = self._query(list_key)
        while True:
            with reading(StoreBusy):
                found = self.client.query(**asked)
            yield from found["Items"]
            if "LastEvaluatedKey" not in found:
                return
            asked["ExclusiveStartKey"] = found["LastEvaluatedKey"]

    def page(self, list_key: str, limit: int, beyond: str | None) -> list[Any]:
        """Return up to *limit* raw items, those that come after a place in the list."""
        asked = self._query(list_key) | {"Limit": limit}
        if beyond is not None:
            asked["KeyConditionExpression"] += " AND list_sort > :beyond"
            asked["ExpressionAttributeValues"][":beyond"] = {"S": beyond}
        with reading(StoreBusy):
            return list(self.client.query(**asked)["Items"])

    def newest(self, list_key: str, limit: int, before: str | None) -> list[Any]:
        """Return up to *limit* raw items, the last first, those that come before a place."""
        asked = self._query(list_key) | {"Limit": limit, "ScanIndexForward": False}
        if before is not None:
            asked["KeyConditionExpression"] += " AND list_sort < :before"
            asked["ExpressionAttributeValues"][":before"] = {"S": before}
        with reading(StoreBusy):
            return list(self.client.query(**asked)["Items"])

    def _query(self, list_key: str) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "IndexName": ByList.Meta.index_name,
            "KeyConditionExpression": "list_key = :list",
            "ExpressionAttributeValues": {":list": {"S": list_key}},
        }
