"""What a million payments cost: metered units times list prices.

The tests meter a payment and hold `docs/cost.md` to what comes out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PATH = Path("docs/cost.md")
BUDGET_USD = 15.0

# List prices, us-east-1, in dollars per million (of requests, of units) or as named.
API_REQUESTS = 3.50
LAMBDA_REQUESTS = 0.20
LAMBDA_GB_SECOND = 0.0000133334  # arm64.
WRITE_UNITS = 0.625
READ_UNITS = 0.125
WAF_REQUESTS = 0.60
LOG_GB = 0.50
TRACES = 5.00

MILLION = 1_000_000
KB_PER_GB = 1_000_000


@dataclass(frozen=True)
class Metered:
    """What one payment uses, as tests count it on an emulator, by AWS's rules."""

    write_units: int
    read_units: int
    invocations: int


@dataclass(frozen=True)
class Assumed:
    """What no emulator can tell. Tests hold the logs to this; the times are a guess."""

    payments_ms: int = 45
    wallet_ms: int = 20
    memory_gb: float = 1.0
    logs_kb: float = 2.0
    traced_share: float = 0.05
    fold_batch_count: int = 10  # Transfers that one batch of the stream folds.


@dataclass(frozen=True)
class Line:
    what: str
    used: str
    usd: float


def lines(metered: Metered, assumed: Assumed) -> Iterator[Line]:
    gb_s = (assumed.payments_ms + assumed.wallet_ms) / 1000 * assumed.memory_gb
    # A receipt and an account, two units each in a transaction, for each batch.
    fold_units = 4 / assumed.fold_batch_count
    yield Line("API Gateway, REST", "1 request", API_REQUESTS)
    yield Line("WAF", "1 request", WAF_REQUESTS)
    yield Line(
        "DynamoDB, writes", f"{metered.write_units} units", metered.write_units * WRITE_UNITS
    )
    yield Line("DynamoDB, reads", f"{metered.read_units} units", metered.read_units * READ_UNITS)
    yield Line(
        "DynamoDB, fold of the merchant", f"{fold_units:.1f} units", fold_units * WRITE_UNITS
    )
    yield Line(
        "Lambda, requests",
        f"{metered.invocations} + 1/{assumed.fold_batch_count}",
        (metered.invocations + 1 / assumed.fold_batch_count) * LAMBDA_REQUESTS,
    )
    yield Line("Lambda, time", f"{gb_s:.3f} GB-s", gb_s * LAMBDA_GB_SECOND * MILLION)
    yield Line(
        "CloudWatch, logs",
        f"{assumed.logs_kb:.0f} KB",
        assumed.logs_kb * MILLION / KB_PER_GB * LOG_GB,
    )
    yield Line("X-Ray", f"{assumed.traced_share:.0%} traced", 2 * assumed.traced_share * TRACES)


def total_usd(metered: Metered, assumed: Assumed | None = None) -> float:
    return sum(line.usd for line in lines(metered, assumed or Assumed()))


def text(metered: Metered) -> str:
    assumed = Assumed()
    rows = "\n".join(
        f"| {line.what} | {line.used} | {line.usd:.2f} |" for line in lines(metered, assumed)
    )
    return f"""\
# What a payment costs

A payment that is created and debited in one call, per million of them, in US dollars:

| what | used by one | $ per million |
|---|---|---|
{rows}
| **sum** | | **{total_usd(metered):.2f}** |

The budget is ${BUDGET_USD:.0f}. A replay costs one read unit, one request and one invocation.

Where the figures come from:

- Units, invocations and calls are counted by tests (`tests/integration/test_budgets.py`) on an
  emulator, and worked out from item sizes by AWS's rules.
- Prices are AWS's list prices for us-east-1 as of November 2026. The free tier is left out.
- Times are assumed, at 1 GB: {assumed.payments_ms} ms for `payments_api` and {assumed.wallet_ms} ms
  for `wallet_commands`. While payments waits for the wallet, both are billed; that is the price of
  isolation. Nothing here was measured on AWS.
- A fold is assumed to take {assumed.fold_batch_count} transfers at once. Fewer cost more.

Not in the table, because it does not depend on the number of payments: the firewall ($5 a month and
$1 for each of its rules), two KMS keys ($1 a month each), and storage with point-in-time recovery
($0.45 per GB and month; a million payments are about 2.5 GB with their indexes).
"""
