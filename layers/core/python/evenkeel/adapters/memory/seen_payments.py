"""What this process remembers by itself. It is gone with it, and that is all right."""

from __future__ import annotations

from collections import OrderedDict

SEEN_COUNT_MAX = 10_000  # About 1 MB.


class SeenInThisProcess:
    """Payment ids that this execution environment has met."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def note(self, payment_id: str) -> bool:
        known = payment_id in self._seen
        self._seen[payment_id] = None
        self._seen.move_to_end(payment_id)
        if len(self._seen) > SEEN_COUNT_MAX:
            self._seen.popitem(last=False)
        return known
