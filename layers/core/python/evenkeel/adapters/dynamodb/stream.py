"""What the records of our tables' streams have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from evenkeel.events.ports import UnreadableRecord

Record = TypeVar("Record")


def images(raw: Mapping[str, Any], read: Callable[[Any], Record]) -> tuple[Record | None, Record]:
    """Return a record before a change, if there was one, and after it.

    Raises:
        UnreadableRecord: It was removed, or cannot be read.
    """
    if "NewImage" not in raw["dynamodb"]:
        message = f"{raw['eventName']}, and nothing of ours removes it"
        raise UnreadableRecord(message)
    before, after = raw["dynamodb"].get("OldImage"), raw["dynamodb"]["NewImage"]
    try:
        return (read(before) if before else None), read(after)
    except Exception as error:
        # Whatever it is: one record that nobody can read must not stop the others.
        message = f"not a record of ours: {type(error).__name__}"
        raise UnreadableRecord(message) from error
