"""The chapter in which somebody tries stolen cards: seen at the fifth payment, and told once."""

from __future__ import annotations

from http import HTTPStatus

from infra.local import aws
from infra.local.demo_shop import Shop, Wallet, claim, expect, tell, until
from infra.local.http import Answer, Caller
from infra.local.inbox import Inbox, subscribed
from infra.local.stackfile import Stack

CARD_COUNT = 8
SEEN_AT = 5
RULE = "VELOCITY_EXCEEDED"
TOLD_S_MAX = 30.0
WAITING = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]


class Attack:
    def __init__(self, stack: Stack, shop: Shop) -> None:
        self._stack = stack
        self._shop = shop
        self._ops = Caller(stack["apiUrl"], stack["keys"]["ops"])

    def tell(self, wallet: Wallet) -> None:
        with subscribed(self._stack) as inbox:
            self._try_cards(wallet)
            self._see(wallet)
            self._hear(inbox, wallet)

    def _try_cards(self, wallet: Wallet) -> None:
        answers = [
            # No two amounts are alike, so that it is the number of them that shows.
            self._shop.pay(wallet, 100 + number, key=f"card-{number}")
            for number in range(1, CARD_COUNT + 1)
        ]
        for answer in answers:
            expect(answer, HTTPStatus.CREATED)
        flagged = [each.body["anomaly"]["status"] == "FLAGGED" for each in answers]
        first = flagged.index(True) + 1 if any(flagged) else 0
        claim(first == SEEN_AT, f"payment {SEEN_AT} is the first that is flagged", answers[-1])
        claim(all(flagged[SEEN_AT:]), "so are all after it", answers[-1])
        anomaly = answers[SEEN_AT - 1].body["anomaly"]
        claim(anomaly["reasons"] == [RULE], f"it is flagged for {RULE}", answers[SEEN_AT - 1])
        tell(
            "attacked",
            f"{CARD_COUNT} small payments of {wallet.user_id} in a row: none is stopped,"
            f" and from the {SEEN_AT}th on they are flagged {RULE}",
            answers[SEEN_AT - 1],
        )

    def _see(self, wallet: Wallet) -> None:
        path = f"/api/payments/anomalies?userId={wallet.user_id}"
        listed: list[Answer] = []

        def is_listed() -> bool:
            listed.append(self._ops.get(path))
            expect(listed[-1], HTTPStatus.OK)
            return len(listed[-1].body["items"]) == CARD_COUNT - SEEN_AT + 1

        until(is_listed, "what was flagged is listed", within_s=TOLD_S_MAX)
        tell("listed", f"{len(listed[-1].body['items'])} payments under {path}", listed[-1])
        check = self._ops.get(f"/api/payments/anomaly/check/{wallet.user_id}")
        expect(check, HTTPStatus.OK)
        claim(check.body["flagged"], "the user is flagged", check)
        tell("checked", f"counters {check.body['counters']}", check)

    def _hear(self, inbox: Inbox, wallet: Wallet) -> None:
        def mine() -> int:
            alerts = inbox.of_type("PaymentFlagged")
            return sum(alert["data"]["userId"] == wallet.user_id for alert in alerts)

        waited_s = until(lambda: mine() > 0, "somebody is told of the attack", within_s=TOLD_S_MAX)
        alert = next(each for each in inbox.alerts if each["data"].get("userId") == wallet.user_id)
        tell("alerted", f"after {waited_s:.1f} s: {alert['severity']} {alert['title']}")
        # All of its events are through when their queue is empty.
        until(self._is_quiet, "all events are heard", within_s=TOLD_S_MAX)
        count = mine()
        claim(count == 1, f"one alert is enough, and there are {count}", self._ops.get("/health"))
        tell("once", f"{CARD_COUNT - SEEN_AT + 1} flagged payments, one alert")

    def _is_quiet(self) -> bool:
        sqs = aws.client("sqs", self._stack["awsEndpointUrl"])
        found = sqs.get_queue_attributes(
            QueueUrl=self._stack["queues"]["anomaly_events"], AttributeNames=WAITING
        )
        return all(found["Attributes"][name] == "0" for name in WAITING)
