"""How many payments a second are compared with the ledger on one core, and in how much memory.

Payments and transfers are made here, so that this is the merging and the judging alone; the
reading of both from their tables comes on top. Each stream is measured in a process of its
own: `python -m tests.bench.reconciliation 10000000` measures one of ten million pairs too.
"""

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from platform import python_version

from evenkeel.ledger.transfer import Record, Transfer, TransferKind
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentKey
from evenkeel.reconciliation.case import cases
from evenkeel.reconciliation.payment_rules import judge
from tests.event_samples import HOLD, LATER, ORDER
from tests.fakes.clock import NOON
from tests.memory import peak_mib

PATH = Path("docs/benchmarks/reconciliation.md")
PAYMENTS_PER_S_MIN = 100_000
GROWTH_MIB_MAX = 4.0

PAIR_COUNT = 100_000
RUN_COUNT = 5
STREAM_PAIR_COUNTS = (10_000, 1_000_000)
NOW = NOON + timedelta(hours=1)

Named = tuple[PaymentKey, Record]

CLAIMED = Payment.created_and_claimed(ORDER, NOON, "c6af9ac6-7b61-11e6-9a41-93e8deadbeef")


def payments(pair_count: int) -> Iterator[Payment]:
    return map(paid, ids(pair_count))


def records(pair_count: int) -> Iterator[Named]:
    for payment_id in ids(pair_count):
        wanted = replace(CLAIMED, order=replace(ORDER, payment_id=payment_id)).transfer_id_wanted
        yield PaymentKey(ORDER.client_id, payment_id), debit(payment_id, wanted)


def paid(payment_id: str) -> Payment:
    claimed = replace(CLAIMED, order=replace(ORDER, payment_id=payment_id))
    return claimed.debited(LATER, claimed.transfer_id_wanted)


def debit(payment_id: str, transfer_id: str) -> Transfer:
    return replace(HOLD, id=transfer_id, kind=TransferKind.PAYMENT, payment_id=payment_id)


def ids(count: int) -> Iterator[str]:
    """Yield ids as long as ours, in order."""
    return (f"pay_{number:026}" for number in range(count))


def compare(payments: Iterable[Payment], records: Iterable[Named]) -> None:
    for case in cases(payments, records):
        assert not judge(case, NOW), "all of them are as they should be"


def payments_per_s() -> float:
    """Return the best of some runs over pairs that are there before."""
    paid, debits = list(payments(PAIR_COUNT)), list(records(PAIR_COUNT))
    return PAIR_COUNT / min(_spent_s(paid, debits) for _ in range(RUN_COUNT))


def _spent_s(paid: Iterable[Payment], debits: Iterable[Named]) -> float:
    began_at = time.process_time()
    compare(paid, debits)
    return time.process_time() - began_at


def peak_mib_of(pair_count: int) -> float:
    """Return the most that this process has had resident, after a stream made on the way."""
    compare(payments(pair_count), records(pair_count))
    return peak_mib()


def main(*more_pair_counts: int) -> int:
    speed = payments_per_s()
    peaks = {count: _in_a_process(count) for count in (*STREAM_PAIR_COUNTS, *more_pair_counts)}
    report = text(speed, peaks)
    print(report)
    PATH.write_text(report)
    is_flat = max(peaks.values()) - min(peaks.values()) <= GROWTH_MIB_MAX
    return 0 if speed >= PAYMENTS_PER_S_MIN and is_flat else 1


def _in_a_process(pair_count: int) -> float:
    """A process never gives back the peak that it has had."""
    measured = f"print(peak_mib_of({pair_count}))"
    code = f"from tests.bench.reconciliation import peak_mib_of; {measured}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def text(speed: float, peaks: dict[int, float]) -> str:
    rows = "\n".join(f"| {count:,} | {peak:.1f} |" for count, peak in peaks.items())
    return f"""\
# Payments beside the ledger

`python -m tests.bench.reconciliation`, {datetime.now(UTC):%Y-%m-%d}, Python {python_version()},
one core. Both streams are merged and each payment is judged; reading the tables comes on top.
Every payment was paid at once and is as it should be: that is most of them.

**{speed:,.0f} payments per second of CPU**, the best of {RUN_COUNT} runs over {PAIR_COUNT:,} pairs
that were made before. The goal is {PAYMENTS_PER_S_MIN:,}, in memory that does not grow with the
streams:

| payments, each with its transfer | MiB resident at most |
|---|---|
{rows}
"""


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
