"""Deliveries on DynamoDB, which forgets them after a month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pynamodb.exceptions import UpdateError

from evenkeel.adapters.dynamodb.delivery_item import DeliveryItem, created_key, ref_of
from evenkeel.adapters.dynamodb.item import key_of
from evenkeel.adapters.dynamodb.reads import batch_get
from evenkeel.adapters.dynamodb.writes import new_item, put_new
from evenkeel.adapters.failures import CONDITION_FAILED_ERROR, code_of, reading, translated
from evenkeel.errors import StoreBusy, StoreUnconfirmed, VersionConflict
from evenkeel.webhooks.delivery import Delivery
from evenkeel.webhooks.ports import DeliveryPage, EndpointQuery

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBDeliveryStore:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        DeliveryItem.bind(client, table_name)
        self._client = client
        self._table_name = table_name

    def add(self, delivery: Delivery) -> Delivery:
        item = DeliveryItem.of(delivery).to_dynamodb_dict()
        with translated(StoreBusy, StoreUnconfirmed):
            taken = put_new(self._client, new_item(self._table_name, item))
        return DeliveryItem.stored(taken).delivery() if taken else delivery

    def find(self, client_id: str, delivery_id: str) -> Delivery | None:
        try:
            with reading(StoreBusy):
                key = key_of(client_id, delivery_id)
                return DeliveryItem.get(key, consistent_read=True).delivery()
        except DeliveryItem.DoesNotExist:
            return None

    def save(self, delivery: Delivery) -> None:
        follows = DeliveryItem.version == delivery.version - 1
        item = DeliveryItem(key_of(delivery.client_id, delivery.id))
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                item.update(actions=DeliveryItem.changes(delivery), condition=follows)
        except UpdateError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            raise VersionConflict from error

    def of_endpoint(self, query: EndpointQuery) -> DeliveryPage:
        below = DeliveryItem.created_key < created_key(query.after) if query.after else None
        with reading(StoreBusy):
            found = DeliveryItem.by_endpoint.query(
                key_of(query.client_id, query.endpoint_id),
                below,
                scan_index_forward=False,
                limit=query.limit,
            )
            refs = [ref_of(item.created_key) for item in found]
            deliveries = self._deliveries(query.client_id, [ref.delivery_id for ref in refs])
        is_full = len(refs) == query.limit
        return DeliveryPage(deliveries, refs[-1] if is_full else None)

    def _deliveries(self, client_id: str, delivery_ids: Sequence[str]) -> Sequence[Delivery]:
        if not delivery_ids:
            return ()
        keys = [key_of(client_id, delivery_id) for delivery_id in delivery_ids]
        found = batch_get(self._client, {self._table_name: keys})[self._table_name]
        items = {item["id"]["S"]: DeliveryItem.stored(item) for item in found}
        return [items[key].delivery() for key in keys if key in items]
