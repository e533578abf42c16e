"""What a message of the queue says: an event as the bus hands it on."""

from __future__ import annotations

import json
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from evenkeel.webhooks.model import Notice


class Envelope(BaseModel):
    """What matters here of an envelope; all of it is sent."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)

    id: str
    type: str
    client_id: str | None
    occurred_at: AwareDatetime


class EventMessage(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    detail: dict[str, Any]

    def notice(self) -> Notice | None:
        """Return what to tell; None of an event that is no client's."""
        envelope = Envelope.model_validate(self.detail)
        if envelope.client_id is None:
            return None
        return Notice(
            envelope.id,
            envelope.type,
            envelope.client_id,
            envelope.occurred_at,
            json.dumps(self.detail, ensure_ascii=False, separators=(",", ":")),
        )
