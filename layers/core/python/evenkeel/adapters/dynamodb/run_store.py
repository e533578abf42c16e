"""Runs of the reconciliation, and how far the scheduled ones have come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pynamodb.exceptions import PutError

from evenkeel.adapters.dynamodb.report_items import UNFINISHED, RunItem, run_key, runs_list
from evenkeel.adapters.dynamodb.report_lists import ReportLists
from evenkeel.adapters.dynamodb.writes import new_item, put_new
from evenkeel.adapters.failures import CONDITION_FAILED_ERROR, code_of, reading, translated
from evenkeel.clock import from_rfc3339, to_rfc3339
from evenkeel.errors import StoreBusy, StoreUnconfirmed, VersionConflict
from evenkeel.reconciliation.run import Run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WATERMARK = "watermark"


class DynamoDBRunStore:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        RunItem.bind(client, table_name)
        self._client = client
        self._table = table_name
        self._lists = ReportLists(client, table_name)

    def add(self, run: Run) -> Run:
        item = RunItem.of(run).to_dynamodb_dict()
        with translated(StoreBusy, StoreUnconfirmed):
            existing = put_new(self._client, new_item(self._table, item))
        return run if existing is None else RunItem.stored(existing).run()

    def get(self, run_id: str) -> Run | None:
        try:
            with reading(StoreBusy):
                return RunItem.get(run_key(run_id), consistent_read=True).run()
        except RunItem.DoesNotExist:
            return None

    def save(self, run: Run) -> None:
        follows_the_stored_one = RunItem.version == run.version - 1
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                RunItem.of(run).save(condition=follows_the_stored_one)
        except PutError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            raise VersionConflict from error

    def latest(self, client_id: str | None, limit: int, before: str | None) -> Sequence[Run]:
        found = self._lists.newest(runs_list(client_id), limit, before)
        return [RunItem.stored(item).run() for item in found]

    def unfinished(self) -> Iterator[Run]:
        for item in self._lists.all(UNFINISHED):
            yield RunItem.stored(item).run()

    def watermark(self) -> datetime | None:
        with reading(StoreBusy):
            found = self._client.get_item(
                TableName=self._table, Key={"id": {"S": WATERMARK}}, ConsistentRead=True
            )
        return from_rfc3339(found["Item"]["until"]["S"]) if "Item" in found else None

    def move_watermark(self, until: datetime) -> None:
        is_first = "attribute_not_exists(#until)"
        is_later = "#until < :until"
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                self._client.update_item(
                    TableName=self._table,
                    Key={"id": {"S": WATERMARK}},
                    UpdateExpression="SET #until = :until",
                    ConditionExpression=f"{is_first} OR {is_later}",
                    ExpressionAttributeNames={"#until": "until"},
                    ExpressionAttributeValues={":until": {"S": to_rfc3339(until)}},
                )
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
