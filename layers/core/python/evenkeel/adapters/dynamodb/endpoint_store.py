"""Clients' endpoints on DynamoDB: one item each, one for its health, and a list per client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pynamodb.exceptions import PutError, UpdateError

from evenkeel.adapters.dynamodb.endpoint_item import (
    EndpointItem,
    HealthItem,
    RosterItem,
    health_key,
)
from evenkeel.adapters.dynamodb.item import key_of
from evenkeel.adapters.dynamodb.reads import batch_get
from evenkeel.adapters.dynamodb.writes import new_item, transact
from evenkeel.adapters.failures import (
    CONDITION_FAILED,
    CONDITION_FAILED_ERROR,
    code_of,
    reading,
    translated,
)
from evenkeel.errors import StoreBusy, StoreUnconfirmed, VersionConflict
from evenkeel.webhooks.model import Endpoint, Health, Roster

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBEndpointStore:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        EndpointItem.bind(client, table_name)
        RosterItem.bind(client, table_name)
        HealthItem.bind(client, table_name)
        self._client = client
        self._table_name = table_name

    def roster(self, client_id: str) -> Roster:
        try:
            with reading(StoreBusy):
                return RosterItem.get(client_id, consistent_read=True).roster()
        except RosterItem.DoesNotExist:
            return Roster(client_id)

    def add(self, endpoint: Endpoint, roster: Roster) -> Endpoint:
        put_endpoint = new_item(self._table_name, EndpointItem.of(endpoint).to_dynamodb_dict())
        writes: Any = [{"Put": put_endpoint}, {"Put": self._follows(roster)}]
        with translated(StoreBusy, StoreUnconfirmed):
            reasons = transact(self._client, writes)
        if not reasons:
            return endpoint
        taken, _ = reasons
        if taken["Code"] == CONDITION_FAILED:
            return EndpointItem.stored(taken["Item"]).endpoint()
        raise VersionConflict

    def remove(self, endpoint: Endpoint, roster: Roster) -> None:
        put_endpoint: Any = {
            "TableName": self._table_name,
            "Item": EndpointItem.of(endpoint).to_dynamodb_dict(),
            **_follows_version(endpoint.version),
        }
        writes: Any = [{"Put": put_endpoint}, {"Put": self._follows(roster)}]
        with translated(StoreBusy, StoreUnconfirmed):
            reasons = transact(self._client, writes)
        if reasons:
            raise VersionConflict

    def find(self, client_id: str, endpoint_id: str) -> Endpoint | None:
        try:
            with reading(StoreBusy):
                key = key_of(client_id, endpoint_id)
                return EndpointItem.get(key, consistent_read=True).endpoint()
        except EndpointItem.DoesNotExist:
            return None

    def of_ids(self, client_id: str, endpoint_ids: Sequence[str]) -> Sequence[Endpoint]:
        keys = [key_of(client_id, endpoint_id) for endpoint_id in endpoint_ids]
        found = self._found(keys)
        return [EndpointItem.stored(found[key]).endpoint() for key in keys if key in found]

    def save(self, endpoint: Endpoint) -> None:
        follows = EndpointItem.version == endpoint.version - 1
        item = EndpointItem(key_of(endpoint.client_id, endpoint.id))
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                item.update(actions=EndpointItem.changes(endpoint), condition=follows)
        except UpdateError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            raise VersionConflict from error

    def look(self, client_id: str, endpoint_id: str) -> tuple[Endpoint | None, Health]:
        key, its_health = key_of(client_id, endpoint_id), health_key(client_id, endpoint_id)
        found = self._found([key, its_health])
        endpoint = EndpointItem.stored(found[key]).endpoint() if key in found else None
        if its_health not in found:
            return endpoint, Health()
        return endpoint, HealthItem.stored(found[its_health]).health()

    def save_health(self, client_id: str, endpoint_id: str, health: Health) -> None:
        is_new = HealthItem.id.does_not_exist()
        follows = HealthItem.version == health.version - 1
        item = HealthItem.of(health_key(client_id, endpoint_id), health)
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                item.save(condition=is_new if health.version == 1 else follows)
        except PutError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            raise VersionConflict from error

    def _found(self, keys: Sequence[str]) -> Mapping[str, Any]:
        if not keys:
            return {}
        with reading(StoreBusy):
            found = batch_get(self._client, {self._table_name: keys})[self._table_name]
        return {item["id"]["S"]: item for item in found}

    def _follows(self, roster: Roster) -> Any:
        item = RosterItem.of(roster).to_dynamodb_dict()
        if roster.version == 1:
            return new_item(self._table_name, item)
        put: Any = {"TableName": self._table_name, "Item": item}
        return put | _follows_version(roster.version)


def _follows_version(version: int) -> dict[str, Any]:
    return {
        "ConditionExpression": "version = :follows",
        "ExpressionAttributeValues": {":follows": {"N": str(version - 1)}},
    }
