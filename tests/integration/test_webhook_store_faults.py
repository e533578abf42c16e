"""What each failure of DynamoDB means to the stores of webhooks."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.errors import StoreBusy, StoreUnconfirmed
from evenkeel.webhooks.model import Health
from evenkeel.webhooks.ports import EndpointQuery
from tests.fakes.clock import NOON
from tests.faults import Fault, Faults, answer, cancelled
from tests.integration.stores import delivery_store, endpoint_store
from tests.webhooks import delivery, endpoint

Make = Callable[[], Fault]
Call = Callable[[DynamoDBClient, str], object]

TURNED_AWAY: dict[str, Make] = {
    "throttled": lambda: answer(400, "ThrottlingException"),
    "no connection": lambda: EndpointConnectionError(endpoint_url=""),
}
LOST: dict[str, Make] = {
    "hung up": lambda: ConnectionClosedError(endpoint_url=""),
    "server error": lambda: answer(500, "InternalServerError"),
}
WRITE_FAULTS = [
    *((make, StoreBusy) for make in TURNED_AWAY.values()),
    *((make, StoreUnconfirmed) for make in LOST.values()),
]
WRITE_IDS = [*TURNED_AWAY, *LOST]


def _roster(dynamodb: DynamoDBClient, client_id: str) -> object:
    store = endpoint_store(dynamodb)
    return store.add(endpoint("k1", client_id), store.roster(client_id).joined_by("whk_k1"))


def _delete(dynamodb: DynamoDBClient, client_id: str) -> object:
    store = endpoint_store(dynamodb)
    gone = endpoint("k1", client_id).deleted()
    store.remove(gone, store.roster(client_id).left_by("whk_k1"))
    return None


TRANSACTIONS: dict[str, Call] = {"add": _roster, "remove": _delete}
UPDATES: dict[str, Call] = {
    "endpoint": lambda client, id_: endpoint_store(client).save(endpoint("k1", id_).enabled()),
    "delivery": lambda client, id_: delivery_store(client).save(
        delivery(client_id=id_).claimed(NOON)
    ),
}
PUTS: dict[str, Call] = {
    "delivery": lambda client, id_: delivery_store(client).add(delivery(client_id=id_)),
    "health": lambda client, id_: endpoint_store(client).save_health(
        id_, "whk_k1", Health().failed(NOON, NOON)
    ),
}
READS: dict[str, tuple[str, Call]] = {
    "roster": ("GetItem", lambda client, id_: endpoint_store(client).roster(id_)),
    "endpoint": ("GetItem", lambda client, id_: endpoint_store(client).find(id_, "whk_k1")),
    "delivery": ("GetItem", lambda client, id_: delivery_store(client).find(id_, "dlv_1")),
    "health": ("BatchGetItem", lambda client, id_: endpoint_store(client).look(id_, "whk_k1")),
    "log": (
        "Query",
        lambda client, id_: delivery_store(client).of_endpoint(EndpointQuery(id_, "whk_k1", 5)),
    ),
}

each_fault = pytest.mark.parametrize(("make", "error"), WRITE_FAULTS, ids=WRITE_IDS)


@each_fault
@pytest.mark.parametrize("name", TRANSACTIONS)
def test_one_failed_transaction_becomes_one_error(
    dynamodb: DynamoDBClient, client_id: str, name: str, make: Make, error: type[Exception]
) -> None:
    faults = Faults(dynamodb, "TransactWriteItems", make())

    with pytest.raises(error):
        TRANSACTIONS[name](dynamodb, client_id)

    assert faults.call_count == 1


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_a_transaction_that_meets_another_one_has_changed_nothing(
    dynamodb: DynamoDBClient, client_id: str, name: str
) -> None:
    Faults(
        dynamodb, "TransactWriteItems", cancelled("ConditionalCheckFailed", "TransactionConflict")
    )

    with pytest.raises(StoreBusy):
        TRANSACTIONS[name](dynamodb, client_id)


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_a_right_that_is_missing_is_a_bug_and_no_outcome(
    dynamodb: DynamoDBClient, client_id: str, name: str
) -> None:
    Faults(dynamodb, "TransactWriteItems", answer(400, "AccessDeniedException"))

    with pytest.raises(ClientError):
        TRANSACTIONS[name](dynamodb, client_id)


@each_fault
@pytest.mark.parametrize("name", UPDATES)
def test_one_failed_update_becomes_one_error(
    dynamodb: DynamoDBClient, client_id: str, name: str, make: Make, error: type[Exception]
) -> None:
    faults = Faults(dynamodb, "UpdateItem", make())

    with pytest.raises(error):
        UPDATES[name](dynamodb, client_id)

    assert faults.call_count == 1


@each_fault
@pytest.mark.parametrize("name", PUTS)
def test_one_failed_put_becomes_one_error(
    dynamodb: DynamoDBClient, client_id: str, name: str, make: Make, error: type[Exception]
) -> None:
    faults = Faults(dynamodb, "PutItem", make())

    with pytest.raises(error):
        PUTS[name](dynamodb, client_id)

    assert faults.call_count == 1


@pytest.mark.parametrize("make", [*TURNED_AWAY.values(), *LOST.values()], ids=WRITE_IDS)
@pytest.mark.parametrize("name", READS)
def test_a_failed_read_has_applied_nothing_whatever_became_of_it(
    dynamodb: DynamoDBClient, client_id: str, name: str, make: Make
) -> None:
    operation, call = READS[name]
    faults = Faults(dynamodb, operation, make())

    with pytest.raises(StoreBusy):
        call(dynamodb, client_id)

    assert faults.call_count == 1
