"""What the scorer makes of the payments' events: alerts, once, counted failures, and habits."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evenkeel import bootstrap
from evenkeel.entrypoints.event_data import shown_payment
from evenkeel.errors import BusBusy, Declined, DeclineReason, StoreUnconfirmed
from evenkeel.events.model import EventType
from evenkeel.events.once import AlertsOnce
from evenkeel.learning.forest_codec import encoded as encoded_forest
from evenkeel.learning.ports import Kept
from evenkeel.learning.scorer import Scorer
from evenkeel.learning.sharing import Sharing
from evenkeel.payments.events import events_between
from evenkeel.payments.model import Payment
from evenkeel.person import Person
from evenkeel.screening.anomaly import CLEAR, Anomaly, AnomalyStatus, Rule
from evenkeel.screening.detection import Detection
from evenkeel.screening.policies import Policies
from evenkeel.screening.windows import Spans
from functions.anomaly_scorer.handler import handler
from tests.context import Context
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.event_bus import InMemoryAlertMarks, RecordedAlerts
from tests.fakes.learned import InMemoryBaselineStore, InMemoryModelStore
from tests.fakes.retry import instant_retry
from tests.fakes.screen_watch import RecordingDetectionWatch
from tests.payments import order
from tests.places import known
from tests.unit.functions.site import Site

ALICE = Person("cli_a", "alice")
SECOND = timedelta(seconds=1)
FAST = Anomaly(AnomalyStatus.FLAGGED, (Rule.VELOCITY_EXCEEDED, Rule.LARGE_AMOUNT))
LARGE = Anomaly(AnomalyStatus.FLAGGED, (Rule.LARGE_AMOUNT,))


@pytest.fixture
def alerts(site: Site, monkeypatch: pytest.MonkeyPatch) -> RecordedAlerts:
    sent = RecordedAlerts()
    once = AlertsOnce(sent, InMemoryAlertMarks(), ManualClock())
    monkeypatch.setattr(bootstrap, "alerts_once", lambda: once)
    return sent


@pytest.fixture
def baselines(site: Site, monkeypatch: pytest.MonkeyPatch) -> InMemoryBaselineStore:
    """Where habits are kept; everybody else's payments are known."""
    kept = InMemoryBaselineStore()
    detection = Detection(
        kept,
        Sharing(Scorer(), InMemoryModelStore(Kept(encoded_forest(known()), 1)), site.clock),
        Policies(site.policies, site.watch, site.clock),
        bootstrap.flags(),
        RecordingDetectionWatch(),
        instant_retry(1),
        site.clock,
    )
    monkeypatch.setattr(bootstrap, "detection", lambda: detection)
    return kept


def told(before: Payment | None, after: Payment) -> list[dict[str, Any]]:
    """Return the events between two images, as the queue brings them, but for its creation."""
    return [
        {"messageId": event.id, "body": json.dumps({"detail": event.envelope()})}
        for event in events_between(before, after, shown_payment)
        if event.type is not EventType.PAYMENT_CREATED
    ]


def created(site: Site, key: str, at: datetime, amount_minor: int = 2_000) -> dict[str, Any]:
    """Make a payment, and return its first event."""
    payment = Payment.created(order(key, amount_minor=amount_minor), at, CLEAR)
    site.payments.add(payment)
    event = events_between(None, payment, shown_payment)[0]
    return {"messageId": key, "body": json.dumps({"detail": event.envelope()})}


def hear(*messages: dict[str, Any]) -> list[str]:
    """Return the messages that have to come again."""
    failed = handler({"Records": list(messages)}, Context())["batchItemFailures"]
    return [each["itemIdentifier"] for each in failed]


def flagged(key: str, anomaly: Anomaly, *, day: int = 0, user_id: str = "alice") -> Any:
    created_at = NOON + timedelta(days=day)
    return told(None, Payment.created(order(key, user_id=user_id), created_at, anomaly))[0]


def test_a_flag_of_high_severity_is_told_once_for_each_user_and_day(
    alerts: RecordedAlerts,
) -> None:
    assert hear(flagged("k1", FAST), flagged("k1", FAST), flagged("k2", FAST)) == []
    assert hear(flagged("k3", FAST, user_id="bob"), flagged("k4", FAST, day=1)) == []

    assert [(each.type, each.data["userId"], each.data["rule"]) for each in alerts.alerts] == [
        ("PaymentFlagged", "alice", "VELOCITY_EXCEEDED"),
        ("PaymentFlagged", "bob", "VELOCITY_EXCEEDED"),
        ("PaymentFlagged", "alice", "VELOCITY_EXCEEDED"),
    ]


def test_what_is_not_of_high_severity_wakes_nobody(alerts: RecordedAlerts) -> None:
    assert hear(flagged("k1", LARGE)) == []

    assert alerts.alerts == []


def test_an_alert_that_cannot_be_sent_comes_again(alerts: RecordedAlerts) -> None:
    alerts.fault = BusBusy()
    message = flagged("k1", FAST)
    assert hear(message, flagged("k2", LARGE)) == [message["messageId"]]

    alerts.fault = None
    assert hear(message) == []
    assert len(alerts.alerts) == 1


def test_outcomes_are_counted_each_once_and_a_success_ends_a_streak(
    site: Site, alerts: RecordedAlerts
) -> None:
    def streak() -> int:
        return site.windows.look(ALICE, Spans(60, 300)).counts.failure_count

    declined = Declined(DeclineReason.INSUFFICIENT_FUNDS, "too little")
    for number in range(4):
        at = NOON + number * SECOND
        held = Payment.created(order(f"k{number}"), at, CLEAR).claimed("wal_1", at, "r1")
        messages = told(held, held.declined(at, declined))
        assert hear(*messages, *messages) == []
    assert streak() == 4

    late = NOON + 9 * SECOND
    held = Payment.created(order("k9"), late, CLEAR).claimed("wal_1", late, "r1")
    assert hear(*told(held, held.debited(late, "trf_1"))) == []
    assert streak() == 0


def test_habits_are_learned_and_what_breaks_them_is_marked(
    site: Site, baselines: InMemoryBaselineStore
) -> None:
    for day in range(12):
        assert hear(created(site, f"k{day}", NOON + timedelta(days=day))) == []
    strange = created(site, "strange", NOON + timedelta(days=12, hours=14), 90_000)
    assert hear(strange, strange) == []

    payments = site.payments.payments.values()
    assert [payment.id for payment in payments if payment.unusual] == ["pay_strange"]
    [kept] = baselines.kept.values()
    assert kept.version == 13


def test_what_is_replayed_is_not_learned_again(
    site: Site, baselines: InMemoryBaselineStore
) -> None:
    message = created(site, "k1", NOON)
    replayed = json.loads(message["body"]) | {"replay-name": "yesterday"}

    assert hear({"messageId": "m1", "body": json.dumps(replayed)}) == []

    assert baselines.kept == {}


def test_what_cannot_be_learned_comes_again(site: Site, baselines: InMemoryBaselineStore) -> None:
    baselines.fault = StoreUnconfirmed()
    first = created(site, "k1", NOON)
    second = created(site, "k2", NOON + SECOND)

    assert hear(first, second) == ["k1"]
    assert hear(first) == []

    [kept] = baselines.kept.values()
    assert kept.version == 2


def test_what_nobody_can_read_comes_again_and_is_in_nobodys_way(alerts: RecordedAlerts) -> None:
    assert hear({"messageId": "m1", "body": "{}"}, flagged("k1", FAST)) == ["m1"]

    assert len(alerts.alerts) == 1


def test_the_sample_is_what_it_takes(alerts: RecordedAlerts) -> None:
    sample = json.loads(Path("events/flagged_event.json").read_text())

    assert handler(sample, Context()) == {"batchItemFailures": []}
    assert len(alerts.alerts) == 1
