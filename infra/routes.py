"""The routes of the HTTP API: which function answers which method and path.

There is no greedy proxy: a path that is not here is a 404 of the gateway itself, and each
route has a throttle of its own. What reads payments and wallets is a function apart from what
moves money, of the same code: whoever lists uses up none of the executions that payments have.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Throttle:
    """Requests of one route, all callers together; above it the gateway answers 429."""

    rate_per_s: int
    burst_count: int


MONEY = Throttle(rate_per_s=500, burst_count=1000)
READS = Throttle(rate_per_s=1000, burst_count=2000)
CHANGES = Throttle(rate_per_s=100, burst_count=200)
PUBLIC = Throttle(rate_per_s=50, burst_count=100)


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    function: str
    throttle: Throttle


def _routes(function: str, *routes: tuple[str, str, Throttle]) -> tuple[Route, ...]:
    return tuple(Route(method, path, function, throttle) for method, path, throttle in routes)


ROUTES = (
    *_routes(
        "payments_api",
        ("POST", "/api/payments", MONEY),
        ("POST", "/api/payments/{id}/process", MONEY),
        ("POST", "/api/payments/{id}/capture", MONEY),
        ("POST", "/api/payments/{id}/void", MONEY),
        ("POST", "/api/payments/{id}/refund", MONEY),
    ),
    *_routes(
        "payments_reads",
        ("GET", "/api/payments/{id}", READS),
        ("GET", "/api/payments/user/{userId}", READS),
        ("GET", "/api/payments/{id}/events", READS),
        ("GET", "/api/payments/{id}/refunds", READS),
    ),
    *_routes(
        "wallets_api",
        ("POST", "/api/wallets/create", CHANGES),
        ("POST", "/api/wallets/credit", MONEY),
        ("POST", "/api/wallets/debit", MONEY),
        ("POST", "/api/wallets/transfer", MONEY),
        ("POST", "/api/wallets/{id}/freeze", CHANGES),
        ("POST", "/api/wallets/{id}/unfreeze", CHANGES),
        ("POST", "/api/wallets/{id}/close", CHANGES),
    ),
    *_routes(
        "wallets_reads",
        ("GET", "/api/wallets/{id}", READS),
        ("GET", "/api/wallets/{id}/transactions", READS),
        ("GET", "/api/wallets/{id}/reconcile", READS),
    ),
    *_routes(
        "webhooks_api",
        ("POST", "/api/webhooks", CHANGES),
        ("GET", "/api/webhooks", READS),
        ("GET", "/api/webhooks/{id}", READS),
        ("DELETE", "/api/webhooks/{id}", CHANGES),
        ("POST", "/api/webhooks/{id}/rotate-secret", CHANGES),
        ("POST", "/api/webhooks/{id}/enable", CHANGES),
        ("GET", "/api/webhooks/{id}/deliveries", READS),
        ("POST", "/api/webhooks/{id}/deliveries/{deliveryId}/redeliver", CHANGES),
    ),
    *_routes(
        "reconciliation_api",
        ("GET", "/api/payments/reconcile/run", CHANGES),
        ("GET", "/api/payments/reconcile/reports", READS),
        ("GET", "/api/payments/reconcile/reports/{id}", READS),
        ("GET", "/api/payments/reconcile/reports/{id}/mismatches", READS),
        ("POST", "/api/payments/reconcile/mismatches/{id}/repair", CHANGES),
    ),
    *_routes(
        "anomalies_api",
        ("GET", "/api/payments/anomaly/check/{userId}", READS),
        ("GET", "/api/payments/anomalies", READS),
    ),
    *_routes(
        "ops_api",
        ("GET", "/health", PUBLIC),
        ("GET", "/api/ops/health", PUBLIC),
        ("GET", "/openapi.json", PUBLIC),
        ("GET", "/docs", PUBLIC),
        ("GET", "/api/ops/breakers", READS),
        ("GET", "/api/ops/breakers/{name}", READS),
        ("POST", "/api/ops/breakers/{name}", CHANGES),
    ),
)
