"""What a change of a mismatch, or of a run, means to others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evenkeel.events.model import Event, EventType, Subject
from evenkeel.reconciliation.mismatch import Mismatch
from evenkeel.reconciliation.run import Run

# How they are shown to those outside. The domain does not know.
ShowMismatch = Callable[[Mismatch], Mapping[str, Any]]
ShowRun = Callable[[Run], Mapping[str, Any]]


def events_of_mismatch(
    before: Mismatch | None, after: Mismatch, show: ShowMismatch
) -> Sequence[Event]:
    """Return that it has come up, again perhaps, or that it has ended; other changes are none."""
    was_open = before is not None and before.is_open
    if was_open == after.is_open:
        return []
    type_ = EventType.MISMATCH_FOUND if after.is_open else EventType.MISMATCH_RESOLVED
    subject = Subject(after.client_id, after.id, after.version)
    return [Event.of(type_, subject, after.ended_at or after.first_seen_at, show(after))]


def events_of_run(before: Run | None, after: Run, show: ShowRun) -> Sequence[Event]:
    """Return that the run is over, when it has become so."""
    was_over = before is not None and before.is_over
    if was_over or after.finished_at is None:
        return []
    subject = Subject(after.client_id, after.id, after.version)
    return [Event.of(EventType.RECONCILIATION_COMPLETED, subject, after.finished_at, show(after))]
