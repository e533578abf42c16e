"""How a replay finds its rule, and that it does not wait for ever, on a bus of many rules."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.replay import CannotReplay, Wish, replay

ARN = "arn:aws:events:eu-west-1:123456789012"
WISH = Wish(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))


class Bus:
    """A client that lists its rules one to a page, and tells the state of its replays."""

    def __init__(self, *rules: str, states: Sequence[str] = ("COMPLETED",)) -> None:
        self.rules = rules
        self.states = list(states)
        self.heard_by: Sequence[str] | None = None

    def describe_event_bus(self, *, Name: str) -> Mapping[str, Any]:  # noqa: N803 - botocore's.
        return {"Arn": f"{ARN}:event-bus/{Name}"}

    def list_rules(self, **asked: str) -> Mapping[str, Any]:
        at = int(asked.get("NextToken", "0"))
        page = [
            each for each in self.rules[at:][:1] if each.startswith(asked.get("NamePrefix", ""))
        ]
        answer = {"Rules": [{"Name": rule, "Arn": f"{ARN}:rule/{rule}"} for rule in page]}
        return answer | ({"NextToken": str(at + 1)} if self.rules[at + 1 :] else {})

    def start_replay(self, **asked: Any) -> None:
        self.heard_by = asked["Destination"].get("FilterArns")

    def describe_replay(self, **_: str) -> Mapping[str, Any]:
        return {"State": self.states.pop(0) if len(self.states) > 1 else self.states[0]}


def replay_for(bus: Bus, rule: str) -> Sequence[str] | None:
    replay(bus, Wish(WISH.since, WISH.until, rule), poll_s=0)
    return bus.heard_by


def test_a_rule_is_found_by_its_beginning_on_whatever_page() -> None:
    bus = Bus("audit", "payments", "webhooks-1X2Y")

    assert replay_for(bus, "webhooks") == [f"{ARN}:rule/webhooks-1X2Y"]


def test_a_rule_of_exactly_that_name_is_meant_before_those_that_only_begin_so() -> None:
    bus = Bus("payments-all", "payments")

    assert replay_for(bus, "payments") == [f"{ARN}:rule/payments"]


def test_a_beginning_of_several_rules_is_refused_and_every_rule_is_named() -> None:
    bus = Bus("audit", "payments-all", "payments-done")

    with pytest.raises(CannotReplay, match=r"of 2 rules.*audit.*payments-all.*payments-done"):
        replay_for(bus, "payments")


def test_a_replay_is_waited_for_until_it_is_over() -> None:
    bus = Bus(states=["STARTING", "RUNNING", "COMPLETED"])
    replay(bus, WISH, poll_s=0)

    assert bus.states == ["COMPLETED"]


def test_a_replay_that_does_not_end_is_not_waited_for_any_longer() -> None:
    bus = Bus(states=["RUNNING"])

    with pytest.raises(CannotReplay, match=r"evenkeel-.* is still RUNNING"):
        replay(bus, WISH, poll_s=0, wait_s_max=0.01)
