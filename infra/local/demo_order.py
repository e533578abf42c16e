"""The chapter in which an order is paid in two steps, a part of it comes back, and the shop hears.

The money is held first, a part of it is captured, and of that a part is refunded. A webhook
of the shop is told of each step.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from infra.local.demo_shop import Shop, Wallet, claim, expect, money, tell, until
from infra.local.http import Answer
from infra.local.problems import LocalProblem
from infra.local.receiver import Receiver, receiving

HELD, CAPTURED, REFUNDED = 4000, 2500, 700
HEARD_S_MAX = 60.0

STEPS = ["PaymentCreated", "PaymentAuthorized", "PaymentCompleted", "PaymentRefunded"]


class Order:
    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._merchant = shop.merchant

    def tell(self, wallet: Wallet) -> None:
        with receiving() as receiver:
            webhook_id = self._listen(receiver)
            before = self._shop.balance(wallet)
            payment_id = self._hold(wallet, before)
            self._capture(wallet, payment_id, before)
            self._refund(wallet, payment_id, before)
            self._look_back(payment_id)
            self._hear(receiver, payment_id)
            expect(self._merchant.send("DELETE", f"/api/webhooks/{webhook_id}"), HTTPStatus.OK)

    def _listen(self, receiver: Receiver) -> str:
        answer = self._merchant.post(
            "/api/webhooks", {"url": receiver.url, "events": STEPS}, key=f"hook-{self._shop.day}"
        )
        expect(answer, HTTPStatus.CREATED)
        receiver.secret = answer.body["secret"]
        tell("webhook", f"the shop wants to hear of its payments at {receiver.url}", answer)
        webhook_id: str = answer.body["id"]
        return webhook_id

    def _hold(self, wallet: Wallet, before: int) -> str:
        answer = self._shop.pay(wallet, HELD, key="order", capture="manual")
        expect(answer, HTTPStatus.CREATED)
        claim(answer.body["status"] == "AUTHORIZED", "the money is held", answer)
        self._claim_stand(wallet, balance=before, available=before - HELD)
        tell("held", f"{money(HELD)}: no longer available, and still in the balance", answer)
        payment_id: str = answer.body["id"]
        return payment_id

    def _capture(self, wallet: Wallet, payment_id: str, before: int) -> None:
        answer = self._ask(payment_id, "capture", {"amount": CAPTURED})
        claim(answer.body["status"] == "COMPLETED", "the payment is completed", answer)
        claim(answer.body["amountCaptured"] == CAPTURED, "a part was captured", answer)
        self._claim_stand(wallet, balance=before - CAPTURED, available=before - CAPTURED)
        tell("captured", f"{money(CAPTURED)} of it; {money(HELD - CAPTURED)} released", answer)

        late = self._merchant.post(f"/api/payments/{payment_id}/void", {})
        expect(late, HTTPStatus.CONFLICT, "invalid_state")
        tell("refused", "to void it now: 409 invalid_state, it is COMPLETED", late)

    def _refund(self, wallet: Wallet, payment_id: str, before: int) -> None:
        answer = self._ask(payment_id, "refund", {"amount": REFUNDED, "reason": "one cup was cold"})
        claim(answer.body["status"] == "PARTIALLY_REFUNDED", "a part came back", answer)
        after = before - CAPTURED + REFUNDED
        self._claim_stand(wallet, balance=after, available=after)
        tell("refunded", f"{money(REFUNDED)}: {answer.body['refund']['id']}", answer)

        again = self._ask(payment_id, "refund", {"amount": REFUNDED, "reason": "one cup was cold"})
        claim(again.text == answer.text, "the same request has the same answer", again)
        self._claim_stand(wallet, balance=after, available=after)
        tell("replayed", "the same refund again: the same answer, paid back once", again)

    def _look_back(self, payment_id: str) -> None:
        answer = self._merchant.get(f"/api/payments/{payment_id}/events")
        expect(answer, HTTPStatus.OK)
        history: list[dict[str, Any]] = answer.body["items"]
        versions = [line["version"] for line in history]
        claim(versions == sorted(versions), "its history is in order", answer)
        tell("history", " → ".join(line["event"] for line in history), answer)

    def _hear(self, receiver: Receiver, payment_id: str) -> None:
        took_s = until(
            lambda: len(receiver.about(payment_id)) == len(STEPS),
            "the shop hears of each step",
            within_s=HEARD_S_MAX,
        )
        events = receiver.about(payment_id)
        if [event["type"] for event in events] != STEPS or receiver.unsigned_count:
            message = f"The story broke off: {STEPS} were to be heard, all signed, not {receiver}"
            raise LocalProblem(message)
        for event in events:
            tell("heard", f"version {event['version']}: {event['type']} {event['id']}, signed")
        tell("heard", f"all {len(events)} events of the payment, {took_s:.1f} s after the refund")

    def _ask(self, payment_id: str, what: str, body: dict[str, object]) -> Answer:
        path = f"/api/payments/{payment_id}/{what}"
        answer = self._merchant.post(path, body, key=f"{what}-{self._shop.day}")
        expect(answer, HTTPStatus.OK)
        return answer

    def _claim_stand(self, wallet: Wallet, *, balance: int, available: int) -> None:
        answer = self._merchant.get(f"/api/wallets/{wallet.id}")
        stand = (answer.body["balance"], answer.body["available"])
        claim(stand == (balance, available), f"{(balance, available)} is there", answer)
