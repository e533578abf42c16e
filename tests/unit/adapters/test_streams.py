"""Records of the tables' streams, as Lambda hands them over, and what is no record of ours."""

from typing import Any

import pytest

from evenkeel.adapters.dynamodb.circuit_item import CircuitItem, TransitionItem, written
from evenkeel.adapters.dynamodb.circuit_stream import DynamoDBCircuitStream
from evenkeel.adapters.dynamodb.payment_item import PaymentItem
from evenkeel.adapters.dynamodb.payment_stream import DynamoDBPaymentStream
from evenkeel.adapters.dynamodb.report_items import FiledItem, MismatchItem, RunItem
from evenkeel.adapters.dynamodb.report_stream import DynamoDBReportStream
from evenkeel.adapters.dynamodb.run_store import WATERMARK
from evenkeel.events.ports import UnreadableRecord
from evenkeel.payments.model import Payment
from evenkeel.resilience.circuit import Circuit
from evenkeel.resilience.limits import Limits
from tests.event_samples import MISMATCH, RUN
from tests.fakes.clock import NOON
from tests.payments import order

CREATED = Payment.created(order("k1"), NOON)
CLAIMED = CREATED.claimed("wal_a", NOON, "request-1")
OPEN = Circuit("wallet").tripped(NOON, Limits(), "env_1")


def change(name: str, new: Any = None, old: Any = None) -> dict[str, Any]:
    images = {"NewImage": new, "OldImage": old}
    return {"eventName": name, "dynamodb": {k: v for k, v in images.items() if v is not None}}


def image(payment: Payment) -> dict[str, Any]:
    return PaymentItem.of(payment).to_dynamodb_dict()


def state(circuit: Circuit) -> dict[str, Any]:
    return CircuitItem.state_of(circuit).to_dynamodb_dict()


def test_a_new_payment_has_no_image_before_it() -> None:
    raw = change("INSERT", image(CREATED))

    assert DynamoDBPaymentStream().read(raw) == (None, CREATED)


def test_a_changed_payment_has_two() -> None:
    raw = change("MODIFY", image(CLAIMED), image(CREATED))

    assert DynamoDBPaymentStream().read(raw) == (CREATED, CLAIMED)


@pytest.mark.parametrize(
    "raw",
    [
        change("REMOVE", None, image(CREATED)),
        change("INSERT", {}),
        change("INSERT", {"id": {"S": "cli_a/pay_a"}}),
        change("MODIFY", image(CREATED), {"id": {"S": "cli_a/pay_a"}}),
        change("INSERT", image(CREATED) | {"status": {"S": "LOST"}}),
        change("INSERT", image(CREATED) | {"version": {"S": "one"}}),
    ],
)
def test_what_is_no_payment_as_we_write_it_cannot_be_read(raw: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecord):
        DynamoDBPaymentStream().read(raw)


def test_a_circuit_that_has_moved_is_read_with_its_transition() -> None:
    assert DynamoDBCircuitStream().read(change("INSERT", state(OPEN))) == (None, OPEN)


def test_votes_before_the_first_transition_are_nothing_to_tell() -> None:
    votes = {"id": {"S": "wallet"}, "trial": {"S": "tri_1"}, "calls": {"N": "7"}}

    assert DynamoDBCircuitStream().read(change("INSERT", votes)) is None


def test_a_transition_that_is_put_away_was_told_before() -> None:
    assert OPEN.transition is not None
    kept = TransitionItem("wallet#1", transition=written(OPEN.transition)).to_dynamodb_dict()

    assert DynamoDBCircuitStream().read(change("INSERT", kept)) is None


@pytest.mark.parametrize(
    "raw",
    [
        change("REMOVE", None, state(OPEN)),
        change("INSERT", state(OPEN) | {"state": {"S": "AJAR"}}),
    ],
)
def test_what_is_no_circuit_as_we_write_it_cannot_be_read(raw: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecord):
        DynamoDBCircuitStream().read(raw)


def keyed(key: str, name: str, new: Any = None, old: Any = None) -> dict[str, Any]:
    raw = change(name, new, old)
    raw["dynamodb"]["Keys"] = {"id": {"S": key}}
    return raw


RUN_ITEM = RunItem.of(RUN).to_dynamodb_dict()
OVER = RUN.completed(NOON)
OVER_ITEM = RunItem.of(OVER).to_dynamodb_dict()
FOUND_ITEM = MismatchItem.of(MISMATCH).to_dynamodb_dict()
FILED_ITEM = FiledItem.of(RUN.id, "objects/0/", MISMATCH).to_dynamodb_dict()
WATERMARK_ITEM = {"id": {"S": WATERMARK}, "until": {"S": "2026-01-01T12:00:00.000000Z"}}
RUN_KEY, FOUND_KEY = RUN_ITEM["id"]["S"], FOUND_ITEM["id"]["S"]


def test_a_run_is_read_with_what_it_was_before() -> None:
    raw = keyed(RUN_KEY, "MODIFY", OVER_ITEM, RUN_ITEM)

    assert DynamoDBReportStream().runs(raw) == (RUN, OVER)
    assert DynamoDBReportStream().mismatches(raw) is None


def test_a_mismatch_is_read_with_what_it_was_before() -> None:
    raw = keyed(FOUND_KEY, "INSERT", FOUND_ITEM)

    assert DynamoDBReportStream().mismatches(raw) == (None, MISMATCH)
    assert DynamoDBReportStream().runs(raw) is None


@pytest.mark.parametrize("item", [FILED_ITEM, WATERMARK_ITEM])
def test_what_else_is_among_the_reports_is_nothing_to_tell(item: dict[str, Any]) -> None:
    raw = keyed(item["id"]["S"], "INSERT", item)

    assert DynamoDBReportStream().runs(raw) is None
    assert DynamoDBReportStream().mismatches(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        keyed(RUN_KEY, "REMOVE", None, RUN_ITEM),
        keyed(RUN_KEY, "INSERT", RUN_ITEM | {"status": {"S": "LOST"}}),
        keyed(RUN_KEY, "MODIFY", OVER_ITEM, {"id": {"S": RUN_KEY}}),
    ],
)
def test_what_is_no_run_as_we_write_it_cannot_be_read(raw: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecord):
        DynamoDBReportStream().runs(raw)


@pytest.mark.parametrize(
    "raw",
    [
        keyed(FOUND_KEY, "REMOVE", None, FOUND_ITEM),
        keyed(FOUND_KEY, "INSERT", {"id": {"S": FOUND_KEY}}),
        keyed(FOUND_KEY, "INSERT", FOUND_ITEM | {"finding": {"S": "[]"}}),
    ],
)
def test_what_is_no_mismatch_as_we_write_it_cannot_be_read(raw: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecord):
        DynamoDBReportStream().mismatches(raw)
