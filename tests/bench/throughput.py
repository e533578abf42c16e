"""Payments a second through HTTP on the local stack: an emulator's figures, not AWS's."""

import secrets
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from infra.local.http import Answer, Caller

CALLER_COUNTS = (1, 4, 8, 16, 50)
PAYMENTS_PER_LEVEL = 400


@dataclass(frozen=True)
class Level:
    """What a number of callers got, each sending its next payment after the answer."""

    caller_count: int
    duration_s: float
    paid_ms: tuple[float, ...]
    statuses: Mapping[int, int]

    @property
    def paid_per_s(self) -> float:
        return len(self.paid_ms) / self.duration_s

    def percentile_ms(self, percent: int) -> float:
        return quantiles(self.paid_ms, n=100)[percent - 1]


def measure(stack: Mapping[str, Any], caller_count: int) -> Level:
    """Let callers make payments, each from a wallet of its own, and time every answer."""
    caller = Caller(stack["apiUrl"], stack["keys"]["merchant"])
    run = secrets.token_hex(4)
    wallets = [_wallet(caller, f"{run}-{number}") for number in range(caller_count)]

    def pay_in_turn(number: int) -> list[Answer]:
        return [
            _pay(caller, f"{run}-{number}", wallets[number], f"{run}-{number}-{turn}")
            for turn in range(PAYMENTS_PER_LEVEL // caller_count)
        ]

    began_at = time.perf_counter()
    with ThreadPoolExecutor(caller_count) as pool:
        answers = [answer for each in pool.map(pay_in_turn, range(caller_count)) for answer in each]
    duration_s = time.perf_counter() - began_at
    return Level(
        caller_count,
        duration_s,
        tuple(answer.duration_ms for answer in answers if answer.status == 201),
        Counter(answer.status for answer in answers),
    )


def _wallet(caller: Caller, user_id: str) -> str:
    body = {"userId": user_id, "currency": "EUR", "initialBalance": 10**9}
    wallet_id: str = caller.post("/api/wallets/create", body).body["id"]
    return wallet_id


def _pay(caller: Caller, user_id: str, wallet_id: str, key: str) -> Answer:
    body = {
        "userId": user_id,
        "merchantId": "corner-cafe",
        "amount": 125,
        "currency": "EUR",
        "walletId": wallet_id,
        "process": True,
    }
    return caller.post("/api/payments", body, key=key)
