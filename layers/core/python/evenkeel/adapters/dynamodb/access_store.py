"""Clients and the digests of their keys, in one DynamoDB table."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import PutError, UpdateError

from evenkeel.access.model import ApiKey, Client, Scope
from evenkeel.adapters.dynamodb.item import DocumentAttribute, Item, TimeAttribute
from evenkeel.adapters.failures import CONDITION_FAILED_ERROR, code_of, reading, translated
from evenkeel.errors import ObjectNotFound, StoreBusy, StoreUnconfirmed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ClientItem(Item):
    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    created_at = TimeAttribute()
    policy = DocumentAttribute(null=True)


class KeyItem(Item):
    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)
    digest = UnicodeAttribute()
    client_id = UnicodeAttribute()
    name = UnicodeAttribute()
    scopes = DocumentAttribute()
    created_at = TimeAttribute()
    revoked_at = TimeAttribute(null=True)


class DynamoDBAccessStore:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        ClientItem.bind(client, table_name)
        KeyItem.bind(client, table_name)

    def add_client(self, client: Client) -> None:
        item = ClientItem(client.id, name=client.name, created_at=client.created_at)
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                item.save(condition=ClientItem.id.does_not_exist())
        except PutError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise

    def client(self, client_id: str) -> Client:
        try:
            with reading(StoreBusy):
                item = ClientItem.get(client_id, consistent_read=True)
        except ClientItem.DoesNotExist as error:
            raise ObjectNotFound from error
        return Client(item.id, item.name, item.created_at)

    def add_key(self, key: ApiKey) -> None:
        item = KeyItem(
            key.id,
            digest=key.digest,
            client_id=key.client_id,
            name=key.name,
            scopes=sorted(key.scopes),
            created_at=key.created_at,
        )
        with translated(StoreBusy, StoreUnconfirmed):
            item.save(condition=KeyItem.id.does_not_exist())

    def key(self, key_id: str) -> ApiKey | None:
        try:
            with reading(StoreBusy):
                item = KeyItem.get(key_id, consistent_read=True)
        except KeyItem.DoesNotExist:
            return None
        return ApiKey(
            id=item.id,
            digest=item.digest,
            client_id=item.client_id,
            name=item.name,
            scopes=frozenset(map(Scope, item.scopes)),
            created_at=item.created_at,
            revoked_at=item.revoked_at,
        )

    def revoke(self, key_id: str, at: datetime) -> datetime:
        revoked_at = KeyItem.revoked_at
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                item = KeyItem(key_id)
                item.update(
                    actions=[revoked_at.set(revoked_at | at)], condition=KeyItem.id.exists()
                )
        except UpdateError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            raise ObjectNotFound from error
        assert item.revoked_at is not None
        return item.revoked_at
