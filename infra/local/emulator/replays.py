"""Tells archived events again to the rules that were named, and to no others."""

import importlib
from collections.abc import Callable
from typing import Any


def replay_to_the_rules_that_were_named() -> None:
    """Obey `FilterArns` of a replay's destination, which MiniStack stores and does not look at.

    Without it a replay for one consumer is a redelivery for all.
    """
    eventbridge: Any = importlib.import_module("ministack.services.eventbridge")
    dispatch: Callable[..., None] = eventbridge._dispatch_event

    def dispatch_to_the_named(event: dict[str, Any], view: Any = None) -> None:
        replay = eventbridge._replays.get(event.get("ReplayName")) or {}
        named = replay.get("Destination", {}).get("FilterArns")
        if not named:
            dispatch(event, view)
            return
        view = view or eventbridge._pattern_event_view(event)
        for key, rule in eventbridge._rules.items():
            if rule["Arn"] in named and matches(rule, event, view, f"rule {key}"):
                for target in eventbridge._targets.get(key, []):
                    eventbridge._invoke_target(target, event, rule, view)

    def matches(rule: dict[str, Any], event: dict[str, Any], view: Any, owner: str) -> bool:
        is_awake = rule["EventBusName"] == event["EventBusName"] and rule["State"] == "ENABLED"
        pattern = rule["EventPattern"]
        return (
            is_awake and bool(pattern) and eventbridge._matches_pattern_view(pattern, view, owner)
        )

    eventbridge._dispatch_event = dispatch_to_the_named
