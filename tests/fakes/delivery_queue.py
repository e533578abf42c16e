from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evenkeel.errors import StoreBusy
from evenkeel.webhooks.ports import Due
from tests.fakes.clock import ManualClock

DELAY_MAX = timedelta(seconds=900)


@dataclass
class InMemoryDeliveryQueue:
    """Hands messages out in the order of their time, none after more than 15 minutes.

    Attributes:
        fault: Raised by the next put, which is not made.
        is_down: Whether every put fails.
    """

    clock: ManualClock
    waiting: list[tuple[datetime, Due]] = field(default_factory=list)
    fault: BaseException | None = None
    is_down: bool = False

    def put(self, due: Due, *, delay_s: float) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        if self.is_down:
            raise StoreBusy
        delay = min(timedelta(seconds=delay_s), DELAY_MAX)
        self.waiting.append((self.clock() + delay, due))

    def take(self) -> Due:
        """Wait for the next message, and take it out."""
        at, due = min(self.waiting, key=lambda each: each[0])
        self.waiting.remove((at, due))
        self.clock.now = max(self.clock.now, at)
        return due

    @property
    def dues(self) -> list[Due]:
        return [due for _, due in self.waiting]
