"""What clients are told of the schedule is what happens."""

import re
from datetime import timedelta
from pathlib import Path

from evenkeel.webhooks.backoff import ATTEMPT_COUNT_MAX, next_attempt_at
from evenkeel.webhooks.delivery import Failure
from tests.fakes.clock import NOON

TEXT = Path("docs/webhooks.md").read_text()
ROW = re.compile(r"^\| (\d+) \| (\d+) (s|min) \| (\d+\.\d) \|$", re.MULTILINE)
UNITS = {"s": 1, "min": 60}


def test_the_table_of_attempts_is_the_schedule() -> None:
    told = [
        (int(attempt), int(wait) * UNITS[unit], float(hours))
        for attempt, wait, unit, hours in ROW.findall(TEXT)
    ]
    expected = []
    at = NOON
    for attempt_count in range(1, ATTEMPT_COUNT_MAX):
        later = next_attempt_at(at, since=NOON, attempt_count=attempt_count, draw=0.0)
        assert later is not None
        hours = round((later - NOON) / timedelta(hours=1), 1)
        expected.append((attempt_count, (later - at).total_seconds(), hours))
        at = later

    assert told == expected


def test_every_failure_is_in_the_table_of_outcomes() -> None:
    assert {each for each in Failure if f"| `{each}` |" not in TEXT} == set()
