"""Every change of payments, ledger and accounts is noted, whoever makes it and by whatever way."""

from collections.abc import Callable
from datetime import datetime
from secrets import token_hex
from typing import Any

import pytest

from evenkeel.adapters.dynamodb.change_log import DynamoDBChangeLog
from evenkeel.clock import utc_now
from evenkeel.reconciliation.changes import Change, ChangedObject, stretches
from tests.e2e.conftest import Shop
from tests.local.waiting import soon
from tests.stack import Stack

PAYMENT, RECORD, ACCOUNT = ChangedObject


class Notes:
    """What has been noted since a test began, or has forgotten what was before."""

    def __init__(self, log: DynamoDBChangeLog) -> None:
        self._log = log
        self.forget()

    def forget(self) -> None:
        """Look at nothing that was noted before now."""
        self._since = utc_now()

    def have(self, *changes: Change) -> bool:
        return soon(lambda: self._noted(utc_now()) >= set(changes))

    def _noted(self, until: datetime) -> set[Change]:
        parts = stretches(self._since, until)
        return {change for part in parts for change in self._log.read(part)}


@pytest.fixture
def notes(stack: Stack, client: Callable[[str], Any]) -> Notes:
    return Notes(DynamoDBChangeLog(client("dynamodb"), stack["tables"]["changes"]))


def test_a_payment_that_is_made_is_noted_with_all_that_it_has_changed(
    shop: Shop, notes: Notes
) -> None:
    wallet = shop.wallet("alice", 1000)
    payment = shop.pay("alice", wallet, 400, "k").body

    mine = payment["clientId"]
    assert notes.have(
        Change(mine, PAYMENT, payment["id"]),
        Change(mine, RECORD, payment["transferId"], payment["id"]),
        Change(mine, ACCOUNT, wallet),
        Change(mine, ACCOUNT, "merchant:corner-cafe:EUR"),
    )


@pytest.mark.parametrize(("table", "object_"), [("payments", PAYMENT), ("accounts", ACCOUNT)])
def test_what_is_planted_altered_and_removed_behind_our_back_is_noted(
    stack: Stack,
    notes: Notes,
    client: Callable[[str], Any],
    table: str,
    object_: ChangedObject,
) -> None:
    """A thing of nobody's with nothing in it, so that no other test's books are wrong."""
    dynamodb, name = client("dynamodb"), stack["tables"][table]
    change = Change(f"cli_{token_hex(4)}", object_, "planted")
    key = {"id": {"S": f"{change.client_id}/{change.object_id}"}}
    nothing = {"debits_posted": {"N": "0"}, "credits_posted": {"N": "0"}}
    dynamodb.put_item(TableName=name, Item=key | nothing)
    assert notes.have(change)

    notes.forget()
    dynamodb.update_item(
        TableName=name,
        Key=key,
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": {"S": "LOST"}},
    )
    assert notes.have(change)

    notes.forget()
    dynamodb.delete_item(TableName=name, Key=key)
    assert notes.have(change)
