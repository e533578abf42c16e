"""The model of all users, in one item; that of another release is another."""

from __future__ import annotations

from evenkeel.adapters.dynamodb.kept_bytes import KeptBytes
from evenkeel.learning.forest_codec import VERSION
from evenkeel.learning.ports import Kept

ID = f"forest.{VERSION}"


class DynamoDBModelStore:
    def __init__(self, kept: KeptBytes) -> None:
        self._kept = kept

    def load(self) -> Kept | None:
        return self._kept.load(ID)

    def save(self, data: bytes, over: int | None) -> bool:
        return self._kept.save(ID, data, over)
