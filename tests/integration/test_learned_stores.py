"""One contract, every store: bytes change over the version that was read, or not at all."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.baseline_store import DynamoDBBaselineStore
from evenkeel.adapters.dynamodb.kept_bytes import KEPT_FOR, KeptBytes
from evenkeel.adapters.dynamodb.model_store import ID, DynamoDBModelStore
from evenkeel.learning.forest import SIZE, WINDOW_COUNT
from evenkeel.learning.forest_codec import encoded
from evenkeel.learning.model import load, merge
from evenkeel.learning.ports import BaselineStore, Kept
from evenkeel.person import Person
from tests.fakes.clock import NOON
from tests.fakes.learned import InMemoryBaselineStore
from tests.integration.stores import kept_bytes
from tests.places import counted, known, usual

THREAD_COUNT = 8


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> BaselineStore:
    if request.param == "fake":
        return InMemoryBaselineStore()
    return DynamoDBBaselineStore(kept_bytes(dynamodb))


@pytest.fixture
def alice(client_id: str) -> Person:
    return Person(client_id, "alice")


@pytest.fixture
def models(dynamodb: DynamoDBClient) -> DynamoDBModelStore:
    dynamodb.delete_item(TableName=os.environ["LEARNED_TABLE"], Key={"id": {"S": ID}})
    return DynamoDBModelStore(kept_bytes(dynamodb))


def test_nothing_is_known_at_first(store: BaselineStore, alice: Person) -> None:
    assert store.load(alice) is None


def test_what_is_saved_is_loaded(store: BaselineStore, alice: Person) -> None:
    assert store.save(alice, b"\x00one", over=None)
    assert store.load(alice) == Kept(b"\x00one", 1)

    assert store.save(alice, b"two", over=1)
    assert store.load(alice) == Kept(b"two", 2)


@pytest.mark.parametrize("over", [None, 1, 3])
def test_over_another_version_nothing_is_saved(
    store: BaselineStore, alice: Person, over: int | None
) -> None:
    store.save(alice, b"one", over=None)
    store.save(alice, b"two", over=1)

    assert not store.save(alice, b"three", over=over)

    assert store.load(alice) == Kept(b"two", 2)


def test_over_what_is_not_there_nothing_is_saved(store: BaselineStore, alice: Person) -> None:
    assert not store.save(alice, b"two", over=1)

    assert store.load(alice) is None


def test_users_of_two_clients_share_nothing(store: BaselineStore, alice: Person) -> None:
    store.save(alice, b"one", over=None)

    assert store.load(Person(f"{alice.client_id}x", "alice")) is None
    assert store.load(Person(alice.client_id, "alicex")) is None


def test_of_many_one_is_first(store: BaselineStore, alice: Person) -> None:
    barrier = threading.Barrier(THREAD_COUNT)

    def save(number: int) -> bool:
        barrier.wait()
        return store.save(alice, bytes([number]), over=None)

    with ThreadPoolExecutor(THREAD_COUNT) as pool:
        saved = list(pool.map(save, range(THREAD_COUNT)))

    kept = store.load(alice)
    assert kept is not None
    assert [number for number, is_saved in enumerate(saved) if is_saved] == [kept.data[0]]


def test_who_does_not_pay_for_90_days_is_forgotten(dynamodb: DynamoDBClient, alice: Person) -> None:
    kept = KeptBytes(dynamodb, os.environ["LEARNED_TABLE"], lambda: NOON)
    DynamoDBBaselineStore(kept).save(alice, b"one", over=None)

    found = dynamodb.get_item(
        TableName=os.environ["LEARNED_TABLE"],
        Key={"id": {"S": f"baseline.2/{alice.client_id}/alice"}},
    )

    expires_at = NOON + KEPT_FOR
    assert timedelta(days=90) == KEPT_FOR
    assert found["Item"]["expires_at"] == {"N": str(int(expires_at.timestamp()))}


def test_environments_add_to_one_model_and_lose_nothing(models: DynamoDBModelStore) -> None:
    seen = counted(usual(30))

    def share(_: int) -> int:
        return _times(3, partial(merge, models, seen))

    with ThreadPoolExecutor(4) as pool:
        merged = sum(pool.map(share, range(4)))

    assert load(models).latest[0] == 30 * merged
    assert merged > 0


def test_the_largest_model_fits_into_an_item(models: DynamoDBModelStore) -> None:
    full = known()
    full.add(counted(usual(WINDOW_COUNT - 1)))

    assert models.save(encoded(full), over=None)

    assert load(models) == full
    assert len(encoded(full)) < 2 * 4 * SIZE


def _times(count: int, merged: Callable[[], object]) -> int:
    """Return how often it was done."""
    return sum(merged() is not None for _ in range(count))
