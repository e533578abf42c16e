"""The CPU that the payments function spends on a payment, with every AWS call answered at once.

The calls are answered where they would leave botocore, so that building and
signing them, and reading their answers, counts.
"""

import json
import os
import statistics
import sys
import time
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from evenkeel import bootstrap
from evenkeel.access.model import Scope, digest_of, key_id_of
from functions.payments_api.handler import handler
from tests.context import Context
from tests.events import event

PAYMENT_COUNT = 300
WARM_UP_COUNT = 20

KEY = "ek_benchmark"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "PAYMENTS_TABLE": "payments",
    "CLIENTS_TABLE": "clients",
    "BREAKERS_TABLE": "breakers",
    "WALLET_FUNCTION": "wallet_commands",
    "CACHE_ENDPOINT": "127.0.0.1:1",
}
BODY = {
    "userId": "alice",
    "merchantId": "corner-cafe",
    "amount": 1250,
    "currency": "EUR",
    "walletId": "wal_4bfzq3hgn7dt7qkjon6boomugb",
    "process": True,
    "metadata": {"order": "A-2026-000017"},
}
KEY_ITEM = {
    "id": {"S": key_id_of(KEY)},
    "digest": {"S": digest_of(KEY)},
    "client_id": {"S": "cli_benchmark"},
    "name": {"S": "benchmark"},
    "scopes": {"S": json.dumps(sorted(Scope))},
    "created_at": {"S": "2026-01-01T12:00:00.000000Z"},
}
ANSWERS: dict[str, Any] = {
    "GetItem": {"Item": KEY_ITEM},
    "PutItem": {},
    "UpdateItem": {"Attributes": {}},
    "Invoke": {
        "outcome": "posted",
        "transferId": "trf_4bfzq3hgn7dt7qkjon6boomugb",
        "kind": "payment",
        "amount": 1250,
    },
}


def median_cpu_ms() -> float:
    """Return the median CPU time of one payment, in milliseconds."""
    os.environ |= ENVIRONMENT
    for client in (bootstrap.dynamodb(), bootstrap.lambda_()):
        client.meta.events.register("before-send.*.*", _answered)
    spent = [_cpu_ms(number) for number in range(WARM_UP_COUNT + PAYMENT_COUNT)]
    return statistics.median(spent[WARM_UP_COUNT:])


def _cpu_ms(number: int) -> float:
    headers = {"X-API-Key": KEY, "Idempotency-Key": f"k{number}"}
    request = event("POST", "/api/payments", None, BODY, headers)
    began_at = time.process_time()
    answer = handler(request, Context())
    spent_ms = (time.process_time() - began_at) * 1000
    assert answer["statusCode"] == 201, answer
    return spent_ms


def _answered(event_name: str, **_: object) -> Any:
    body = json.dumps(ANSWERS[event_name.rpartition(".")[2]]).encode()
    raw = SimpleNamespace(stream=lambda: [body], read=lambda *_: body)
    return AWSResponse("", 200, HTTPHeaders(), raw)


if __name__ == "__main__":
    sys.stderr.write(f"{median_cpu_ms()}\n")  # The logs are on the other one.
