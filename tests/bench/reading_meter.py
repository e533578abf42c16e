"""Counts what a client reads, and the units that it takes by AWS's own rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from tests.metering import READ_KB, size_of

PREFIX = "bench-"  # Of the tables' names.


@dataclass(frozen=True)
class Call:
    """A call that was made.

    Attributes:
        place: The operation, and the table or the index that it is about.
        keys: Of single items.
    """

    place: tuple[str, str]
    keys: Sequence[str]
    read_units: float


@dataclass
class ReadMeter:
    """Attached to a client, it keeps account of every call, and of the units that reads take.

    What is read of an item is paid for as a whole, so nothing is left out of an answer here.
    """

    calls: list[Call] = field(default_factory=list)

    @classmethod
    @contextmanager
    def attached(cls, client: Any) -> Iterator[ReadMeter]:
        meter, events = cls(), client.meta.events
        events.register("provide-client-params.dynamodb.*", meter._ask)
        events.register("after-call.dynamodb.*", meter._count)
        try:
            yield meter
        finally:
            events.unregister("provide-client-params.dynamodb.*", meter._ask)
            events.unregister("after-call.dynamodb.*", meter._count)

    def _ask(
        self, params: Mapping[str, Any], context: dict[str, Any], **_: object
    ) -> dict[str, Any]:
        asked = {name: each for name, each in params.items() if name != "ProjectionExpression"}
        context["asked"] = asked
        return asked

    def _count(
        self, model: Any, parsed: Mapping[str, Any], context: Mapping[str, Any], **_: object
    ) -> None:
        asked = context["asked"]
        units = read_units(model.name, asked, parsed)
        self.calls.append(Call((model.name, _about(asked)), _keys(asked), units))


def _about(asked: Mapping[str, Any]) -> str:
    if "RequestItems" in asked:
        return ", ".join(asked["RequestItems"]).removeprefix(PREFIX)
    table: str = asked["TableName"].removeprefix(PREFIX)
    return " ".join([table, *([asked["IndexName"]] if "IndexName" in asked else [])])


def _keys(asked: Mapping[str, Any]) -> Sequence[str]:
    wanted = asked.get("RequestItems", {}).values()
    return [key["id"]["S"] for each in wanted for key in each["Keys"]]


def read_units(operation: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """Return what AWS charges: one for each 4 KB begun, half of it if the read need not be strong.

    Items that are asked for by their keys are rounded up one by one, and cost one unit even if
    they are not there; those of a query are rounded up together.
    """
    match operation:
        case "GetItem":
            return _units([answer.get("Item", {})], is_strong=_is_strong(asked))
        case "Query":
            size = sum(map(size_of, answer["Items"]))
            return max(1, ceil(size / READ_KB)) * (1.0 if _is_strong(asked) else 0.5)
        case "BatchGetItem":
            return sum(
                _units(
                    _padded(answer["Responses"].get(table, ()), len(wanted["Keys"])),
                    is_strong=_is_strong(wanted),
                )
                for table, wanted in asked["RequestItems"].items()
            )
        case _:
            return 0.0


def _units(items: Sequence[Mapping[str, Any]], *, is_strong: bool) -> float:
    units = sum(max(1, ceil(size_of(item) / READ_KB)) for item in items)
    return units * (1.0 if is_strong else 0.5)


def _padded(items: Sequence[Mapping[str, Any]], item_count: int) -> Sequence[Mapping[str, Any]]:
    return [*items, *({} for _ in range(item_count - len(items)))]


def _is_strong(asked: Mapping[str, Any]) -> bool:
    return bool(asked.get("ConsistentRead"))
