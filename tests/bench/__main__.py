"""`make bench`: measures, prints and stores. The local stack must be up, but for the model."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local.processes import marked
from infra.local.stack import LocalStack
from tests.bench import breaker, outbox, reading, reconciliation
from tests.bench.guard import added_cpu_ms
from tests.bench.init import best_cpu_ms
from tests.bench.throughput import CALLER_COUNTS, PAYMENTS_PER_LEVEL, measure
from tests.memory import resident_mib

PATH = Path("docs/benchmarks/local.md")


def main() -> int:
    local = LocalStack(os.environ.get("STACK") or "default")
    stack = local.status()
    if stack is None:
        print("The local stack is not up: make up", file=sys.stderr)
        return 1
    report = "\n".join(_report(stack, local.files.folder)) + "\n"
    print(report)
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(report)
    return max(outbox.main(), breaker.main(), reconciliation.main(), reading.main())


def _report(stack: dict[str, Any], folder: Path) -> Iterator[str]:
    yield "# On one laptop"
    yield ""
    yield f"`make bench`, {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()},"
    yield f"{os.cpu_count()} cores, callers on the same cores. An emulator's figures, not AWS's."
    yield ""
    yield "| CPU of `payments_api` | ms |"
    yield "|---|---|"
    yield f"| cold start, from importing the handler to its first answer, best of 5 | {_init()} |"
    yield f"| a payment, all AWS calls answered at once, median of 300 | {_handler()} |"
    yield f"| breaker, retry and retry budget, added to a healthy debit | {added_cpu_ms():.3f} |"
    yield ""
    yield "Payments created and debited in one call, through the emulated API Gateway and two"
    yield f"Lambda functions, {PAYMENTS_PER_LEVEL} at each level:"
    yield ""
    yield "| callers | payments/s | p50 ms | p95 ms | p99 ms | answers |"
    yield "|---|---|---|---|---|---|"
    for caller_count in CALLER_COUNTS:
        level = measure(stack, caller_count)
        answers = ", ".join(f"{count} of {status}" for status, count in level.statuses.items())
        yield (
            f"| {caller_count} | {level.paid_per_s:.1f} | {level.percentile_ms(50):.0f}"
            f" | {level.percentile_ms(95):.0f} | {level.percentile_ms(99):.0f} | {answers} |"
        )
    yield ""
    yield f"Memory of the whole stack after that: {resident_mib(marked(folder))} MiB, every page"
    yield "counted once, though function environments share many."


def _init() -> str:
    return f"{best_cpu_ms():.0f}"


def _handler() -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.handler"], capture_output=True, text=True, check=True
    )
    return f"{float(done.stderr):.1f}"


if __name__ == "__main__":
    sys.exit(main())
