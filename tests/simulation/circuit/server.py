from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Server:
    """A queue that is worked off in order, whether or not the caller still waits.

    Attributes:
        capacity_at: Requests per second that it can work off, by time; 0 if it is dead.
    """

    capacity_at: Callable[[float], float]
    arrivals_s: list[float] = field(default_factory=list)
    _free_at_s: float = 0.0

    def takes_s(self, now_s: float) -> float | None:
        """Put a request into the queue; return how long its answer takes, None if it fails."""
        self.arrivals_s.append(now_s)
        begins_s = max(now_s, self._free_at_s)
        capacity = self.capacity_at(begins_s)
        if not capacity:
            return None
        self._free_at_s = begins_s + 1 / capacity
        return self._free_at_s - now_s
