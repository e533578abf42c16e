"""Events on their way: those of one object one after the other, those of others beside them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from evenkeel.events.model import Event

Lane = tuple[str | None, str]


class Lanes:
    """A lane for each object. Only the first event of a lane may go, until it has arrived.

    So no two events of one object are ever on their way at once, and a later one
    does not overtake an earlier one that failed.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self._lanes: dict[Lane, deque[Event]] = {}
        for event in events:
            self._lanes.setdefault(_lane(event), deque()).append(event)
        self._closed: set[Lane] = set()

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def heads(self) -> Iterator[Event]:
        """Yield the events that may go now, in the order in which they came."""
        for lane, waiting in self._lanes.items():
            if lane not in self._closed:
                yield waiting[0]

    def arrived(self, event: Event) -> None:
        """Open the way for the next event of the object; this one is done with."""
        lane = _lane(event)
        waiting = self._lanes[lane]
        assert waiting[0] is event
        waiting.popleft()
        if not waiting:
            del self._lanes[lane]

    def close(self, event: Event) -> None:
        """Let nothing more of its object go until the lanes are opened again."""
        self._closed.add(_lane(event))

    def open(self) -> None:
        self._closed.clear()


def _lane(event: Event) -> Lane:
    return event.client_id, event.object_id
