"""What a million payments cost: metered units times list prices.

The tests meter a payment and hold `docs/cost.md` to what comes out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from evenkeel.reconciliation.changes import CHANGE_SHARD_COUNT

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
EVENTS = 1.00  # For each 64 KB of one; what a rule then hands to a queue of ours is included.
ARCHIVED_GB = 0.10

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
    event_count: int = 3  # PaymentCreated, PaymentCompleted, TransferPosted.
    event_kb: float = 1.1
    told_batch_count: int = 10  # Records that one batch of the payments' stream brings.
    told_ms: int = 60  # To tell a batch, at half a GB.
    noted_batch_count: int = 10  # Records that one batch of any stream brings.
    noted_ms: int = 20  # To note a batch, at half a GB.


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


def lines_of_events(assumed: Assumed) -> Iterator[Line]:
    """What it costs beside that to tell others of it. Lambda's reads of a stream are free."""
    record_count = 2  # Of the payments' stream; the ledger's is read for the fold in any case.
    invocations = record_count / assumed.told_batch_count
    told_gb_s = (invocations + 1 / assumed.fold_batch_count) * assumed.told_ms / 1000 * 0.5
    archived_kb = assumed.event_count * assumed.event_kb
    yield Line("EventBridge, events", f"{assumed.event_count}", assumed.event_count * EVENTS)
    yield Line(
        "EventBridge, archive",
        f"{archived_kb:.1f} KB",
        archived_kb * MILLION / KB_PER_GB * ARCHIVED_GB,
    )
    yield Line(
        "Lambda, requests",
        f"{record_count}/{assumed.told_batch_count}",
        invocations * LAMBDA_REQUESTS,
    )
    yield Line("Lambda, time", f"{told_gb_s:.3f} GB-s", told_gb_s * LAMBDA_GB_SECOND * MILLION)


def lines_of_changes(assumed: Assumed) -> Iterator[Line]:
    """What it costs beside that to note what was changed, for those who compare the books."""
    account_count = 1 + 1 / assumed.fold_batch_count  # Its wallet, and a share of the merchant.
    record_count = 2 + 1 + account_count  # Of the payments' stream, the ledger's, the accounts'.
    batches = record_count / assumed.noted_batch_count
    units = batches * CHANGE_SHARD_COUNT  # A page for each shard, and none is above 1 KB.
    invocations = account_count / assumed.noted_batch_count  # The others are told in any case.
    noted_gb_s = batches * assumed.noted_ms / 1000 * 0.5
    yield Line("DynamoDB, pages", f"{units:.2f} units", units * WRITE_UNITS)
    yield Line("Lambda, requests", f"{invocations:.2f}", invocations * LAMBDA_REQUESTS)
    yield Line("Lambda, time", f"{noted_gb_s:.3f} GB-s", noted_gb_s * LAMBDA_GB_SECOND * MILLION)


def changes_usd(assumed: Assumed | None = None) -> float:
    return sum(line.usd for line in lines_of_changes(assumed or Assumed()))


def events_usd(assumed: Assumed | None = None) -> float:
    return sum(line.usd for line in lines_of_events(assumed or Assumed()))


def total_usd(metered: Metered, assumed: Assumed | None = None) -> float:
    return sum(line.usd for line in lines(metered, assumed or Assumed()))


def text(metered: Metered, others: Mapping[str, Metered]) -> str:
    """Return the sheet of a payment, and of what else is metered by its name."""
    assumed = Assumed()
    rows, event_rows, change_rows = (
        "\n".join(f"| {line.what} | {line.used} | {line.usd:.2f} |" for line in found)
        for found in (lines(metered, assumed), lines_of_events(assumed), lines_of_changes(assumed))
    )
    other_rows = "\n".join(
        f"| {name} | {other.write_units} | {other.read_units} | {total_usd(other):.2f} |"
        for name, other in others.items()
    )
    return f"""\
# What a payment costs

A payment that is created and debited in one call, per million of them, in US dollars:

| what | used by one | $ per million |
|---|---|---|
{rows}
| **sum** | | **{total_usd(metered):.2f}** |

The budget is ${BUDGET_USD:.0f}. A replay costs one read unit, one request and one invocation.

What else a client may ask for, each in a request of its own and all else as above:

| what | write units | read units | $ per million |
|---|---|---|---|
{other_rows}

So a payment that is held first and captured later costs both. A refund is dearer, the more of them
the payment has had: they are kept in its item, which is written whole. A capture, void
or refund that is repeated is one refused write, for which AWS charges a unit for each KB of the
payment: two, as long as it is not above 2 KB.

To tell others of it costs a dollar for each event, and is outside that budget:

| what | used by one | $ per million |
|---|---|---|
{event_rows}
| **sum** | | **{events_usd(assumed):.2f}** |

To note which payments, records and accounts were changed, so that a reconciliation looks at these
and at nothing else, is outside that budget too:

| what | used by one | $ per million |
|---|---|---|
{change_rows}
| **sum** | | **{changes_usd(assumed):.2f}** |

So a million payments that are also told and noted are
**${total_usd(metered) + events_usd(assumed) + changes_usd(assumed):.2f}**.

Where the figures come from:

- Units, invocations and calls are counted by tests (`tests/integration/test_budgets.py`) on an
  emulator, and worked out from item sizes by AWS's rules.
- A batch of a stream is noted on a page for each of {CHANGE_SHARD_COUNT} shards, a unit each
  (`tests/integration/test_change_log.py`), and is assumed to bring {assumed.noted_batch_count}
  records. Full ones, of 48, cost a fifth of that. Where each comes alone it is a unit for each,
  four for a payment.
- Prices are AWS's list prices for us-east-1 as of November 2026. The free tier is left out.
- Times are assumed, at 1 GB: {assumed.payments_ms} ms for `payments_api` and {assumed.wallet_ms} ms
  for `wallet_commands`. While payments waits for the wallet, both are billed; that is the price of
  isolation. Nothing here was measured on AWS.
- A fold is assumed to take {assumed.fold_batch_count} transfers at once. Fewer cost more.
- An event is assumed to have {assumed.event_kb} KB with all around it; up to 64 KB cost the same. A
  batch of the payments' stream is assumed to bring {assumed.told_batch_count} records and to take
  {assumed.told_ms} ms. Consumers pay for their own queues.

Not in the table, because it does not depend on the number of payments: the firewall ($5 a month and
$1 for each of its rules), two KMS keys ($1 a month each), the cache (from $6.13 a month: $0.084
per GB and hour, of which it may hold one, and what is asked of it), and storage with
point-in-time recovery ($0.45 per GB and month; a million payments are about 2.5 GB with their
indexes, and their changes another 0.6).
"""
