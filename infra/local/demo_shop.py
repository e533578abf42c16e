"""Who is in the story, and how it is told: it is over at the first claim that fails."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from infra.local.http import Answer, Caller
from infra.local.problems import LocalProblem

CURRENCY = "EUR"
PAUSE_S = 0.25


@dataclass(frozen=True)
class Wallet:
    """A wallet of the story, and who owns it."""

    id: str
    user_id: str


@dataclass(frozen=True)
class Shop:
    """The merchant of one day, whose users and keys no other day has.

    So the story is the same on a stack that has seen others.
    """

    merchant: Caller
    day: str = field(default_factory=lambda: secrets.token_hex(3))

    def open(self, name: str, balance: int) -> Wallet:
        user_id = f"{name}-{self.day}"
        answer = self.merchant.post(
            "/api/wallets/create",
            {"userId": user_id, "currency": CURRENCY, "initialBalance": balance},
        )
        expect(answer, HTTPStatus.CREATED)
        wallet = answer.body
        claim(wallet["balance"] == balance, "the wallet holds what it was opened with", answer)
        tell("wallet", f"{user_id} has {wallet['id']} with {money(balance)}", answer)
        return Wallet(wallet["id"], user_id)

    def pay(
        self,
        wallet: Wallet,
        amount: int,
        *,
        key: str,
        capture: str = "automatic",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        body = {
            "userId": wallet.user_id,
            "merchantId": "corner-cafe",
            "amount": amount,
            "currency": CURRENCY,
            "walletId": wallet.id,
            "process": True,
            "capture": capture,
        }
        keyed = {"Idempotency-Key": f"{key}-{self.day}"} | dict(headers or {})
        return self.merchant.send("POST", "/api/payments", json.dumps(body).encode(), keyed)

    def balance(self, wallet: Wallet) -> int:
        balance: int = self.merchant.get(f"/api/wallets/{wallet.id}").body["balance"]
        return balance


def tell(what: str, said: str, answer: Answer | None = None) -> None:
    facts = f"  [{answer.status}, {answer.duration_ms:.0f} ms]" if answer else ""
    print(f"  {what:<9} {said}{facts}", flush=True)


def expect(answer: Answer, status: HTTPStatus, code: str | None = None) -> None:
    is_as_told = answer.status == status and (code is None or answer.body["code"] == code)
    claim(is_as_told, f"the answer is {int(status)} {code or ''}".rstrip(), answer)


def claim(is_true: object, claimed: str, answer: Answer) -> None:
    if not is_true:
        message = f"The story broke off: expected that {claimed}, got {answer.status} {answer.text}"
        raise LocalProblem(message)


def until(is_so: Callable[[], bool], awaited: str, *, within_s: float) -> float:
    """Look again and again, and return after how many seconds it was so."""
    began_at_s = time.monotonic()
    while not is_so():
        if time.monotonic() >= began_at_s + within_s:
            message = f"The story broke off: in {within_s:.0f} s it did not happen that {awaited}"
            raise LocalProblem(message)
        time.sleep(PAUSE_S)
    return time.monotonic() - began_at_s


def money(cents: int) -> str:
    return f"{cents / 100:,.2f} {CURRENCY}"
