"""Counts AWS calls, and the units that they use: as the engine says, and by AWS's own rules.

The engine's figures are an emulator's. So the units are also worked out from the
sizes of what is written: one for each KB begun, twice that in a transaction, and
one for each KB begun of each index entry that a write touches.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from tests.tables import TABLES, Index

KB = 1024
READ_KB = 4 * KB  # Strongly consistent; what is not there costs one unit too.
NESTED, NESTED_EACH = 3, 1  # What a list or a map, and each thing in it, is counted beside.
CONDITION_FAILED = "ConditionalCheckFailedException"
MISSING = {"id": {"S": "missing"}}
WRITES = frozenset({"PutItem", "UpdateItem", "TransactWriteItems"})


@dataclass
class Meter:
    """Attached to a client, it keeps account of every call that the client makes."""

    client: Any
    reader: Any  # Another client, whose calls do not count.
    indexes: Mapping[str, Mapping[str, Index]]  # By table name.
    operations: list[str] = field(default_factory=list)
    engine_write_units: float = 0.0
    engine_read_units: float = 0.0
    sized_write_units: int = 0
    refused_write_units: int = 0  # Of single writes whose condition failed; the engine says 0.
    sized_read_units: int = 0
    _writes: list[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        events = self.client.meta.events
        events.register("provide-client-params.dynamodb.*", self._ask_for_capacity)
        events.register("after-call.*.*", self._count)

    def start(self) -> None:
        self.operations.clear()
        self.engine_write_units = self.engine_read_units = 0.0
        self.sized_write_units = self.refused_write_units = self.sized_read_units = 0

    @property
    def write_count(self) -> int:
        return sum(operation in WRITES for operation in self.operations)

    def _ask_for_capacity(self, params: dict[str, Any], model: Any, **_: object) -> dict[str, Any]:
        if model.name != "DescribeTable":
            params = {**params, "ReturnConsumedCapacity": "INDEXES"}
        self._writes = [self._with_before(write) for write in _writes(model.name, params)]
        return params

    def _with_before(self, write: Mapping[str, Any]) -> Mapping[str, Any]:
        before = {} if write["item"] else self._read(write["table"], write["key"])
        return {**write, "before": before}

    def _count(self, model: Any, parsed: Mapping[str, Any], **_: object) -> None:
        self.operations.append(model.name)
        capacity = parsed.get("ConsumedCapacity") or []
        for consumed in [capacity] if isinstance(capacity, dict) else capacity:
            units = consumed.get("CapacityUnits", 0.0)
            if model.name in WRITES:
                self.engine_write_units += units
            else:
                self.engine_read_units += units
        self.sized_read_units += sum(
            ceil(size_of(item) / READ_KB) for item in _items_read(model.name, parsed)
        )
        if "Error" not in parsed:
            self.sized_write_units += sum(self._sized(write) for write in self._writes)
        elif parsed["Error"]["Code"] == CONDITION_FAILED:
            self.refused_write_units += sum(self._refused(write) for write in self._writes)

    def _refused(self, write: Mapping[str, Any]) -> int:
        """Return what AWS charges for a condition that fails: the item that was looked at."""
        key = write["key"] or {"id": write["item"]["id"]}
        return max(1, ceil(size_of(self._read(write["table"], key)) / KB))

    def _sized(self, write: Mapping[str, Any]) -> int:
        item = write["item"] or self._read(write["table"], write["key"])
        factor = 2 if write["is_transactional"] else 1
        units = factor * ceil(size_of(item) / KB)
        for index in self.indexes.get(write["table"], {}).values():
            units += _index_units(index, write["before"], item)
        return units

    def _read(self, table: str, key: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self.reader.get_item(TableName=table, Key=key, ConsistentRead=True)
        item: Mapping[str, Any] = found.get("Item", {})
        return item


def _index_units(index: Index, before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """Return what an index takes: an entry that moves is deleted, and put elsewhere."""
    old, new = _entry(index, before), _entry(index, after)
    if index.projection == "ALL" and new == old and new is not None:
        return ceil(size_of(after) / KB)
    if old == new:
        return 0
    entry_units = ceil(size_of(after) / KB) if index.projection == "ALL" else 1
    return sum(entry_units for entry in (old, new) if entry is not None)


def _entry(index: Index, item: Mapping[str, Any]) -> tuple[object, object] | None:
    if index.hash_key not in item or index.range_key not in item:
        return None
    return item[index.hash_key], item[index.range_key]


def _items_read(operation: str, parsed: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if operation == "GetItem":
        yield parsed.get("Item", MISSING)
    if operation == "BatchGetItem":
        for items in parsed["Responses"].values():
            yield from items or [MISSING]
    if operation == "TransactGetItems":
        for response in parsed.get("Responses", ()):
            yield from (response.get("Item") or MISSING,) * 2  # As in a transaction that writes.


def _writes(operation: str, params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if operation == "TransactWriteItems":
        for action in params["TransactItems"]:
            [write] = action.values()
            yield _write(write, is_transactional=True)
    elif operation in WRITES:
        yield _write(params, is_transactional=False)


def _write(params: Mapping[str, Any], *, is_transactional: bool) -> Mapping[str, Any]:
    return {
        "table": params["TableName"],
        "item": params.get("Item"),
        "key": params.get("Key"),
        "is_transactional": is_transactional,
    }


def size_of(item: Mapping[str, Any]) -> int:
    """Return an item's size in bytes, as AWS counts it."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    [(type_, content)] = value.items()
    match type_:
        case "S":
            return len(content.encode())
        case "N":
            return ceil(len(content.lstrip("-")) / 2) + 1
        case "BOOL" | "NULL":
            return 1
        case "L":
            return NESTED + sum(NESTED_EACH + _value_size(each) for each in content)
        case "M":
            return NESTED + NESTED_EACH * len(content) + size_of(content)
        case _:
            message = f"an attribute of type {type_} has no size here yet"
            raise AssertionError(message)


def indexes_by_table(environment: Mapping[str, str]) -> dict[str, Mapping[str, Index]]:
    return {environment[variable]: table.indexes for variable, table in TABLES.items()}
