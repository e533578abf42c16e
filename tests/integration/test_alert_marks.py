"""One contract, every store of marks. The fake may be trusted because it passes this too."""

import os
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.events.ports import AlertMarks, Claim
from tests.fakes.clock import NOON
from tests.fakes.event_bus import InMemoryAlertMarks
from tests.integration.stores import alert_marks

DAY_S = 24 * 3600


@pytest.fixture(params=["fake", "dynamodb"])
def marks(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> AlertMarks:
    return InMemoryAlertMarks() if request.param == "fake" else alert_marks(dynamodb)


@pytest.fixture
def alert_id() -> str:
    return f"alr_{secrets.token_hex(6)}"


def claimed(marks: AlertMarks, alert_id: str, after_s: int = 0) -> Claim:
    now = NOON + timedelta(seconds=after_s)
    return marks.claim(alert_id, now, now + timedelta(seconds=30))


def test_an_alert_is_one_persons_to_send_until_it_is_sent(marks: AlertMarks, alert_id: str) -> None:
    assert claimed(marks, alert_id) is Claim.MINE
    assert claimed(marks, alert_id) is Claim.TAKEN
    assert claimed(marks, f"{alert_id}_2") is Claim.MINE

    marks.keep(alert_id)
    marks.keep(alert_id)

    assert claimed(marks, alert_id) is Claim.SENT
    assert claimed(marks, alert_id, after_s=3600) is Claim.SENT


def test_a_claim_is_free_again_when_it_is_given_back_or_lapses(
    marks: AlertMarks, alert_id: str
) -> None:
    claimed(marks, alert_id)
    marks.free(alert_id)
    assert claimed(marks, alert_id) is Claim.MINE

    assert claimed(marks, alert_id, after_s=30) is Claim.TAKEN
    assert claimed(marks, alert_id, after_s=31) is Claim.MINE


def test_what_was_sent_is_not_given_back(marks: AlertMarks, alert_id: str) -> None:
    claimed(marks, alert_id)
    marks.keep(alert_id)
    marks.free(alert_id)
    marks.free(f"{alert_id}_2")

    assert claimed(marks, alert_id) is Claim.SENT


def test_of_many_who_claim_at_once_one_gets_it(dynamodb: DynamoDBClient, alert_id: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        claims = list(threads.map(lambda _: claimed(alert_marks(dynamodb), alert_id), range(8)))

    assert sorted(claims) == [Claim.MINE, *[Claim.TAKEN] * 7]


def test_a_mark_outlives_the_stream_and_goes_away(dynamodb: DynamoDBClient, alert_id: str) -> None:
    alert_marks(dynamodb).keep(alert_id)
    item = dynamodb.get_item(
        TableName=os.environ["CHECKPOINTS_TABLE"], Key={"id": {"S": f"alert/{alert_id}"}}
    )["Item"]

    assert DAY_S < int(item["expires_at"]["N"]) - time.time() <= 2 * DAY_S
