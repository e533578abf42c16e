"""Users' habits, each in one small item; those of another release are others."""

from __future__ import annotations

from evenkeel.adapters.dynamodb.item import key_of
from evenkeel.adapters.dynamodb.kept_bytes import KeptBytes
from evenkeel.learning.baseline_codec import VERSION
from evenkeel.learning.ports import Kept
from evenkeel.person import Person


class DynamoDBBaselineStore:
    def __init__(self, kept: KeptBytes) -> None:
        self._kept = kept

    def load(self, person: Person) -> Kept | None:
        return self._kept.load(_id(person))

    def save(self, person: Person, data: bytes, over: int | None) -> bool:
        return self._kept.save(_id(person), data, over)


def _id(person: Person) -> str:
    return f"baseline.{VERSION}/{key_of(person.client_id, person.user_id)}"
