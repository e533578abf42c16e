"""What the benchmark of reading has found, in figures and words."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from platform import python_version

from evenkeel.reconciliation.engine import LANE_COUNT
from tests.bench.reading_meter import Call

CALLS_PER_PAYMENT_MAX = 0.2
HELD_FROM = 1_000  # What every run takes, however few payments there are, weighs on smaller ones.


@dataclass(frozen=True)
class Figures:
    """Of one way to compare so many payments.

    Attributes:
        seconds: The median of some runs.
    """

    payment_count: int
    seconds: float
    calls: Sequence[Call]

    @property
    def payments_per_s(self) -> float:
        return self.payment_count / self.seconds

    @property
    def calls_per_payment(self) -> float:
        return len(self.calls) / self.payment_count

    @property
    def units_per_payment(self) -> float:
        return sum(call.read_units for call in self.calls) / self.payment_count


@dataclass(frozen=True)
class Pair:
    """Both ways over the same payments.

    Attributes:
        idle_call_count: What a run takes over a window in which nothing was changed.
    """

    ours: Figures
    plain: Figures
    idle_call_count: int


def is_held(pairs: Sequence[Pair]) -> bool:
    return all(each <= CALLS_PER_PAYMENT_MAX for each in _held(pairs))


def _held(pairs: Sequence[Pair]) -> Sequence[float]:
    return [pair.ours.calls_per_payment for pair in pairs if pair.ours.payment_count >= HELD_FROM]


def text(pairs: Sequence[Pair], run_count: int) -> str:
    largest = pairs[-1].ours
    return f"""\
# A run beside a look-up for each payment

`python -m tests.bench.reading`, {datetime.now(UTC):%Y-%m-%d}, Python {python_version()},
{os.cpu_count()} cores, on an emulator, not AWS: its seconds are no table's of AWS, and emulator and
caller share the cores. Calls and read units are what AWS would count for the same requests.
Seconds are the median of {run_count}, both ways in turn.

Both compare the same payments of half an hour, of which none is wrong, from wallets that were
opened before; every fifth one is from a wallet that may have paid in the same half-hour before.

- *a run* reads the log of changes, payments, transfers and wallets, {LANE_COUNT} pieces side
  by side. It compares in both directions and holds each wallet to its chain. All its calls
  count, those to its own record too.
- *a look-up each* is a strong GetItem of the transfer that the payment names, {LANE_COUNT} side
  by side. Its payments are given to it for nothing, neither calls, nor units, nor seconds. It
  sees one direction only: no transfer without a payment, no end of a hold, no refund, no wallet.

Calls and read units are per payment; the last columns are the run's through the look-ups'.
Above 1 a run is the dearer way. There is no network between caller and emulator, and the waits of
a network are what fewer calls save; read units pay for items, in few calls or in many.

| payments | run: s | payments/s | calls | units | look-ups: s | payments/s | calls | units \
| s | calls | units |
|---|---|---|---|---|---|---|---|---|---|---|---|
{chr(10).join(map(_row, pairs))}

![Calls per payment](reading.svg)

The goal is {CALLS_PER_PAYMENT_MAX} calls per payment from {HELD_FROM:,} payments on.
{_verdict(pairs)}
A window in which nothing was changed takes {pairs[-1].idle_call_count} calls, which small windows
bear like large ones.

What the run over {largest.payment_count:,} payments asks for:

| operation | of | calls | keys asked for | different ones |
|---|---|---|---|---|
{chr(10).join(_places(largest.calls))}

Keys that are asked for more often than there are different ones belong to more than one piece. A
query of an index of the ledger looks for the entry after one whose successor is in another piece.
"""


def _row(pair: Pair) -> str:
    ours, plain = pair.ours, pair.plain
    ratios = (
        ours.seconds / plain.seconds,
        ours.calls_per_payment / plain.calls_per_payment,
        ours.units_per_payment / plain.units_per_payment,
    )
    cells = [
        f"{ours.payment_count:,}",
        *_cells(ours),
        *_cells(plain),
        *(f"{each:.2f}" for each in ratios),
    ]
    return f"| {' | '.join(cells)} |"


def _cells(figures: Figures) -> Sequence[str]:
    return (
        f"{figures.seconds:.2f}",
        f"{figures.payments_per_s:,.0f}",
        f"{figures.calls_per_payment:.3f}",
        f"{figures.units_per_payment:.2f}",
    )


def _verdict(pairs: Sequence[Pair]) -> str:
    met = "met" if is_held(pairs) else "missed"
    return f"It is {met}: the most is {max(_held(pairs), default=0.0):.3f}."


def _places(calls: Sequence[Call]) -> Iterator[str]:
    for place in sorted({call.place for call in calls}):
        its = [call for call in calls if call.place == place]
        keys = [key for call in its for key in call.keys]
        counts = (f"{len(keys):,}", f"{len(set(keys)):,}") if keys else ("", "")
        operation, about = place
        yield f"| {operation} | {about} | {len(its):,} | {counts[0]} | {counts[1]} |"
