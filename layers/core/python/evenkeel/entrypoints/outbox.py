"""A batch of a table's stream, noted and told to the bus; what cannot be is set aside, whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from evenkeel import bootstrap
from evenkeel.clock import utc_now
from evenkeel.events.model import Event
from evenkeel.reconciliation.changes import Change, ChangeStream

logger = Logger()

Raw = Mapping[str, Any]


class Outbox:
    """The changes and the events of one batch, each event with the record that it comes from.

    Nothing leaves it before the end: an error means that the batch comes again, as a
    whole, and makes the same events.
    """

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._events: list[Event] = []
        self._origins: dict[str, Raw] = {}
        self._aside: list[tuple[Raw, str]] = []

    def note(self, raw: Raw, stream: ChangeStream) -> None:
        """Add what was changed; if nobody's object was, the record is set aside."""
        try:
            self._changes.append(stream.read(raw))
        except Exception as error:
            # Whatever it is: one record that nobody can read must not stop the others.
            self.set_aside(raw, error)

    def take(self, raw: Raw, read: Callable[[], Sequence[Event]]) -> None:
        """Add what *read* makes of a record; if it cannot, the record is set aside."""
        try:
            events = read()
        except Exception as error:
            # Whatever it is: the neighbours must neither wait for this one nor be lost with it.
            self.set_aside(raw, error)
            return
        self.add(raw, events)

    def add(self, raw: Raw, events: Sequence[Event]) -> None:
        self._events += events
        self._origins |= {event.id: raw for event in events}

    def set_aside(self, raw: Raw, why: Exception | str) -> None:
        error = why if isinstance(why, Exception) else None
        reason = str(why) or repr(why)
        logger.error("set aside", event_id=raw.get("eventID"), reason=reason, exc_info=error)
        self._aside.append((raw, reason))

    def empty(self) -> None:
        """Note the changes, publish the events, and quarantine what could not be told.

        A bus that is down hides no change from those who compare the books.
        """
        if self._changes:
            bootstrap.change_log().note(self._changes, utc_now())
        for refusal in bootstrap.event_bus().publish(self._events) if self._events else ():
            self.set_aside(self._origins[refusal.event.id], f"the bus refused it: {refusal.reason}")
        for raw, reason in self._aside:
            bootstrap.quarantine().put(raw, reason=reason)
        logger.info(
            "published",
            changes=len(self._changes),
            events=len(self._events),
            set_aside=len(self._aside),
        )


def publish_batch(
    raw_records: Sequence[Raw],
    read: Callable[[Raw], Sequence[Event]],
    changes: ChangeStream | None = None,
) -> None:
    """Publish what a batch of one shard tells, and note it before that if it has to be.

    An error means that it must come again, whole.
    """
    outbox = Outbox()
    for raw in raw_records:
        if changes is not None:
            outbox.note(raw, changes)
        outbox.take(raw, partial(read, raw))
    outbox.empty()


def note_batch(raw_records: Sequence[Raw], changes: ChangeStream) -> None:
    """Note what a batch of one shard has changed. An error means that it must come again, whole."""
    outbox = Outbox()
    for raw in raw_records:
        outbox.note(raw, changes)
    outbox.empty()
