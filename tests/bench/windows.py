"""What windows cost a payment, with Valkey there and with Valkey gone.

`python -m tests.bench.windows`: a server of its own on loopback, not AWS's.
"""

import os
import secrets
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median, quantiles

from evenkeel.errors import WindowsUnavailable
from evenkeel.money import Money
from evenkeel.person import Person
from evenkeel.screening.quota import Bucket, Lane
from evenkeel.screening.windows import ENTRY_COUNT_MAX, OUTCOME_COUNT_MAX, Entry, Outcome, Spans
from tests.valkey import Server, started

PATH = Path("docs/benchmarks/windows.md")
BUCKET = Bucket(per_s=10_000, burst_count=100_000)
SPANS = Spans(velocity_s=60, duplicate_s=300)
CALL_COUNT = 5_000
AWAY_CALL_COUNT = 2_000
ENVIRONMENT_COUNT = 4

TEXT = """\
# Windows on one laptop

`python -m tests.bench.windows`, {date}, {cores} cores. A Valkey of its own on loopback, without
TLS, and its callers on the same processors: not AWS's figures, where a network lies between.

| one call after another | p50 µs | p99 µs |
|---|---|---|
{rows}

- {environments} environments at once, each screening as fast as it can: {calls_per_s:,} calls/s in
  all, callers included. They are threads of one process, which share its interpreter.
- What is kept of a user with {entries} payments and {outcomes} failures: {bytes:,} bytes, by
  `MEMORY USAGE` of both keys. A client's bucket takes {bucket_bytes} more. Another allocator
  rounds otherwise.
- With Valkey stopped, a payment waits for it once in two seconds; all others are told at once that
  nobody knows.
"""


def spent_us(ask: Callable[[], object], call_count: int) -> list[float]:
    spent = []
    for _ in range(call_count):
        began = time.perf_counter_ns()
        ask()
        spent.append((time.perf_counter_ns() - began) / 1000)
    return spent


def in_vain(ask: Callable[[], object]) -> Callable[[], object]:
    def asked() -> None:
        with suppress(WindowsUnavailable):
            ask()
            raise AssertionError("somebody has answered")

    return asked


def row(name: str, spent: list[float]) -> str:
    return f"| {name} | {median(spent):.1f} | {quantiles(spent, n=100)[98]:.1f} |"


def screening(server: Server, user: Callable[[int], str]) -> Callable[[], object]:
    windows, client_id, numbers = server.windows(), f"cli_{secrets.token_hex(6)}", count()

    def screen() -> object:
        number = next(numbers)
        entry = Entry(Person(client_id, user(number)), f"pay_{number}", Money(1250, "EUR"))
        return windows.screen(entry, BUCKET, SPANS)

    return screen


def calls_per_s(server: Server) -> int:
    environments = [screening(server, str) for _ in range(ENVIRONMENT_COUNT)]
    began = time.perf_counter()
    with ThreadPoolExecutor(ENVIRONMENT_COUNT) as threads:
        list(threads.map(lambda ask: spent_us(ask, CALL_COUNT), environments))
    return round(ENVIRONMENT_COUNT * CALL_COUNT / (time.perf_counter() - began))


def kept_bytes(server: Server) -> tuple[int, int]:
    """Return what is kept of an active user, and of the client's bucket."""
    windows, person = server.windows(), Person("cli_0123456789ab", "user_0123456789")
    for number in range(ENTRY_COUNT_MAX):
        windows.screen(
            Entry(person, f"pay_{number}", Money(125_000 + number, "EUR")), BUCKET, SPANS
        )
    now = datetime.now(UTC)
    windows.note(
        [
            Outcome(person, f"pay_{number}", now + timedelta(seconds=number), is_failure=True)
            for number in range(OUTCOME_COUNT_MAX)
        ]
    )
    admin = server.admin()
    sizes = [
        admin.memory_usage(f"{{{person.client_id}}}:{name}")
        for name in (f"recent:{person.user_id}", f"outcomes:{person.user_id}", "writes")
    ]
    return sizes[0] + sizes[1], sizes[2]


def main() -> int:
    with started("bench-vk") as server:
        take = server.windows()
        rows = [
            row(
                "take a token", spent_us(lambda: take.take("cli_a", Lane.READS, BUCKET), CALL_COUNT)
            ),
            row("screen, a user's first payment", spent_us(screening(server, str), CALL_COUNT)),
            row(
                "screen, with 50 kept already",
                spent_us(screening(server, lambda _: "a"), CALL_COUNT),
            ),
        ]
        all_calls_per_s = calls_per_s(server)
        user_bytes, bucket_bytes = kept_bytes(server)
        orphan = screening(server, str)
        orphan()
        server.process.child.stop()
        rows.append(row("screen, Valkey stopped", spent_us(in_vain(orphan), AWAY_CALL_COUNT)))
    text = TEXT.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        cores=os.cpu_count(),
        rows="\n".join(rows),
        environments=ENVIRONMENT_COUNT,
        calls_per_s=all_calls_per_s,
        entries=ENTRY_COUNT_MAX,
        outcomes=OUTCOME_COUNT_MAX,
        bytes=user_bytes,
        bucket_bytes=bucket_bytes,
    )
    PATH.write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
