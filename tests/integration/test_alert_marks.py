"""One contract, every store of marks. The fake may be trusted because it passes this too."""

import os
import secrets
import time

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.events.ports import AlertMarks
from tests.fakes.event_bus import InMemoryAlertMarks
from tests.integration.stores import alert_marks

DAY_S = 24 * 3600


@pytest.fixture(params=["fake", "dynamodb"])
def marks(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> AlertMarks:
    return InMemoryAlertMarks() if request.param == "fake" else alert_marks(dynamodb)


@pytest.fixture
def alert_id() -> str:
    return f"alr_{secrets.token_hex(6)}"


def test_an_alert_is_marked_once_it_is_kept_and_no_other_is(
    marks: AlertMarks, alert_id: str
) -> None:
    assert not marks.has(alert_id)

    marks.keep(alert_id)
    assert marks.has(alert_id)
    assert not marks.has(f"{alert_id}_2")


def test_an_alert_may_be_marked_twice(marks: AlertMarks, alert_id: str) -> None:
    marks.keep(alert_id)
    marks.keep(alert_id)

    assert marks.has(alert_id)


def test_a_mark_outlives_the_stream_and_goes_away(dynamodb: DynamoDBClient, alert_id: str) -> None:
    alert_marks(dynamodb).keep(alert_id)
    item = dynamodb.get_item(
        TableName=os.environ["CHECKPOINTS_TABLE"], Key={"id": {"S": f"alert/{alert_id}"}}
    )["Item"]

    assert DAY_S < int(item["expires_at"]["N"]) - time.time() <= 2 * DAY_S
