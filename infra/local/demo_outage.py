"""The chapter in which the wallets are dead for a while, and nobody is charged twice for it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from statistics import median

from infra.local.demo_shop import Shop, Wallet, claim, expect, money, tell, until
from infra.local.http import Answer, Caller
from infra.local.outage import without_wallets
from infra.local.stackfile import Stack

BALANCE = 1_000_000
PRICE = 100

CUSTOMER_COUNT = 4  # At once. Each of them may meet another environment.
REFUSAL_COUNT = 20  # By the open circuit, to measure.
QUEUED_COUNT = 5

# By the limits of the breaker it is 7 s and 20 s at most, on a machine that has the time.
OPEN_S_MAX = 60.0
CLOSED_S_MAX = 90.0
SETTLED_S_MAX = 60.0

RESPOND_ASYNC = {"Prefer": "respond-async"}


@dataclass
class Outage:
    """One outage of the wallets, and the payments that were met by it.

    Attributes:
        refused: The keys of payments that were answered 503.
        queued: The ids of those that were answered 202, to be debited later.
    """

    stack: Stack
    shop: Shop
    operator: Caller
    wallet: Wallet
    refused: list[str] = field(default_factory=list)
    queued: list[str] = field(default_factory=list)
    paid_count: int = 0
    key_count: int = 0
    moved_before: int = 0

    @classmethod
    def of(cls, stack: Stack, shop: Shop) -> Outage:
        operator = Caller(stack["apiUrl"], stack["keys"]["ops"])
        return cls(stack, shop, operator, shop.open("carol", BALANCE))

    def end_an_earlier_one(self) -> None:
        """Pay until the circuit is closed, if a story that broke off has left it open."""
        if self._circuit().body["state"] == "CLOSED":
            return
        took_s = until(self._is_closed_after_some_more, "the circuit closes", within_s=CLOSED_S_MAX)
        tell("CLOSED", f"after {took_s:.1f} s, the circuit that an earlier story has left open")

    def tell(self) -> None:
        story = self._circuit()
        claim(story.body["state"] == "CLOSED", "the circuit is closed before the outage", story)
        self.moved_before = max([0, *(each["number"] for each in story.body["transitions"])])
        with without_wallets(self.stack):
            tell("outage", "the wallet function takes no calls any more")
            self._go_on_until_open()
            self._go_on_until_all_have_heard()
            self._be_refused()
            self._queue()
            self._count_the_money()
        tell("restored", "the wallet function takes calls again")
        self._go_on_until_closed()
        self._await_the_queued()
        self._repeat_the_refused()
        self._count_the_money()

    def _go_on_until_open(self) -> None:
        count_before = len(self.refused)
        took_s = until(self._is_open_after_some_more, "the circuit opens", within_s=OPEN_S_MAX)
        count = len(self.refused) - count_before
        told = f"{count} payments answered 503 in {took_s:.1f} s, then it opened"
        tell("OPEN", told, self._circuit())

    def _is_open_after_some_more(self) -> bool:
        for key, answer in self._some_pay():
            expect(answer, HTTPStatus.SERVICE_UNAVAILABLE, "wallet_unavailable")
            self.refused.append(key)
        return bool(self._circuit().body["state"] == "OPEN")

    def _go_on_until_all_have_heard(self) -> None:
        """Some environments still see the circuit closed, as it was when they looked last."""
        count_before = len(self.refused)

        def have_all_heard() -> bool:
            answers = self._some_pay()
            self.refused += [key for key, _ in answers]
            return all(self._is_by_the_circuit(answer) for _, answer in answers)

        took_s = until(have_all_heard, "every environment hears of it", within_s=OPEN_S_MAX)
        count = len(self.refused) - count_before
        tell("heard", f"{count} payments and {took_s:.1f} s later every environment refuses")

    def _be_refused(self) -> None:
        """Pay while it is open: the circuit answers for the wallets, which only a probe asks."""
        refusals: list[Answer] = []
        asked_count = 0

        def are_enough() -> bool:
            nonlocal asked_count
            for _ in range(REFUSAL_COUNT - len(refusals)):
                key = self._new_key()
                answer = self.shop.pay(self.wallet, PRICE, key=key)
                self.refused.append(key)
                if self._is_by_the_circuit(answer):
                    refusals.append(answer)
                else:
                    asked_count += 1
            return len(refusals) == REFUSAL_COUNT

        until(are_enough, "the open circuit refuses so many", within_s=OPEN_S_MAX)
        waits_ms = [refusal.duration_ms for refusal in refusals]
        tell(
            "refused",
            f"{len(refusals)} more payments, and the wallets were asked {asked_count} times:"
            f" p50 {median(waits_ms):.0f} ms, at most {max(waits_ms):.0f} ms",
            refusals[-1],
        )

    def _is_by_the_circuit(self, answer: Answer) -> bool:
        """Whether a refusal, which must be one, came without a call to the wallets."""
        expect(answer, HTTPStatus.SERVICE_UNAVAILABLE, "wallet_unavailable")
        claim(int(answer.headers["Retry-After"]) >= 1, "it says when to come again", answer)
        path = f"/api/payments/{answer.body['paymentId']}/events"
        last = self.shop.merchant.get(path).body["items"][-1]
        claim(last["status"] == "PENDING", "the payment still waits", answer)
        return bool(last["detail"] == "circuit_open")

    def _queue(self) -> None:
        for _ in range(QUEUED_COUNT):
            answer = self.shop.pay(self.wallet, PRICE, key=self._new_key(), headers=RESPOND_ASYNC)
            expect(answer, HTTPStatus.ACCEPTED)
            claim(answer.body["status"] == "PENDING", "the payment waits", answer)
            applied = answer.headers["Preference-Applied"]
            claim(applied == "respond-async", "the answer says that it is queued", answer)
            self.queued.append(answer.body["id"])
        tell("queued", f"{QUEUED_COUNT} payments with Prefer: respond-async", answer)

    def _go_on_until_closed(self) -> None:
        restored_at_s = time.monotonic()
        until(self._is_closed_after_some_more, "the circuit closes", within_s=CLOSED_S_MAX)
        took_s = time.monotonic() - restored_at_s
        story = self._circuit()
        moves = [
            each
            for each in reversed(story.body["transitions"])
            if each["number"] > self.moved_before
        ]
        claim(_is_one_cycle([each["signal"] for each in moves]), "it opened and closed once", story)
        states = " → ".join(["CLOSED", *(each["after"] for each in moves)])
        tell("CLOSED", f"{took_s:.1f} s after the restore: {states}", story)

    def _is_closed_after_some_more(self) -> bool:
        for key, answer in self._some_pay():
            if answer.status == HTTPStatus.CREATED:
                self.paid_count += 1
            else:
                expect(answer, HTTPStatus.SERVICE_UNAVAILABLE, "wallet_unavailable")
                self.refused.append(key)
        return bool(self._circuit().body["state"] == "CLOSED")

    def _await_the_queued(self) -> None:
        def are_all_paid() -> bool:
            found = [self.shop.merchant.get(f"/api/payments/{each}").body for each in self.queued]
            return all(each["status"] == "COMPLETED" for each in found)

        took_s = until(are_all_paid, "the queued payments complete", within_s=SETTLED_S_MAX)
        self.paid_count += len(self.queued)
        tell("worked", f"{len(self.queued)} queued payments completed, {took_s:.1f} s after that")

    def _repeat_the_refused(self) -> None:
        """Ask again with the keys of before, as a client does, until all have been paid."""
        left = set(self.refused)

        def are_all_paid() -> bool:
            answers = self._at_once(sorted(left))
            left.difference_update(
                key for key, answer in answers if answer.status == HTTPStatus.CREATED
            )
            return not left

        took_s = until(are_all_paid, "the refused payments complete", within_s=SETTLED_S_MAX)
        self.paid_count += len(self.refused)
        told = f"{len(self.refused)} refused payments under their old keys: all completed"
        tell("repeated", f"{told} in {took_s:.1f} s")

    def _count_the_money(self) -> None:
        answer = self.shop.merchant.get(f"/api/wallets/{self.wallet.id}/reconcile")
        expect(answer, HTTPStatus.OK)
        balance = self.shop.balance(self.wallet)
        wanted = BALANCE - self.paid_count * PRICE
        claim(balance == wanted, f"{self.wallet.user_id} has {money(wanted)}", answer)
        # The first one is what it was opened with.
        debits = answer.body["entriesChecked"] - 1
        claim(debits == self.paid_count, "there is one debit for each payment", answer)
        tell(
            "counted", f"{self.paid_count} payments, {debits} debits, {money(balance)} left", answer
        )

    def _some_pay(self) -> list[tuple[str, Answer]]:
        return self._at_once([self._new_key() for _ in range(CUSTOMER_COUNT)])

    def _at_once(self, keys: list[str]) -> list[tuple[str, Answer]]:
        with ThreadPoolExecutor(CUSTOMER_COUNT) as pool:
            answers = pool.map(lambda key: self.shop.pay(self.wallet, PRICE, key=key), keys)
            return list(zip(keys, answers, strict=True))

    def _new_key(self) -> str:
        self.key_count += 1
        return f"outage-{self.key_count}"

    def _circuit(self) -> Answer:
        answer = self.operator.get("/api/ops/breakers/wallet")
        expect(answer, HTTPStatus.OK)
        return answer


def _is_one_cycle(signals: list[str]) -> bool:
    """Whether it opened once and recovered once, with any number of failed probes between."""
    failed_probe = ["probing", "probe_failed"]
    middle, end = signals[1:-2], signals[-2:]
    return (
        signals[:1] == ["tripped"]
        and middle == failed_probe * (len(middle) // 2)
        and end == ["probing", "recovered"]
    )
