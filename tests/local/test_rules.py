"""What a schedule leans on: its rule fires by itself, and a call that fails is not forgotten."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from infra.local import ministack
from infra.local.ministack import ACCOUNT, REGION
from infra.local.tools import EMULATOR
from tests.emulator import Emulator, started
from tests.local.functions import Function, deployed
from tests.local.queues import Queue, made
from tests.local.waiting import soon

SWEEP = {"command": "sweep"}

WORKS = """
import json

def handler(event, context):
    print("event", json.dumps(event))
"""

FAILS = f"{WORKS}    raise ValueError('nothing works')\n"

# The same emulator, but a minute of its schedules is over in three seconds.
HURRIED = """
import time
from ministack.services import eventbridge
from infra.local.emulator.__main__ import main

began_at = time.time()
eventbridge._now_ts = lambda: began_at + 20 * (time.time() - began_at)
eventbridge._SCHEDULER_TICK_INTERVAL = 0.1
main()
"""


@pytest.fixture
def hurried_emulator() -> Iterator[Emulator]:
    def command(descriptor: int, *, is_bare: bool) -> list[Any]:
        assert not is_bare
        return [EMULATOR / "bin" / "python", "-c", HURRIED, str(descriptor)]

    with pytest.MonkeyPatch.context() as during:
        during.setattr(ministack, "_command", command)
        with started("hurried") as server:
            yield server


@dataclass(frozen=True)
class Rule:
    emulator: Emulator
    source: str

    def fire(self) -> None:
        entry = {"Source": self.source, "DetailType": "any", "Detail": "{}"}
        self.emulator.client("events").put_events(Entries=[entry])


def rule_for(function: Function, **trigger: str) -> Rule:
    """One that asks the function for a sweep, by default when it is fired."""
    client = function.emulator.client("events")
    name = f"rule-{uuid4().hex[:8]}"
    pattern = {"EventPattern": json.dumps({"source": [name]})}
    client.put_rule(Name=name, **(trigger or pattern))
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function.name}"
    client.put_targets(Rule=name, Targets=[{"Id": "0", "Arn": arn, "Input": json.dumps(SWEEP)}])
    return Rule(function.emulator, name)


def configure(function: Function, *, retry_count_max: int) -> Queue:
    """Set how often a call is made again, and the queue for what fails to the end."""
    failed = made(function.emulator)
    function.emulator.client("lambda").put_function_event_invoke_config(
        FunctionName=function.name,
        Qualifier="$LATEST",
        MaximumRetryAttempts=retry_count_max,
        MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": failed.arn}},
    )
    return failed


def events(function: Function) -> list[Any]:
    lines = [line for line in function.log() if line.startswith("event")]
    return [json.loads(line.removeprefix("event")) for line in lines]


def test_a_rate_calls_its_function_again_and_again(hurried_emulator: Emulator) -> None:
    function = deployed(hurried_emulator, WORKS)

    rule_for(function, ScheduleExpression="rate(1 minute)")

    assert soon(lambda: len(events(function)) >= 2)
    assert events(function)[0] == SWEEP


def test_a_call_that_fails_is_in_the_queue_for_it(emulator: Emulator) -> None:
    function = deployed(emulator, FAILS)
    failed = configure(function, retry_count_max=0)

    rule_for(function).fire()

    assert soon(lambda: failed.count() == 1)
    [told] = map(json.loads, failed.receive())
    assert told["requestPayload"] == SWEEP
    assert told["responsePayload"]["errorMessage"] == "nothing works"
    assert events(function) == [SWEEP]


def test_a_call_that_fails_is_made_again_as_often_as_was_said(emulator: Emulator) -> None:
    function = deployed(emulator, FAILS)
    failed = configure(function, retry_count_max=1)

    rule_for(function).fire()

    assert soon(lambda: failed.count() == 1)
    assert events(function) == [SWEEP, SWEEP]


def test_a_call_that_works_is_made_once(emulator: Emulator) -> None:
    function = deployed(emulator, WORKS)
    failed = configure(function, retry_count_max=1)

    rule_for(function).fire()

    assert soon(lambda: events(function) == [SWEEP])
    assert failed.count() == 0


def test_bare_a_call_that_fails_is_forgotten(bare_emulator: Emulator) -> None:
    function = deployed(bare_emulator, FAILS)
    failed = configure(function, retry_count_max=0)
    rule = rule_for(function)

    # By the end of the second call the first one's failure would have been told.
    for count in (1, 2):
        rule.fire()
        assert soon(lambda count=count: ended_count(function) == count)  # type: ignore[misc]

    assert failed.count() == 0


def ended_count(function: Function) -> int:
    return len([line for line in function.log() if line.startswith("END")])
