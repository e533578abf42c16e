"""How many records of a stream one function environment notes and tells, and in how much memory.

Every AWS call is answered where it would leave botocore, so that building and signing the calls,
and reading their answers, counts. Each reader runs in a process of its own: `-m tests.bench.outbox`
with its name measures one.
"""

import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from evenkeel.adapters import clients
from evenkeel.adapters.dynamodb.account_items import WalletItem
from evenkeel.adapters.dynamodb.circuit_item import CircuitItem
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.adapters.dynamodb.payment_item import PaymentItem
from evenkeel.ledger.transfer import TransferKind
from evenkeel.payments.model import Payment
from evenkeel.resilience.circuit import Circuit
from evenkeel.resilience.limits import Limits
from evenkeel.wallets.model import Wallet
from tests.context import Context
from tests.event_samples import HOLD, LATER, ORDER, TRANSFER
from tests.fakes.clock import NOON

PATH = Path("docs/benchmarks/outbox.md")
RECORDS_PER_S_MIN = 500

BATCH_COUNT_MAX = 48
WARM_UP_BATCH_COUNT = 20
BATCH_COUNT = 400
GROWTH_KIB_MAX = 256
RESIDENT_GROWTH_MIB_MAX = 8

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "ACCOUNTS_TABLE": "accounts",
    "CHANGES_TABLE": "changes",
    "CHECKPOINTS_TABLE": "checkpoints",
    "EVENT_BUS": "evenkeel",
}

Raw = dict[str, Any]


@dataclass(frozen=True)
class Figures:
    records_per_s: float
    calls_per_record: float
    resident_mib: float
    resident_growth_mib: float
    growth_kib: float


class Answering:
    """Stands behind a client and takes all that it is asked for."""

    def __init__(self) -> None:
        self.call_count = 0

    def __call__(self, request: Any, event_name: str, **_: object) -> AWSResponse:
        self.call_count += 1
        answer: Raw = {}
        if event_name.endswith("PutEvents"):
            entries = json.loads(request.body)["Entries"]
            answer = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in entries]}
        body = json.dumps(answer).encode()
        raw = SimpleNamespace(stream=lambda: [body], read=lambda *_: body)
        return AWSResponse("", 200, HTTPHeaders(), raw)


def payments() -> Iterator[Raw]:
    """Yield two records of each payment: created under a claim, and debited."""
    number = 0
    while True:
        number += 1
        order = replace(ORDER, payment_id=f"pay_{number}")
        created = Payment.created_and_claimed(order, NOON, "c6af9ac6-7b61-11e6-9a41-93e8deadbeef")
        debited = created.debited(LATER, TRANSFER)
        images = [PaymentItem.of(each).to_dynamodb_dict() for each in (created, debited)]
        yield change(images[0])
        yield change(images[1], images[0])


def transfers() -> Iterator[Raw]:
    number = 0
    while True:
        number += 1
        transfer = replace(HOLD, id=f"trf_{number}", kind=TransferKind.PAYMENT)
        yield change(RecordItem.of(transfer).to_dynamodb_dict())


def accounts() -> Iterator[Raw]:
    """Yield the changes of as many wallets as there are payments."""
    number = 0
    while True:
        number += 1
        opened = Wallet(f"wal_{number}", ORDER.client_id, ORDER.user_id, "EUR", NOON)
        debited = replace(opened, version=2, entry_count=1)
        images = [WalletItem.of(each).to_dynamodb_dict() for each in (opened, debited)]
        yield change(images[1], images[0])


def circuits() -> Iterator[Raw]:
    closed = Circuit("wallet")
    opened = closed.tripped(NOON, Limits(), "env_1")
    probing = opened.probing("env_2", LATER, Limits())
    images = [CircuitItem.state_of(each).to_dynamodb_dict() for each in (opened, probing)]
    while True:
        yield change(images[1], images[0])


def change(new: Raw, old: Raw | None = None) -> Raw:
    changed = {"Keys": {"id": new["id"]}, "NewImage": new} | ({"OldImage": old} if old else {})
    return {"eventName": "MODIFY" if old else "INSERT", "eventID": "1", "dynamodb": changed}


READERS: dict[str, Callable[[], Iterator[Raw]]] = {
    "payment_stream": payments,
    "ledger_stream": transfers,
    "account_stream": accounts,
    "circuit_stream": circuits,
}


def batches(records: Iterator[Raw]) -> Iterator[Raw]:
    sequence = 0
    while True:
        batch = [next(records) for _ in range(BATCH_COUNT_MAX)]
        for raw in batch:
            sequence += 1
            raw["dynamodb"]["SequenceNumber"] = str(sequence)
        yield {"Records": batch}


def measure(reader: str) -> Figures:
    """Measure one reader, in this process and for good: its clients are stubs from now on."""
    os.environ |= ENVIRONMENT
    behind = Answering()
    for name in ("events", "dynamodb"):
        make = getattr(clients, name)
        setattr(clients, name, lambda make=make: stubbed(make(), behind))
    module = __import__(f"functions.{reader}.handler", fromlist=["handler"])
    work = batches(READERS[reader]())

    def handle(batch_count: int) -> float:
        """Return how long the function took, the making of the batches left out."""
        spent_s = 0.0
        for batch in islice(work, batch_count):
            began_at = time.perf_counter()
            module.handler(batch, Context())
            spent_s += time.perf_counter() - began_at
        return spent_s

    handle(WARM_UP_BATCH_COUNT)
    behind.call_count, resident_before_mib = 0, resident_mib()
    spent_s = handle(BATCH_COUNT)
    record_count = BATCH_COUNT * BATCH_COUNT_MAX
    return Figures(
        records_per_s=record_count / spent_s,
        calls_per_record=behind.call_count / record_count,
        resident_mib=resident_mib(),
        resident_growth_mib=resident_mib() - resident_before_mib,
        growth_kib=growth_kib(handle),
    )


def stubbed(client: Any, behind: Answering) -> Any:
    client.meta.events.register(
        "before-send.*.*", lambda request, event_name, **_: behind(request, event_name)
    )
    return client


def growth_kib(handle: Callable[[int], object]) -> float:
    """Return what Python's objects take after 100 batches more than after 10."""
    tracemalloc.start()
    handle(10)
    before, _ = tracemalloc.get_traced_memory()
    handle(100)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / 1024


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> int:
    found = {reader: in_a_process(reader) for reader in READERS}
    report = text(found)
    print(report)
    PATH.write_text(report)
    is_fast = all(each.records_per_s >= RECORDS_PER_S_MIN for each in found.values())
    is_flat = all(
        each.growth_kib <= GROWTH_KIB_MAX and each.resident_growth_mib <= RESIDENT_GROWTH_MIB_MAX
        for each in found.values()
    )
    return 0 if is_fast and is_flat else 1


def in_a_process(reader: str) -> Figures:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.outbox", reader],
        stdout=subprocess.DEVNULL,  # The logs.
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Figures(**json.loads(done.stderr.splitlines()[-1]))


def text(found: dict[str, Figures]) -> str:
    rows = "\n".join(
        f"| `{reader}` | {each.records_per_s:,.0f} | {each.calls_per_record:.2f}"
        f" | {each.resident_mib:.0f} | {each.resident_growth_mib:+.1f} | {each.growth_kib:+.0f} |"
        for reader, each in found.items()
    )
    count = BATCH_COUNT * BATCH_COUNT_MAX
    return f"""\
# From the streams to the bus

`make bench`, {datetime.now(UTC):%Y-%m-%d}. One environment of each reader, with every AWS call
answered at once: what the function itself takes for {count:,} records, in batches of
{BATCH_COUNT_MAX}. The goal is {RECORDS_PER_S_MIN} records a second, in memory that does not grow.

| reader | records/s | calls per record | MiB resident | MiB more at the end | KiB of objects more |
|---|---|---|---|---|---|
{rows}

A payment is two records of `payment_stream`, of which each is told, one of `ledger_stream`, whose
calls are those of the fold too, and one of `account_stream`, which only notes. The stream of
`circuit_stream` here is one circuit that moves all the time, so each event is a call of its own.
The wait for real answers comes on top: a call to the bus takes up to ten events of different
objects, one to the table notes a batch. The last column is what Python's objects take after 5,280
records more than after 480.
"""


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.stderr.write(f"{json.dumps(asdict(measure(sys.argv[1])))}\n")
    else:
        sys.exit(main())
