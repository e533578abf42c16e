"""Records of the breakers table's stream as images of circuits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenkeel.adapters.dynamodb.circuit_item import CircuitItem
from evenkeel.adapters.dynamodb.stream import images
from evenkeel.resilience.circuit import Circuit


class DynamoDBCircuitStream:
    def read(self, raw: Mapping[str, Any]) -> tuple[Circuit | None, Circuit] | None:
        # A transition of the past is moved to an item of its own: it was told when it was made.
        if "version" not in raw["dynamodb"].get("NewImage", {"version": None}):
            return None
        return images(raw, lambda image: CircuitItem.stored(image).circuit())
