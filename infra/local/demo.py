"""The story of one day, told by a running stack. It is over at the first claim that fails."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http import HTTPStatus

from infra.local import books
from infra.local.http import Answer, Caller
from infra.local.problems import LocalProblem
from infra.local.stackfile import Stack

CURRENCY = "EUR"
RACER_COUNT = 8


@dataclass(frozen=True)
class Wallet:
    """A wallet of the story, and who owns it."""

    id: str
    user_id: str


class Day:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._merchant = Caller(stack["apiUrl"], stack["keys"]["merchant"])
        # New people every day, so that the story is the same on a stack that has seen others.
        self._day = secrets.token_hex(3)

    def tell(self) -> None:
        alice = self._open("alice", 10_000)
        bob = self._open("bob", 0)
        self._fund(bob)
        self._pay_and_repeat(alice)
        self._decline(bob)
        self._refuse_strangers(alice)
        self._race(alice)
        self._balance_the_books(alice, bob)

    def _open(self, name: str, balance: int) -> Wallet:
        user_id = f"{name}-{self._day}"
        answer = self._merchant.post(
            "/api/wallets/create",
            {"userId": user_id, "currency": CURRENCY, "initialBalance": balance},
        )
        _expect(answer, HTTPStatus.CREATED)
        wallet = answer.body
        _claim(wallet["balance"] == balance, "the wallet holds what it was opened with", answer)
        _tell("wallet", f"{user_id} has {wallet['id']} with {_money(balance)}", answer)
        return Wallet(wallet["id"], user_id)

    def _fund(self, wallet: Wallet) -> None:
        answer = self._merchant.post(
            "/api/wallets/credit",
            {"walletId": wallet.id, "amount": 500, "reference": "top-up"},
            key=f"fund-{self._day}",
        )
        _expect(answer, HTTPStatus.OK)
        _claim(answer.body["wallet"]["balance"] == 500, "the money has arrived", answer)
        _tell("funded", f"{wallet.user_id} tops up {_money(500)}", answer)

    def _pay_and_repeat(self, wallet: Wallet) -> None:
        first = self._pay(wallet, 1250, key="breakfast")
        _expect(first, HTTPStatus.CREATED)
        payment = first.body
        _claim(payment["status"] == "COMPLETED", "the payment is completed", first)
        _tell("paid", f"{_money(1250)} to {payment['merchantId']}: {payment['id']}", first)

        again = self._pay(wallet, 1250, key="breakfast")
        _expect(again, HTTPStatus.CREATED)
        _claim(again.text == first.text, "the same request has the same answer", again)
        _claim(again.headers["Idempotent-Replayed"] == "true", "it says so", again)
        _claim(self._balance(wallet) == 8750, "it was charged once", again)
        _tell("replayed", "the same request again: the same answer, charged once", again)

        other = self._pay(wallet, 9999, key="breakfast")
        _expect(other, HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused")
        _tell("refused", "another amount under the same key: 422 idempotency_key_reused", other)

    def _decline(self, wallet: Wallet) -> None:
        answer = self._pay(wallet, 900, key="too-much")
        _expect(answer, HTTPStatus.PAYMENT_REQUIRED, "payment_declined")
        _claim(answer.body["reason"] == "insufficient_funds", "for lack of funds", answer)
        _claim(self._balance(wallet) == 500, "nothing was taken", answer)
        _tell("declined", f"{_money(900)} from {wallet.user_id}: 402 insufficient_funds", answer)

    def _refuse_strangers(self, wallet: Wallet) -> None:
        made_up = replace(self._merchant, key="ek_made-up").get(f"/api/wallets/{wallet.id}")
        _expect(made_up, HTTPStatus.UNAUTHORIZED, "unauthorized")
        _tell("refused", "a key that nobody issued: 401 unauthorized", made_up)

        other = replace(self._merchant, key=self._stack["keys"]["other"])
        foreign = other.get(f"/api/wallets/{wallet.id}")
        _expect(foreign, HTTPStatus.NOT_FOUND, "not_found")
        _tell("refused", "another client's key: 404, as if the wallet did not exist", foreign)

    def _race(self, wallet: Wallet) -> None:
        amount = 3000
        with ThreadPoolExecutor(RACER_COUNT) as pool:
            answers = list(
                pool.map(
                    lambda number: self._pay(wallet, amount, key=f"race-{number}"),
                    range(RACER_COUNT),
                )
            )
        paid = [answer for answer in answers if answer.status == HTTPStatus.CREATED]
        refused = [answer for answer in answers if answer.status == HTTPStatus.PAYMENT_REQUIRED]
        slowest = max(answers, key=lambda answer: answer.duration_ms)
        _claim(len(paid) == 2, "the money was enough for two", slowest)
        _claim(len(paid) + len(refused) == RACER_COUNT, "all have their answer", slowest)
        _claim(self._balance(wallet) == 8750 - 2 * amount, "nothing was overspent", slowest)
        _tell(
            "raced",
            f"{RACER_COUNT} payments of {_money(amount)} at once from {_money(8750)}:"
            f" {len(paid)} paid, {len(refused)} declined",
            slowest,
        )

    def _balance_the_books(self, *wallets: Wallet) -> None:
        for wallet in wallets:
            check = self._merchant.get(f"/api/wallets/{wallet.id}/reconcile")
            _expect(check, HTTPStatus.OK)
            _claim(check.body["isBalanced"], "the wallet agrees with its entries", check)
            entries = f"{check.body['entriesChecked']} entries, chain unbroken"
            _tell("verified", f"{wallet.user_id}: {entries}, no difference", check)
        found = books.balanced(self._stack)
        if not found.are_balanced:
            message = f"The books do not balance: {found}"
            raise LocalProblem(message)
        for line in _totals(found):
            print(line)

    def _pay(self, wallet: Wallet, amount: int, *, key: str) -> Answer:
        return self._merchant.post(
            "/api/payments",
            {
                "userId": wallet.user_id,
                "merchantId": "corner-cafe",
                "amount": amount,
                "currency": CURRENCY,
                "walletId": wallet.id,
                "process": True,
            },
            key=f"{key}-{self._day}",
        )

    def _balance(self, wallet: Wallet) -> int:
        balance: int = self._merchant.get(f"/api/wallets/{wallet.id}").body["balance"]
        return balance


def _totals(found: books.Books) -> Iterator[str]:
    """Return a line for each currency of the whole ledger, other days included."""
    for currency, debits in sorted(found.debits.items()):
        yield (
            f"  {'balanced':<9} {currency}: {found.transfers[currency]} transfers,"
            f" debits {debits:,} = credits {found.credits[currency]:,} minor units"
        )
    yield f"  {'balanced':<9} {len(found.accounts)} accounts equal the fold of their entries"


def _tell(what: str, said: str, answer: Answer) -> None:
    print(f"  {what:<9} {said}  [{answer.status}, {answer.duration_ms:.0f} ms]", flush=True)


def _expect(answer: Answer, status: HTTPStatus, code: str | None = None) -> None:
    is_as_told = answer.status == status and (code is None or answer.body["code"] == code)
    _claim(is_as_told, f"the answer is {int(status)} {code or ''}".rstrip(), answer)


def _claim(is_true: object, claim: str, answer: Answer) -> None:
    if not is_true:
        message = f"The story broke off: expected that {claim}, got {answer.status} {answer.text}"
        raise LocalProblem(message)


def _money(cents: int) -> str:
    return f"{cents / 100:,.2f} {CURRENCY}"
