"""What our tables' items have in common. No item leaves this package.

Pynamodb would make a client of its own for every table, 50 ms each, with
timeouts of a batch job. Ours share the one that is given to them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from pynamodb.attributes import Attribute
from pynamodb.connection.table import TableConnection
from pynamodb.constants import LIST, MAP, NUMBER, STRING
from pynamodb.models import Model

from evenkeel.clock import from_rfc3339, to_rfc3339

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Item(Model):
    _client: DynamoDBClient

    class Meta:
        table_name: str

    @classmethod
    def bind(cls, client: DynamoDBClient, table_name: str) -> None:
        """Name the table. Pynamodb keeps it on the class, so this is for the whole process."""
        cls._client = client
        cls.Meta.table_name = table_name
        cls._connection = None

    @classmethod
    def _get_connection(cls) -> TableConnection:
        table = super()._get_connection()
        table.connection._client = cls._client  # type: ignore[assignment]  # Untyped there.
        return table

    @classmethod
    def stored(cls, raw: Any) -> Self:
        """Read an item as the low-level client, or a stream, brings it."""
        return cls.from_raw_data(dict(raw))


class IntegerAttribute(Attribute[int]):
    """A whole number; pynamodb's own NumberAttribute reads some back as floats."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


class TimeAttribute(Attribute[datetime]):
    """A time as text whose order is the order of time."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        return to_rfc3339(value)

    def deserialize(self, value: str) -> datetime:
        return from_rfc3339(value)


class DocumentAttribute(Attribute[Any]):
    """Lists and maps that nobody queries, as compact JSON."""

    attr_type = STRING

    def serialize(self, value: Any) -> str:
        return document(value)

    def deserialize(self, value: str) -> Any:
        return json.loads(value)


class LinesAttribute(Attribute[Any]):
    """Documents in a list, so that an update can add one without having read the others."""

    attr_type = LIST

    def serialize(self, value: Sequence[Any]) -> list[dict[str, str]]:
        return [{STRING: document(line)} for line in value]

    def deserialize(self, value: Sequence[Mapping[str, str]]) -> list[Any]:
        return [json.loads(line[STRING]) for line in value]


class DocumentsAttribute(Attribute[Any]):
    """Documents by name, so that an update can set one without having read the others."""

    attr_type = MAP

    def serialize(self, value: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        return {name: {STRING: document(each)} for name, each in value.items()}

    def deserialize(self, value: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        return {name: json.loads(each[STRING]) for name, each in value.items()}


class IntegersAttribute(Attribute[Any]):
    """Whole numbers by name."""

    attr_type = MAP

    def serialize(self, value: Mapping[str, int]) -> dict[str, dict[str, str]]:
        return {name: {NUMBER: str(each)} for name, each in value.items()}

    def deserialize(self, value: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
        return {name: int(each[NUMBER]) for name, each in value.items()}


def document(value: Any) -> str:
    """Return the value as compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def key_of(client_id: str, id_: str) -> str:
    """Return the key of a client's object: whoever asks puts itself in, and meets only its own."""
    return f"{client_id}/{id_}"


def client_of(key: str) -> str:
    return key.partition("/")[0]


def id_of(key: str) -> str:
    return key.partition("/")[2]
