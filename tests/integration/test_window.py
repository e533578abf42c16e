"""A run over a million payments in one quarter of an hour, in the memory of a small function."""

import subprocess
import sys

from tests.bench.window import MIB_MAX


def test_a_window_with_a_million_payments_takes_little_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.window", "1000000"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert float(done.stdout) <= MIB_MAX
