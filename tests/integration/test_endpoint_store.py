"""One contract, every store. The fake may be trusted because it passes this too."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.errors import VersionConflict
from evenkeel.webhooks.model import DisabledReason, Endpoint, Health, Roster
from evenkeel.webhooks.ports import EndpointStore
from tests.fakes.clock import NOON
from tests.fakes.endpoint_store import InMemoryEndpointStore
from tests.integration.stores import endpoint_store
from tests.webhooks import OTHER_SECRET, endpoint


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> EndpointStore:
    return InMemoryEndpointStore() if request.param == "fake" else endpoint_store(dynamodb)


def added(store: EndpointStore, client_id: str, key: str = "k1") -> Endpoint:
    roster = store.roster(client_id).joined_by(f"whk_{key}")
    return store.add(endpoint(key, client_id), roster)


def test_an_endpoint_is_read_as_it_was_added_and_is_on_the_list(
    store: EndpointStore, client_id: str
) -> None:
    first, second = added(store, client_id, "k1"), added(store, client_id, "k2")

    assert store.find(client_id, first.id) == first
    assert store.roster(client_id) == Roster(client_id, (first.id, second.id), version=2)
    assert store.of_ids(client_id, ["whk_k2", "whk_none", "whk_k1"]) == [second, first]


def test_nobody_has_nothing(store: EndpointStore, client_id: str) -> None:
    assert store.roster(client_id) == Roster(client_id)
    assert store.find(client_id, "whk_k1") is None
    assert store.of_ids(client_id, []) == []
    assert store.look(client_id, "whk_k1") == (None, Health())


def test_another_clients_endpoint_is_not_found(store: EndpointStore, client_id: str) -> None:
    found = added(store, client_id)

    assert store.find(f"{client_id}-other", found.id) is None
    assert store.look(f"{client_id}-other", found.id) == (None, Health())


def test_a_taken_id_returns_the_endpoint_that_has_it_and_changes_nothing(
    store: EndpointStore, client_id: str
) -> None:
    first = added(store, client_id)
    other = Endpoint.created(replace(first.wish, url="https://other.example/"), NOON, OTHER_SECRET)
    stored = store.add(other, store.roster(client_id).joined_by("whk_k1"))

    assert stored == first
    assert store.roster(client_id).endpoint_ids == ("whk_k1",)


def test_a_list_that_has_changed_since_it_was_read_takes_nobody(
    store: EndpointStore, client_id: str
) -> None:
    stale = store.roster(client_id)
    added(store, client_id, "k1")

    for joined in (stale.joined_by("whk_k2"), replace(stale, version=5).joined_by("whk_k2")):
        with pytest.raises(VersionConflict):
            store.add(endpoint("k2", client_id), joined)
    assert store.find(client_id, "whk_k2") is None


def test_all_that_can_change_of_an_endpoint_is_saved(store: EndpointStore, client_id: str) -> None:
    rotated = added(store, client_id).rotated(NOON, OTHER_SECRET)
    store.save(rotated)
    disabled = rotated.disabled(DisabledReason.FAILING)
    stored_rotated = store.find(client_id, "whk_k1")
    store.save(disabled)

    assert stored_rotated == rotated
    assert store.find(client_id, "whk_k1") == disabled
    store.save(disabled.enabled())
    assert store.find(client_id, "whk_k1") == disabled.enabled()


def test_an_endpoint_is_saved_once_for_each_version(store: EndpointStore, client_id: str) -> None:
    disabled = added(store, client_id).disabled(DisabledReason.GONE)
    store.save(disabled)

    for late in (disabled, replace(disabled, version=5)):
        with pytest.raises(VersionConflict):
            store.save(late)
    with pytest.raises(VersionConflict):
        store.save(endpoint("none", client_id).enabled())


def test_a_deleted_endpoint_stays_and_is_off_the_list(store: EndpointStore, client_id: str) -> None:
    first = added(store, client_id, "k1")
    added(store, client_id, "k2")
    deleted = first.deleted()
    store.remove(deleted, store.roster(client_id).left_by("whk_k1"))

    assert store.find(client_id, "whk_k1") == deleted
    assert store.roster(client_id).endpoint_ids == ("whk_k2",)


def test_an_endpoint_or_a_list_that_has_changed_is_not_deleted_from(
    store: EndpointStore, client_id: str
) -> None:
    first = added(store, client_id)
    left = store.roster(client_id).left_by("whk_k1")
    store.save(first.disabled(DisabledReason.GONE))
    with pytest.raises(VersionConflict):
        store.remove(first.deleted(), left)
    added(store, client_id, "k2")
    with pytest.raises(VersionConflict):
        store.remove(first.disabled(DisabledReason.GONE).deleted(), left)

    assert store.roster(client_id).endpoint_ids == ("whk_k1", "whk_k2")


def test_health_is_kept_apart_and_once_for_each_version(
    store: EndpointStore, client_id: str
) -> None:
    found = added(store, client_id)
    failed = Health().failed(NOON, NOON)
    store.save_health(client_id, found.id, failed)
    tried = failed.tried(NOON + timedelta(minutes=1))
    store.save_health(client_id, found.id, tried)

    assert store.look(client_id, found.id) == (found, tried)
    for late in (failed, tried, replace(tried, version=7)):
        with pytest.raises(VersionConflict):
            store.save_health(client_id, found.id, late)
    recovered = tried.succeeded(is_slow=False)
    store.save_health(client_id, found.id, recovered)
    assert store.look(client_id, found.id) == (found, recovered)


def test_of_many_who_join_one_list_at_once_each_version_has_one(
    dynamodb: DynamoDBClient, client_id: str
) -> None:
    store = endpoint_store(dynamodb)
    roster = store.roster(client_id)

    def join(number: int) -> bool:
        key = f"k{number}"
        try:
            store.add(endpoint(key, client_id), roster.joined_by(f"whk_{key}"))
        except VersionConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        joined = list(pool.map(join, range(8)))

    assert joined.count(True) == 1
    assert len(store.roster(client_id).endpoint_ids) == 1
