"""Flags and limits as clients and operators see them."""

import pytest

from evenkeel.access.model import Scope
from evenkeel.screening.policies import KNOWN_FOR
from evenkeel.screening.policy import Policy
from evenkeel.screening.quota import Bucket
from evenkeel.screening.rules import Mode, Rules, Velocity
from tests.unit.functions.site import MINE, OTHER, Site, order

PAYMENTS, PAYMENT = "/api/payments", "/api/payments/{id}"
LIST, CHECK = "/api/payments/anomalies", "/api/payments/anomaly/check/{userId}"
LEFT = "X-RateLimit-Remaining"


def statuses(site: Site, count: int, user_id: str = "alice") -> list[str]:
    created = [
        site.post(PAYMENTS, order(userId=user_id, amount=100 + number)) for number in range(count)
    ]
    return [each.json["anomaly"]["status"] for each in created]


def test_the_fifth_payment_of_a_user_is_flagged_and_none_is_stopped(site: Site) -> None:
    assert statuses(site, 6) == ["CLEAR"] * 4 + ["FLAGGED"] * 2
    assert statuses(site, 1, "bob") == ["CLEAR"]


def test_a_replay_says_what_was_said_at_first(site: Site) -> None:
    for _ in range(7):
        again = site.post(PAYMENTS, order(), idempotency_key="one")

    assert again.json["anomaly"] == {"status": "CLEAR", "reasons": [], "severity": None}
    assert site.get(CHECK, userId="alice").json["counters"]["velocity"] == 1


def test_what_was_flagged_is_listed_newest_first_and_in_its_history(site: Site) -> None:
    statuses(site, 6)

    items = site.get(LIST).json["items"]

    assert [item["amount"] for item in items] == [105, 104]
    assert items[0]["reasons"] == ["VELOCITY_EXCEEDED"]
    assert items[0]["severity"] == "HIGH"
    story = site.get("/api/payments/{id}/events", id=items[0]["paymentId"]).json["items"]
    assert [(line["event"], line["detail"]) for line in story] == [
        ("created", None),
        ("flagged", "VELOCITY_EXCEEDED"),
    ]


def test_the_list_is_filtered_by_user_and_severity(site: Site) -> None:
    statuses(site, 5)
    site.post(PAYMENTS, order(userId="bob", amount=500_001))

    def users(**query: str) -> list[str]:
        return [item["userId"] for item in site.get(LIST, query).json["items"]]

    assert users() == ["bob", "alice"]
    assert users(userId="alice") == ["alice"]
    assert users(severity="MEDIUM") == ["bob"]
    assert users(userId="bob", severity="HIGH") == []
    assert site.get(LIST, {"severity": "SOME"}).status == 422


def test_another_client_sees_nothing_of_it(site: Site) -> None:
    statuses(site, 5)
    key = site.key_of(OTHER, Scope)

    assert site.get(LIST, key=key).json["items"] == []
    assert site.get(CHECK, key=key, userId="alice").json["counters"]["velocity"] == 0


def test_a_check_says_how_a_user_stands(site: Site) -> None:
    statuses(site, 5)

    assert site.get(CHECK, userId="alice").json == {
        "userId": "alice",
        "flagged": True,
        "reasons": ["VELOCITY_EXCEEDED"],
        "severity": "HIGH",
        "counters": {"velocity": 5, "duplicateAmount": 1, "failedStreak": 0},
    }
    assert site.get(CHECK, userId="nobody").json["flagged"] is False


def test_failures_in_a_row_are_seen_by_the_next_request(site: Site) -> None:
    wallet_id = site.wallet()
    for number in range(4):
        assert (
            site.post(PAYMENTS, order(walletId=wallet_id, process=True, amount=100 + number)).status
            == 402
        )

    assert "FAILED_STREAK" in site.post(PAYMENTS, order()).json["anomaly"]["reasons"]


def test_without_windows_payments_go_on_and_nobody_says_that_they_are_clear(site: Site) -> None:
    site.windows.is_away = True

    created = site.post(PAYMENTS, order())

    assert created.status == 201
    assert created.json["anomaly"]["status"] == "UNAVAILABLE"
    assert created.limits == {}
    assert site.get(CHECK, userId="alice").status == 503
    assert site.watch.errors


def test_a_rule_on_trial_is_in_the_history_and_flags_nothing(site: Site) -> None:
    trial = Velocity(count=2, mode=Mode.SHADOW)
    site.policies.lay_down(MINE, Policy(rules=Rules(velocity=trial)))

    assert statuses(site, 2) == ["CLEAR", "CLEAR"]
    assert site.get(LIST).json["items"] == []
    assert site.watch.heard[-1][1].shadows == ("VELOCITY_EXCEEDED",)


@pytest.fixture
def poor(site: Site) -> Site:
    """A client with two writes and one read, and no more for a long time."""
    policy = Policy(reads=Bucket(0.001, 1), writes=Bucket(0.001, 2))
    site.policies.lay_down(MINE, policy)
    return site


def test_answers_say_what_is_left_and_then_when_to_come_again(poor: Site) -> None:
    first, second, third = (poor.post(PAYMENTS, order()) for _ in range(3))

    assert (first.status, first.limits[LEFT]) == (201, "1")
    assert (second.status, second.limits[LEFT]) == (201, "0")
    assert (third.status, third.json["code"], third.json["retryable"]) == (
        429,
        "rate_limited",
        True,
    )
    assert int(third.headers["Retry-After"]) > 0
    assert third.limits["X-RateLimit-Limit"] == "2"
    # Reads have a bucket of their own, and other clients all of theirs.
    assert poor.get(PAYMENT, id=first.json["id"]).status == 200
    assert poor.get(PAYMENT, id=first.json["id"]).status == 429
    assert poor.post(PAYMENTS, order(), key=poor.key_of(OTHER, Scope)).status == 201


def test_a_request_that_was_limited_leaves_its_key_free(poor: Site) -> None:
    for _ in range(2):
        poor.post(PAYMENTS, order())
    assert poor.post(PAYMENTS, order(), idempotency_key="late").status == 429
    poor.policies.lay_down(MINE, Policy())
    poor.clock.advance(KNOWN_FOR)

    answer = poor.post(PAYMENTS, order(amount=77), idempotency_key="late")

    assert (answer.status, answer.json["amount"]) == (201, 77)


def test_nonsense_takes_a_token_too(poor: Site) -> None:
    answers = [poor.post(PAYMENTS, order(amount=-1)) for _ in range(3)]

    assert [each.status for each in answers] == [422, 422, 429]
    assert answers[0].limits[LEFT] == "1"


def test_whoever_lacks_the_scope_is_limited_too(poor: Site) -> None:
    key = poor.key_of(MINE, [Scope.WALLETS_READ])

    assert [poor.post(PAYMENTS, order(), key=key).status for _ in range(3)] == [403, 403, 429]
