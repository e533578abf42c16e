"""A policy is kept with its client, and survives what happens to the client."""

import os

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.access.model import Client
from evenkeel.adapters.dynamodb.policy_store import DynamoDBPolicyStore
from evenkeel.errors import ObjectNotFound
from evenkeel.screening.policy import Policy
from evenkeel.screening.quota import Bucket
from evenkeel.screening.rules import Mode, Rules, Velocity
from tests.fakes.clock import NOON
from tests.integration.stores import access_store

STRICT = Policy(
    writes=Bucket(per_s=0.5, burst_count=3), rules=Rules(velocity=Velocity(count=2, mode=Mode.OFF))
)


@pytest.fixture
def store(dynamodb: DynamoDBClient) -> DynamoDBPolicyStore:
    return DynamoDBPolicyStore(dynamodb, os.environ["CLIENTS_TABLE"])


@pytest.fixture
def client(dynamodb: DynamoDBClient, client_id: str) -> Client:
    client = Client(client_id, "Coffee Ltd", NOON)
    access_store(dynamodb).add_client(client)
    return client


def test_nothing_is_laid_down_at_first(store: DynamoDBPolicyStore, client: Client) -> None:
    assert store.policy(client.id) is None
    assert store.policy("cli_nobody") is None


def test_a_policy_is_read_as_it_was_laid_down(store: DynamoDBPolicyStore, client: Client) -> None:
    store.lay_down(client.id, STRICT)
    assert store.policy(client.id) == STRICT

    store.lay_down(client.id, Policy())
    assert store.policy(client.id) == Policy()


def test_the_client_stays_as_it_is(
    store: DynamoDBPolicyStore, client: Client, dynamodb: DynamoDBClient
) -> None:
    clients = access_store(dynamodb)
    store.lay_down(client.id, STRICT)

    clients.add_client(client)

    assert clients.client(client.id) == client
    assert store.policy(client.id) == STRICT


def test_nobody_gets_a_policy_who_is_no_client(store: DynamoDBPolicyStore) -> None:
    with pytest.raises(ObjectNotFound):
        store.lay_down("cli_nobody", STRICT)

    assert store.policy("cli_nobody") is None


def test_what_nobody_can_read_is_no_policy(
    store: DynamoDBPolicyStore, client: Client, dynamodb: DynamoDBClient
) -> None:
    dynamodb.update_item(
        TableName=os.environ["CLIENTS_TABLE"],
        Key={"id": {"S": client.id}},
        UpdateExpression="SET policy = :policy",
        ExpressionAttributeValues={":policy": {"S": '{"rules": {"velocity": {"count": 0}}}'}},
    )

    with pytest.raises(ValueError, match="count is 0"):
        store.policy(client.id)
