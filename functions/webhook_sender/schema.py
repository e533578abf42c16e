"""What a message of the queue says: which delivery waits for which attempt."""

from __future__ import annotations

from evenkeel.entrypoints.schema import Request
from evenkeel.webhooks.ports import Due


class DueMessage(Request):
    client_id: str
    endpoint_id: str
    delivery_id: str
    number: int

    def due(self) -> Due:
        return Due(self.client_id, self.endpoint_id, self.delivery_id, self.number)
