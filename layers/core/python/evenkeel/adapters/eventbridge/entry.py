"""An event as an entry of PutEvents, with the checks that are cheaper here than there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evenkeel.events.model import Event

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

# Of one call, whether it brings one entry or ten.
ENTRIES_BYTES_MAX = 256 * 1024
TIME_BYTES = 14  # AWS's own figure for a time.


class Malformed(Exception):
    """The event cannot be sent, now or ever."""


@dataclass(frozen=True, slots=True)
class Entry:
    event: Event
    detail: str
    size_bytes: int

    @classmethod
    def of(cls, event: Event) -> Entry:
        """Return the entry of an event.

        Raises:
            Malformed: It is not JSON, or larger than the bus takes.
        """
        try:
            detail = json.dumps(
                event.envelope(), allow_nan=False, ensure_ascii=False, separators=(",", ":")
            )
            detail_bytes = len(detail.encode())  # Half of a surrogate pair fails here.
        except (TypeError, ValueError) as error:
            message = f"not JSON: {error}"
            raise Malformed(message) from error
        size_bytes = TIME_BYTES + len(event.source) + len(event.type) + detail_bytes
        if size_bytes > ENTRIES_BYTES_MAX:
            message = f"{size_bytes} bytes, and the bus takes {ENTRIES_BYTES_MAX}"
            raise Malformed(message)
        return cls(event, detail, size_bytes)

    def as_request(self, bus_name: str) -> PutEventsRequestEntryTypeDef:
        return {
            "EventBusName": bus_name,
            "Source": self.event.source.value,
            "DetailType": self.event.type.value,
            "Detail": self.detail,
            "Time": self.event.occurred_at,
        }
