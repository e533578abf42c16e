"""One contract, every store. The fake may be trusted because it passes this too."""

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.access.model import ApiKey, Client, Scope
from evenkeel.access.ports import AccessStore
from evenkeel.errors import ObjectNotFound
from tests.fakes.access_store import InMemoryAccessStore
from tests.fakes.clock import NOON
from tests.integration.stores import access_store

LATER = NOON + timedelta(hours=1)


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> AccessStore:
    return InMemoryAccessStore() if request.param == "fake" else access_store(dynamodb)


@pytest.fixture
def key(client_id: str) -> ApiKey:
    return ApiKey(
        id=f"key_{secrets.token_hex(6)}",
        digest="digest",
        client_id=client_id,
        name="checkout",
        scopes=frozenset({Scope.PAYMENTS_READ, Scope.WALLETS_FUND}),
        created_at=NOON,
    )


def test_a_client_is_made_once_and_stays_as_it_is(store: AccessStore, client_id: str) -> None:
    client = Client(client_id, "Corner Cafe", NOON)
    store.add_client(client)
    store.add_client(replace(client, name="Somebody else"))

    assert store.client(client_id) == client


def test_an_unknown_client_is_not_found(store: AccessStore, client_id: str) -> None:
    with pytest.raises(ObjectNotFound):
        store.client(client_id)


def test_a_key_is_read_as_it_was_added(store: AccessStore, key: ApiKey) -> None:
    store.add_key(key)

    assert store.key(key.id) == key


def test_an_unknown_key_is_none(store: AccessStore, key: ApiKey) -> None:
    assert store.key(key.id) is None


def test_a_key_is_revoked_once_and_for_ever(store: AccessStore, key: ApiKey) -> None:
    store.add_key(key)

    assert store.revoke(key.id, NOON) == NOON
    assert store.revoke(key.id, LATER) == NOON
    assert store.key(key.id) == replace(key, revoked_at=NOON)


def test_what_does_not_exist_cannot_be_revoked(store: AccessStore, key: ApiKey) -> None:
    with pytest.raises(ObjectNotFound):
        store.revoke(key.id, NOON)

    assert store.key(key.id) is None
