"""Tells again what the bus has told: `python -m infra.replay` on AWS, `make replay` for either."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3

BUS = "evenkeel"
ARCHIVE = "evenkeel"

POLL_S = 2.0
# Of us, not of the replay: a long one goes on without anybody who waits.
WAIT_S_MAX = 3600.0
OVER = frozenset({"COMPLETED", "CANCELLED", "FAILED"})


class CannotReplay(Exception):
    """What was asked for makes no sense, or did not work; the message says what to do."""


@dataclass(frozen=True)
class Wish:
    """Events of [since, until), for all rules or for one.

    Attributes:
        rule: Its name, or the beginning of one alone: CloudFormation adds to names.
    """

    since: datetime
    until: datetime
    rule: str | None = None

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Wish:
        """Read FROM, TO and RULE."""
        since, until = _moment(given, "FROM"), _moment(given, "TO")
        if since >= until:
            message = f"TO={given['TO']} is not after FROM={given['FROM']}"
            raise CannotReplay(message)
        return cls(since, until, given.get("RULE") or None)


def replay(
    client: Any, wish: Wish, *, poll_s: float = POLL_S, wait_s_max: float = WAIT_S_MAX
) -> str:
    """Have the archive told again, wait until it is done, and return the name of the replay."""
    bus_arn = client.describe_event_bus(Name=BUS)["Arn"]
    name = f"{ARCHIVE}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    destination: dict[str, Any] = {"Arn": bus_arn}
    if wish.rule is not None:
        destination["FilterArns"] = [_rule_arn(client, wish.rule)]
    client.start_replay(
        ReplayName=name,
        EventSourceArn=bus_arn.replace(f":event-bus/{BUS}", f":archive/{ARCHIVE}"),
        EventStartTime=wish.since,
        EventEndTime=wish.until,
        Destination=destination,
    )
    _wait(name, lambda: client.describe_replay(ReplayName=name), poll_s, wait_s_max)
    return name


def _rule_arn(client: Any, name: str) -> str:
    arns: dict[str, str] = {rule["Name"]: rule["Arn"] for rule in _rules(client)}
    found = [each for each in arns if each.startswith(name)]
    if name in found:
        found = [name]
    if len(found) != 1:
        message = f"RULE={name} is the beginning of {len(found)} rules; there are: {list(arns)}"
        raise CannotReplay(message)
    return arns[found[0]]


def _rules(client: Any) -> Iterator[Mapping[str, Any]]:
    page = client.list_rules(EventBusName=BUS)
    yield from page["Rules"]
    while "NextToken" in page:
        page = client.list_rules(EventBusName=BUS, NextToken=page["NextToken"])
        yield from page["Rules"]


def _wait(
    name: str, describe: Callable[[], Mapping[str, Any]], poll_s: float, wait_s_max: float
) -> None:
    until = time.monotonic() + wait_s_max
    while (now := describe())["State"] not in OVER:
        if time.monotonic() >= until:
            message = f"{name} is still {now['State']}: ask `aws events describe-replay` for it"
            raise CannotReplay(message)
        time.sleep(poll_s)
    if now["State"] != "COMPLETED":
        message = f"the replay is {now['State']}: {now.get('StateReason', 'nobody says why')}"
        raise CannotReplay(message)


def _moment(given: Mapping[str, str], name: str) -> datetime:
    text = given.get(name, "")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = f"{name}={text!r} is no time with a zone, such as 2026-01-01T12:00:00Z"
        raise CannotReplay(message)
    return moment


def main() -> int:
    try:
        client: Any = boto3.client("events")
        name = replay(client, Wish.read(os.environ))
    except CannotReplay as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - A command line.
        return 1
    print(f"Told again: {name}.")  # noqa: T201 - A command line.
    return 0


if __name__ == "__main__":
    sys.exit(main())
