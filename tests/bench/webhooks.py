"""How soon a receiver hears of a payment, alone and beside one that never answers.

`python -m tests.bench.webhooks`, with the local stack up: an emulator's figures, not AWS's.
"""

import json
import os
import secrets
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

from infra.local.http import Caller
from infra.local.stack import LocalStack
from tests.receivers import Receiver, answer, receiver, silent

PATH = Path("docs/benchmarks/webhooks.md")
PAYMENT_COUNT = 60
EVERY_S = 1.0
HEARD_WITHIN_S = 120.0
# The bad one is known for what it is after three attempts of ten seconds, two at a time.
KNOWN_AFTER = 25

TEXT = """\
# Webhooks on one laptop

`python -m tests.bench.webhooks`, {date}, {cores} cores. One payment a second, {count} of them;
from its answer to its arrival at a receiver on the same machine, through stream, bus and two
queues. An emulator's figures, not AWS's: there are two senders, and no fair queue.

| a healthy receiver | p50 s | p95 s | slowest s | events heard | heard twice |
|---|---|---|---|---|---|
{rows}

Until the silent one has struck three times, at ten seconds each, it holds both senders; what is
paid meanwhile comes late. From then on it is tried twice in a minute.
"""


@dataclass(frozen=True)
class Run:
    waits_s: list[float]
    heard_count: int
    repeat_count: int

    def row(self, name: str, waits_s: list[float]) -> str:
        cuts = quantiles(waits_s, n=100)
        figures = f"{cuts[49]:.2f} | {cuts[94]:.2f} | {max(waits_s):.2f}"
        return f"| {name} | {figures} | {self.heard_count} | {self.repeat_count} |"


@dataclass(frozen=True)
class Shop:
    caller: Caller
    run: str

    def wallet(self) -> str:
        body = {"userId": self.run, "currency": "EUR", "initialBalance": 10**6}
        wallet_id: str = self.caller.post("/api/wallets/create", body).body["id"]
        return wallet_id

    def webhook(self, url: str) -> str:
        body = {"url": url, "events": ["PaymentCompleted"]}
        created = self.caller.post("/api/webhooks", body, key=secrets.token_hex(8))
        webhook_id: str = created.body["id"]
        return webhook_id

    def delete(self, webhook_id: str) -> None:
        self.caller.send("DELETE", f"/api/webhooks/{webhook_id}")

    def pay(self, wallet_id: str) -> str:
        body = {
            "userId": self.run,
            "merchantId": "corner-cafe",
            "amount": 1,
            "currency": "EUR",
            "walletId": wallet_id,
            "process": True,
        }
        payment_id: str = self.caller.post("/api/payments", body, key=secrets.token_hex(8)).body[
            "id"
        ]
        return payment_id


def main() -> int:
    stack = LocalStack(os.environ.get("STACK") or "default").status()
    if stack is None:
        print("The local stack is not up: make up", file=sys.stderr)
        return 1
    report = TEXT.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        cores=os.cpu_count(),
        count=PAYMENT_COUNT,
        rows="\n".join(_rows(stack)),
    )
    print(report)
    PATH.write_text(report)
    return 0


def _rows(stack: dict[str, Any]) -> Iterator[str]:
    shop = Shop(Caller(stack["apiUrl"], stack["keys"]["merchant"]), secrets.token_hex(4))
    alone = _run(shop)
    yield alone.row("alone", alone.waits_s)
    with receiver(silent) as bad:
        webhook_id = shop.webhook(bad.url)
        beside = _run(shop)
        shop.delete(webhook_id)
    yield beside.row("beside a silent one", beside.waits_s)
    yield beside.row(f"the same, from the {KNOWN_AFTER}th payment on", beside.waits_s[KNOWN_AFTER:])


def _run(shop: Shop) -> Run:
    wallet_id = shop.wallet()
    with receiver(answer()) as good:
        webhook_id = shop.webhook(good.url)
        began_s = time.monotonic()
        paid: dict[str, float] = {}
        for number in range(1, PAYMENT_COUNT + 1):
            payment_id = shop.pay(wallet_id)
            paid[payment_id] = time.monotonic()
            time.sleep(max(0.0, began_s + number * EVERY_S - time.monotonic()))
        give_up_s = time.monotonic() + HEARD_WITHIN_S
        while not set(paid) <= set(_heard(good)) and time.monotonic() < give_up_s:
            time.sleep(0.05)
        shop.delete(webhook_id)
        heard = _heard(good)
        event_ids = {each.headers["webhook-id"] for each in good.received}
        waits_s = [heard[payment_id] - at_s for payment_id, at_s in paid.items()]
        return Run(waits_s, len(event_ids), len(good.received) - len(event_ids))


def _heard(good: Receiver) -> dict[str, float]:
    """When each payment was heard of first."""
    return {
        json.loads(each.body)["data"]["id"]: each.at_s for each in reversed(list(good.received))
    }


if __name__ == "__main__":
    sys.exit(main())
