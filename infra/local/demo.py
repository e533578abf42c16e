"""The story of one day, told by a running stack. It is over at the first claim that fails."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus

from infra.local import books
from infra.local.demo_attack import Attack
from infra.local.demo_mismatch import Mismatches
from infra.local.demo_order import Order
from infra.local.demo_outage import Outage
from infra.local.demo_shop import Shop, Wallet, claim, expect, money, tell
from infra.local.http import Caller
from infra.local.problems import LocalProblem
from infra.local.stackfile import Stack

RACER_COUNT = 8


class Day:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._shop = Shop(Caller(stack["apiUrl"], stack["keys"]["merchant"]))
        self._merchant = self._shop.merchant

    def tell(self) -> None:
        outage = Outage.of(self._stack, self._shop)
        outage.end_an_earlier_one()
        alice = self._shop.open("alice", 10_000)
        bob = self._shop.open("bob", 0)
        self._fund(bob)
        self._pay_and_repeat(alice)
        self._decline(bob)
        self._refuse_strangers(alice)
        self._race(alice)
        dave = self._shop.open("dave", 10_000)
        Order(self._shop).tell(dave)
        outage.tell()
        mallory = self._shop.open("mallory", 10_000)
        Attack(self._stack, self._shop).tell(mallory)
        erin = self._shop.open("erin", 10_000)
        Mismatches(self._stack, self._shop).tell(erin)
        self._balance_the_books(alice, bob, dave, mallory, erin, outage.wallet)

    def _fund(self, wallet: Wallet) -> None:
        answer = self._merchant.post(
            "/api/wallets/credit",
            {"walletId": wallet.id, "amount": 500, "reference": "top-up"},
            key=f"fund-{self._shop.day}",
        )
        expect(answer, HTTPStatus.OK)
        claim(answer.body["wallet"]["balance"] == 500, "the money has arrived", answer)
        tell("funded", f"{wallet.user_id} tops up {money(500)}", answer)

    def _pay_and_repeat(self, wallet: Wallet) -> None:
        first = self._shop.pay(wallet, 1250, key="breakfast")
        expect(first, HTTPStatus.CREATED)
        payment = first.body
        claim(payment["status"] == "COMPLETED", "the payment is completed", first)
        tell("paid", f"{money(1250)} to {payment['merchantId']}: {payment['id']}", first)

        again = self._shop.pay(wallet, 1250, key="breakfast")
        expect(again, HTTPStatus.CREATED)
        claim(again.text == first.text, "the same request has the same answer", again)
        claim(again.headers["Idempotent-Replayed"] == "true", "it says so", again)
        claim(self._shop.balance(wallet) == 8750, "it was charged once", again)
        tell("replayed", "the same request again: the same answer, charged once", again)

        other = self._shop.pay(wallet, 9999, key="breakfast")
        expect(other, HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused")
        tell("refused", "another amount under the same key: 422 idempotency_key_reused", other)

    def _decline(self, wallet: Wallet) -> None:
        answer = self._shop.pay(wallet, 900, key="too-much")
        expect(answer, HTTPStatus.PAYMENT_REQUIRED, "payment_declined")
        claim(answer.body["reason"] == "insufficient_funds", "for lack of funds", answer)
        claim(self._shop.balance(wallet) == 500, "nothing was taken", answer)
        tell("declined", f"{money(900)} from {wallet.user_id}: 402 insufficient_funds", answer)

    def _refuse_strangers(self, wallet: Wallet) -> None:
        made_up = replace(self._merchant, key="ek_made-up").get(f"/api/wallets/{wallet.id}")
        expect(made_up, HTTPStatus.UNAUTHORIZED, "unauthorized")
        tell("refused", "a key that nobody issued: 401 unauthorized", made_up)

        other = replace(self._merchant, key=self._stack["keys"]["other"])
        foreign = other.get(f"/api/wallets/{wallet.id}")
        expect(foreign, HTTPStatus.NOT_FOUND, "not_found")
        tell("refused", "another client's key: 404, as if the wallet did not exist", foreign)

    def _race(self, wallet: Wallet) -> None:
        amount = 3000
        with ThreadPoolExecutor(RACER_COUNT) as pool:
            answers = list(
                pool.map(
                    lambda number: self._shop.pay(wallet, amount, key=f"race-{number}"),
                    range(RACER_COUNT),
                )
            )
        paid = [answer for answer in answers if answer.status == HTTPStatus.CREATED]
        refused = [answer for answer in answers if answer.status == HTTPStatus.PAYMENT_REQUIRED]
        slowest = max(answers, key=lambda answer: answer.duration_ms)
        claim(len(paid) == 2, "the money was enough for two", slowest)
        claim(len(paid) + len(refused) == RACER_COUNT, "all have their answer", slowest)
        claim(self._shop.balance(wallet) == 8750 - 2 * amount, "nothing was overspent", slowest)
        tell(
            "raced",
            f"{RACER_COUNT} payments of {money(amount)} at once from {money(8750)}:"
            f" {len(paid)} paid, {len(refused)} declined",
            slowest,
        )

    def _balance_the_books(self, *wallets: Wallet) -> None:
        for wallet in wallets:
            check = self._merchant.get(f"/api/wallets/{wallet.id}/reconcile")
            expect(check, HTTPStatus.OK)
            claim(check.body["isBalanced"], "the wallet agrees with its entries", check)
            entries = f"{check.body['entriesChecked']} entries, chain unbroken"
            tell("verified", f"{wallet.user_id}: {entries}, no difference", check)
        found = books.balanced(self._stack)
        if not found.are_balanced:
            message = f"The books do not balance: {found}"
            raise LocalProblem(message)
        for line in _totals(found):
            tell("balanced", line)


def _totals(found: books.Books) -> Iterator[str]:
    """Return a line for each currency of the whole ledger, other days included."""
    for currency, debits in sorted(found.debits.items()):
        yield (
            f"{currency}: {found.transfers[currency]} transfers,"
            f" debits {debits:,} = credits {found.credits[currency]:,} minor units"
        )
    yield f"{len(found.accounts)} accounts equal the fold of their entries"
