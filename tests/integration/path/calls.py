"""The AWS calls of a payment, each known by what it asks, of what, and the how many-th it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from botocore.awsrequest import AWSPreparedRequest

READS = frozenset({"GetItem", "BatchGetItem", "TransactGetItems", "Query"})


@dataclass(frozen=True, slots=True)
class Call:
    """Reads as, say, `UpdateItem payments 2`."""

    operation: str
    place: str
    nth: int = 1

    @classmethod
    def named(cls, name: str) -> Self:
        operation, place, *nth = name.split()
        return cls(operation, place, *map(int, nth))

    def __str__(self) -> str:
        return f"{self.operation} {self.place} {self.nth}"

    @property
    def kind(self) -> str:
        return f"{self.operation} {self.place}"

    @property
    def is_read(self) -> bool:
        return self.operation in READS


def place_of(request: AWSPreparedRequest, names: Mapping[str, str]) -> str:
    """Return what a request is about: tables in the words of *names*, a function, or the queue."""
    path = request.url.rsplit("/functions/", maxsplit=1)
    if len(path) > 1:
        return path[1].partition("/")[0]
    body = body_of(request)
    if "QueueUrl" in body:
        return "queue"
    tables = sorted({names.get(table, table) for table in _tables(body)})
    index = [body["IndexName"]] if "IndexName" in body else []
    return ".".join(["+".join(tables), *index])


def body_of(request: AWSPreparedRequest) -> dict[str, Any]:
    assert isinstance(request.body, bytes | str)
    body: dict[str, Any] = json.loads(request.body)
    return body


def _tables(body: Mapping[str, Any]) -> set[str]:
    if "TransactItems" in body:
        return {write["TableName"] for item in body["TransactItems"] for write in item.values()}
    return set(body["RequestItems"]) if "RequestItems" in body else {body["TableName"]}
