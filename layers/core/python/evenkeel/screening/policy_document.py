"""A policy as a document, and back. What a document leaves out is as it is for everybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from evenkeel.screening.policy import Policy
from evenkeel.screening.quota import Bucket
from evenkeel.screening.rules import (
    DuplicateAmount,
    FailedStreak,
    LargeAmount,
    Mode,
    Rules,
    UnusualBehaviour,
    Velocity,
)

Part = TypeVar("Part")
Reader = Callable[[Any], Any]


def policy_document(policy: Policy) -> dict[str, Any]:
    return asdict(policy)


def read_policy(document: Any) -> Policy:
    """Read what `policy_document` wrote, or an operator.

    Raises:
        ValueError: No policy can be made of it; the message says why.
    """
    try:
        return _part(Policy, document, reads=_bucket, writes=_bucket, rules=_rules)
    except TypeError as error:
        message = f"that is no policy: {error}"
        raise ValueError(message) from error


def _rules(document: Any) -> Rules:
    return _part(
        Rules,
        document,
        velocity=lambda rule: _part(Velocity, rule, mode=Mode),
        large_amount=lambda rule: _part(LargeAmount, rule, mode=Mode, over_minor=dict),
        failed_streak=lambda rule: _part(FailedStreak, rule, mode=Mode),
        duplicate_amount=lambda rule: _part(DuplicateAmount, rule, mode=Mode),
        unusual_behaviour=lambda rule: _part(UnusualBehaviour, rule, mode=Mode),
    )


def _bucket(document: Any) -> Bucket:
    return _part(Bucket, document)


def _part(make: Callable[..., Part], document: Any, **readers: Reader) -> Part:
    """Make a part of what is given; a name that the part does not know is a TypeError."""
    if not isinstance(document, Mapping):
        message = f"{document!r} is no object"
        raise TypeError(message)
    read = {name: readers.get(name, _as_it_is)(value) for name, value in document.items()}
    return make(**read)


def _as_it_is(value: Any) -> Any:
    return value
