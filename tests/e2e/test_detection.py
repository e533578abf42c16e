"""Who pays as never before is seen within seconds, though no rule is met."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from evenkeel.adapters.dynamodb.baseline_store import DynamoDBBaselineStore
from evenkeel.adapters.dynamodb.kept_bytes import KeptBytes
from evenkeel.clock import utc_now
from evenkeel.learning.baseline_codec import encoded
from evenkeel.learning.occurrence import Occurrence
from evenkeel.money import Money
from evenkeel.person import Person
from infra.local.http import Caller
from tests.e2e.conftest import Shop
from tests.local.waiting import soon
from tests.occurrences import learned
from tests.stack import Stack

DAY_COUNT = 30


class Habits:
    """What is known of a user."""

    def __init__(self, store: DynamoDBBaselineStore, person: Person) -> None:
        self._store = store
        self._person = person

    def has_changed(self, times: int) -> bool:
        kept = self._store.load(self._person)
        return kept is not None and kept.version >= times

    def replace(self) -> None:
        """Have the user pay 4.00 EUR a day from now on, at another time of day than it is now."""
        payments = learned(map(self._payment, range(DAY_COUNT)))
        assert self._store.save(self._person, encoded(payments), over=1)

    def _payment(self, day: int) -> Occurrence:
        at = utc_now() - timedelta(days=DAY_COUNT - day, hours=-12)
        return Occurrence(self._person, f"pay_{day}", "corner-cafe", Money(400, "EUR"), at)


@pytest.fixture
def habits(stack: Stack, client: Callable[[str], Any], shop: Shop, wallet: str) -> Habits:
    first = shop.pay("alice", wallet, 400, "k0").body
    kept = KeptBytes(client("dynamodb"), stack["tables"]["learned"], utc_now)
    habits = Habits(DynamoDBBaselineStore(kept), Person(first["clientId"], first["userId"]))
    assert soon(lambda: habits.has_changed(times=1))
    habits.replace()
    return habits


@pytest.fixture
def wallet(shop: Shop) -> str:
    return shop.wallet("alice", 300_000)


def test_a_payment_against_all_habits_is_flagged_with_its_causes(
    shop: Shop, habits: Habits, wallet: str, operator: Caller
) -> None:
    usual = shop.pay("alice", wallet, 410, "k1").body
    assert soon(lambda: habits.has_changed(times=3))

    strange = shop.pay("alice", wallet, 250_000, "k2", merchantId="far-away").body
    assert strange["anomaly"] == {"status": "CLEAR", "reasons": [], "severity": None}

    listing = f"/api/payments/anomalies?{urlencode({'userId': shop.user('alice')})}"
    assert soon(lambda: bool(operator.get(listing).body["items"]))
    [flagged] = operator.get(listing).body["items"]
    assert flagged["paymentId"] == strange["id"]
    assert flagged["reasons"] == ["UNUSUAL_BEHAVIOUR"]
    assert "amount: 2,500.00 EUR, usually about 4.01 EUR" in flagged["causes"]
    now = shop.caller.get(f"/api/payments/{strange['id']}").body
    assert now["anomaly"] == {
        "status": "FLAGGED",
        "reasons": ["UNUSUAL_BEHAVIOUR"],
        "severity": "MEDIUM",
    }
    assert shop.caller.get(f"/api/payments/{usual['id']}").body["anomaly"]["status"] == "CLEAR"
    assert soon(lambda: habits.has_changed(times=4))
