"""What the payments function may spend of the CPU; measured as CPU time, not by the clock."""

import subprocess
import sys

import pytest

from infra.local.tools import build_layers
from tests.bench.init import best_cpu_ms

INIT_CPU_MS_MAX = 350
PAYMENT_CPU_MS_MAX = 5


@pytest.fixture(scope="module", autouse=True)
def layers() -> None:
    build_layers()


def test_a_cold_start_is_within_its_budget() -> None:
    assert best_cpu_ms() <= INIT_CPU_MS_MAX


def test_a_payment_is_within_its_budget() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.handler"], capture_output=True, text=True, check=True
    )

    assert float(done.stderr) <= PAYMENT_CPU_MS_MAX
