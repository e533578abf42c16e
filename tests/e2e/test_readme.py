"""What the README tells people to type does what it says."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.stack import Stack

README = Path("README.md").read_text()


def commands() -> str:
    """The shell lines of "Try it", without the one that asks make for the stack."""
    [block] = [
        block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "curl" in block
    ]
    return "\n".join(line for line in block.splitlines() if not line.startswith("eval "))


@pytest.fixture(scope="module")
def said(stack: Stack) -> str:
    done = subprocess.run(  # noqa: S603  # The lines of our own README.
        ["/usr/bin/env", "bash", "-euo", "pipefail", "-c", commands()],
        env={**os.environ, "API": stack["apiUrl"], "KEY": stack["keys"]["merchant"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_wallet_has_the_id_that_the_readme_names(said: str) -> None:
    [named] = set(re.findall(r"WALLET=(wal_\w+)", README))

    assert f'"id":"{named}"' in said


def test_the_payment_is_made_once_and_replayed(said: str) -> None:
    assert said.count('"amountCaptured":1250') == 2
    assert "Idempotent-Replayed: true" in said


def test_the_hold_is_captured_in_part_and_refunded_in_part(said: str) -> None:
    assert '"amountCaptured":2500,"amountRefunded":700' in said
    assert '"event":"part_refunded","status":"PARTIALLY_REFUNDED"' in said
    assert f'"balance":{10_000 - 1250 - 2500 + 700}' in said


def test_the_wallet_agrees_with_its_entries(said: str) -> None:
    assert '"isBalanced":true' in said
    assert '"entriesChecked":5' in said
