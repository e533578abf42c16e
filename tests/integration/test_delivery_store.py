"""One contract, every store. The fake may be trusted because it passes this too."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.errors import VersionConflict
from evenkeel.webhooks.delivery import Attempt, Delivery, Failure, Outcome
from evenkeel.webhooks.ports import DeliveryStore, EndpointQuery
from tests.fakes.clock import NOON
from tests.fakes.delivery_store import InMemoryDeliveryStore
from tests.integration.stores import delivery_store
from tests.webhooks import delivery, notice

LATER = NOON + timedelta(minutes=1)


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> DeliveryStore:
    return InMemoryDeliveryStore() if request.param == "fake" else delivery_store(dynamodb)


@pytest.fixture
def pending(store: DeliveryStore, client_id: str) -> Delivery:
    added = delivery(client_id=client_id)
    assert store.add(added) is added
    return added


def test_a_delivery_is_read_as_it_was_added(store: DeliveryStore, pending: Delivery) -> None:
    assert store.find(pending.client_id, pending.id) == pending


def test_a_body_is_kept_to_the_byte(store: DeliveryStore, client_id: str) -> None:
    body = '{"id": "evt_1",  "name":"Zwölf \\u00e9 \U0001f950"}'
    store.add(replace(delivery(client_id=client_id), body=body))

    found = store.find(client_id, delivery(client_id=client_id).id)
    assert found is not None
    assert found.body == body


def test_a_taken_id_returns_the_delivery_that_has_it(
    store: DeliveryStore, pending: Delivery
) -> None:
    again = delivery(client_id=pending.client_id, created_at=LATER)

    assert again.id == pending.id
    assert store.add(again) == pending
    assert store.find(pending.client_id, pending.id) == pending


def test_an_unknown_delivery_is_none(store: DeliveryStore, pending: Delivery) -> None:
    assert store.find(pending.client_id, "dlv_none") is None
    assert store.find("cli_other", pending.id) is None


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(20, status_code=200),
        Outcome(20, status_code=503),
        *(Outcome(20, failure=failure) for failure in Failure),
    ],
    ids=lambda outcome: str(outcome.status_code or outcome.failure),
)
def test_all_that_can_change_of_a_delivery_is_saved(
    store: DeliveryStore, pending: Delivery, outcome: Outcome
) -> None:
    claimed = pending.claimed(LATER)
    store.save(claimed)
    stored_claimed = store.find(pending.client_id, pending.id)
    later = LATER + timedelta(seconds=15)
    answered = claimed.answered(Attempt(1, LATER, outcome), later, since=claimed.since)
    store.save(answered)

    assert stored_claimed == claimed
    assert store.find(pending.client_id, pending.id) == answered
    again = answered.asked_again(LATER).claimed(LATER).given_up()
    for each in (answered.asked_again(LATER), answered.asked_again(LATER).claimed(LATER), again):
        store.save(each)
    assert store.find(pending.client_id, pending.id) == again


def test_a_delivery_is_saved_once_for_each_version(store: DeliveryStore, pending: Delivery) -> None:
    claimed = pending.claimed(LATER)
    store.save(claimed)

    for late in (claimed, replace(claimed, version=7)):
        with pytest.raises(VersionConflict):
            store.save(late)
    with pytest.raises(VersionConflict):
        store.save(delivery("none", pending.client_id).claimed(LATER))
    assert store.find(pending.client_id, pending.id) == claimed


def test_deliveries_are_listed_newest_first_in_pages_as_they_are_now(
    store: DeliveryStore, client_id: str
) -> None:
    added = [
        store.add(delivery(f"e{number}", client_id, NOON + timedelta(seconds=number // 2)))
        for number in range(5)
    ]
    claimed = added[0].claimed(LATER)
    store.save(claimed)
    expected = sorted([claimed, *added[1:]], key=lambda each: (each.created_at, each.id))[::-1]
    first = store.of_endpoint(EndpointQuery(client_id, "whk_k1", 3))
    rest = store.of_endpoint(EndpointQuery(client_id, "whk_k1", 3, after=first.next))

    assert [*first.deliveries, *rest.deliveries] == expected
    assert rest.next is None


def test_deliveries_of_other_endpoints_and_clients_are_not_listed(
    store: DeliveryStore, pending: Delivery
) -> None:
    for client_id, endpoint_id in ((pending.client_id, "whk_k2"), ("cli_other", "whk_k1")):
        page = store.of_endpoint(EndpointQuery(client_id, endpoint_id, 10))
        assert (list(page.deliveries), page.next) == ([], None)


def test_a_delivery_expires_thirty_days_after_it_was_made(
    dynamodb: DynamoDBClient, client_id: str
) -> None:
    added = delivery_store(dynamodb).add(delivery(client_id=client_id))
    key = {"id": {"S": f"{client_id}/{added.id}"}}
    item = dynamodb.get_item(TableName=os.environ["DELIVERIES_TABLE"], Key=key)["Item"]

    assert int(item["expires_at"]["N"]) == int(NOON.timestamp()) + 30 * 24 * 3600


def test_a_delivery_that_is_asked_for_again_expires_thirty_days_after_that(
    dynamodb: DynamoDBClient, client_id: str
) -> None:
    store = delivery_store(dynamodb)
    added = store.add(delivery(client_id=client_id))
    store.save(added.asked_again(LATER))
    key = {"id": {"S": f"{client_id}/{added.id}"}}
    item = dynamodb.get_item(TableName=os.environ["DELIVERIES_TABLE"], Key=key)["Item"]

    assert int(item["expires_at"]["N"]) == int(LATER.timestamp()) + 30 * 24 * 3600


def test_an_id_follows_from_the_client_the_endpoint_and_the_event() -> None:
    ids = {
        delivery("e1", "cli_a").id,
        delivery("e2", "cli_a").id,
        delivery("e1", "cli_b").id,
    }

    assert len(ids) == 3
    assert notice("e1").event_id != notice("e2").event_id
