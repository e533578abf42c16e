"""Mismatches, and in which reports they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pynamodb.exceptions import PutError

from evenkeel.adapters.dynamodb.item import key_of
from evenkeel.adapters.dynamodb.reads import batch_get_all
from evenkeel.adapters.dynamodb.report_items import (
    UNSETTLED,
    FiledItem,
    MismatchItem,
    report_list,
)
from evenkeel.adapters.dynamodb.report_lists import ReportLists
from evenkeel.adapters.dynamodb.writes import new_item, put_new
from evenkeel.adapters.failures import CONDITION_FAILED_ERROR, code_of, reading, translated
from evenkeel.errors import StoreBusy, StoreUnconfirmed, VersionConflict
from evenkeel.reconciliation.mismatch import Mismatch
from evenkeel.reconciliation.ports import ReportPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBMismatchStore:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        MismatchItem.bind(client, table_name)
        FiledItem.bind(client, table_name)
        self._client = client
        self._table = table_name
        self._lists = ReportLists(client, table_name)

    def get(self, client_id: str, mismatch_id: str) -> Mismatch | None:
        try:
            with reading(StoreBusy):
                key = key_of(client_id, mismatch_id)
                return MismatchItem.get(key, consistent_read=True).mismatch()
        except MismatchItem.DoesNotExist:
            return None

    def add(self, mismatch: Mismatch) -> Mismatch:
        item = MismatchItem.of(mismatch).to_dynamodb_dict()
        with translated(StoreBusy, StoreUnconfirmed):
            existing = put_new(self._client, new_item(self._table, item))
        return mismatch if existing is None else MismatchItem.stored(existing).mismatch()

    def save(self, mismatch: Mismatch) -> None:
        follows_the_stored_one = MismatchItem.version == mismatch.version - 1
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                MismatchItem.of(mismatch).save(condition=follows_the_stored_one)
        except PutError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            raise VersionConflict from error

    def unsettled(self, client_id: str | None) -> Iterator[Mismatch]:
        for item in self._lists.all(UNSETTLED):
            mismatch = MismatchItem.stored(item).mismatch()
            if client_id in (None, mismatch.client_id):
                yield mismatch

    def file(self, run_id: str, place: str, mismatch: Mismatch) -> bool:
        item = FiledItem.of(run_id, place, mismatch).to_dynamodb_dict()
        with translated(StoreBusy, StoreUnconfirmed):
            existing = put_new(self._client, new_item(self._table, item))
        return existing is None or existing["place"]["S"] == place

    def of_report(self, run_id: str, client_id: str, limit: int, beyond: str | None) -> ReportPage:
        found = self._lists.page(report_list(run_id, client_id), limit, beyond)
        keys = [key_of(client_id, item["mismatch_id"]["S"]) for item in found]
        with reading(StoreBusy):
            items = batch_get_all(self._client, self._table, keys, consistent=True)
            stored = {item["id"]["S"]: MismatchItem.stored(item).mismatch() for item in items}
        is_full = len(found) == limit
        return ReportPage(
            [stored[key] for key in keys], found[-1]["list_sort"]["S"] if is_full else None
        )
