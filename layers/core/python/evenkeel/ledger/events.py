"""What a record of the journal means to others, and what a change of one means to us."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evenkeel.events.model import Alert, Event, EventType, Severity, Subject
from evenkeel.ledger.ports import Tampering
from evenkeel.ledger.transfer import Transfer, TransferKind

# How they are shown to those outside. The domain does not know.
Show = Callable[[Transfer], Mapping[str, Any]]
ShowTampering = Callable[[Tampering], Mapping[str, Any]]

# A record never changes, so it has one version: what is told of it has no order to be lost. What
# was done to it has the same, or whoever leaves out lower versions might miss that money moved.
VERSION = 1


def events_of(transfer: Transfer, show: Show) -> Sequence[Event]:
    """Return what a new record tells: something was posted, held, given back, or two of these."""
    types = []
    if transfer.kind is TransferKind.HOLD:
        types.append(EventType.HOLD_PLACED)
    if transfer.posted_minor:
        types.append(EventType.TRANSFER_POSTED)
    if released_minor(transfer):
        types.append(EventType.HOLD_RELEASED)
    subject = Subject(transfer.client_id, transfer.id, VERSION)
    return [Event.of(type_, subject, transfer.posted_at, show(transfer)) for type_ in types]


def released_minor(transfer: Transfer) -> int:
    """Return how much of a hold goes back to the wallet: what it held and does not post."""
    return max(transfer.held_minor - transfer.posted_minor, 0)


def event_of_tampering(tampering: Tampering, show: ShowTampering) -> Event:
    """Return the event; each change of a record is one, told apart by its place in the stream."""
    subject = Subject(tampering.client_id, tampering.transfer_id, VERSION)
    return Event.of(
        EventType.LEDGER_TAMPERED,
        subject,
        tampering.occurred_at,
        show(tampering),
        part=tampering.sequence,
    )


def alert_of_tampering(event: Event, tampering: Tampering) -> Alert:
    return Alert.about(
        event,
        Severity.CRITICAL,
        title=f"The ledger was tampered with: {tampering.change} of a record",
        detail=(
            f"{tampering.change} of {tampering.transfer_id}, client {tampering.client_id}. Nothing"
            " of ours changes or removes a record of the journal. Both images are in the"
            f" quarantine, and in the event {event.id} if they could be shown."
        ),
    )
