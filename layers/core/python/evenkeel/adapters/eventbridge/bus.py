"""The bus on EventBridge. A call may succeed in part, and then each entry has its own answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from evenkeel.adapters.eventbridge.entry import ENTRIES_BYTES_MAX, Entry, Malformed
from evenkeel.adapters.failures import code_of, translated
from evenkeel.errors import BusBusy, BusUnconfirmed
from evenkeel.events.lanes import Lanes
from evenkeel.events.model import Event
from evenkeel.events.ports import Refusal
from evenkeel.resilience.retry import Retry

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsResultEntryTypeDef

ENTRY_COUNT_MAX = 10

# The entry's own fault. All others are the bus's, or ours as a whole, such as a missing right:
# those heal, and are no reason to take an event for lost.
REFUSED_CODES = frozenset({"InvalidArgument", "MalformedDetail", "RedactionFailure"})
# The same, said of a whole call: one of its entries is at fault, and nobody says which.
REFUSED_CALL_CODES = frozenset({"ValidationException", "PutEventsRequestEntryTooLarge"})


class EventBridgeBus:
    """Publishes events of different objects together, and those of one object in order."""

    def __init__(self, client: EventBridgeClient, bus_name: str, retry: Retry) -> None:
        self._client = client
        self._bus_name = bus_name
        self._retry = retry

    def publish(self, events: Sequence[Event]) -> Sequence[Refusal]:
        lanes, refusals = Lanes(events), list[Refusal]()
        self._retry.call(partial(self._send, lanes, refusals))
        return refusals

    def _send(self, lanes: Lanes, refusals: list[Refusal]) -> None:
        """Send all that can be sent; what was not taken stays, with what comes behind it."""
        lanes.open()
        failed: Counter[str] = Counter()
        while batch := self._batch(lanes, refusals):
            for entry, code in zip(batch, self._put(batch), strict=True):
                if code is None:
                    lanes.arrived(entry.event)
                elif code in REFUSED_CODES | REFUSED_CALL_CODES:
                    _refuse(entry.event, code, lanes, refusals)
                else:
                    failed[code] += 1
                    lanes.close(entry.event)
        if lanes:
            busy = BusBusy()
            busy.add_note(f"entries that were not taken: {dict(failed)}")
            raise busy

    def _batch(self, lanes: Lanes, refusals: list[Refusal]) -> list[Entry]:
        """Return the entries of the next call; what cannot be sent at all is refused here."""
        entries: list[Entry] = []
        malformed: list[tuple[Event, str]] = []
        room_bytes = ENTRIES_BYTES_MAX
        for event in lanes.heads():
            try:
                entry = Entry.of(event)
            except Malformed as error:
                malformed.append((event, str(error)))
                continue
            room_bytes -= entry.size_bytes
            if room_bytes < 0:
                break
            entries.append(entry)
            if len(entries) == ENTRY_COUNT_MAX:
                break
        for event, reason in malformed:
            _refuse(event, reason, lanes, refusals)
        if malformed and not entries:
            return self._batch(lanes, refusals)
        return entries

    def _put(self, entries: Sequence[Entry]) -> Sequence[str | None]:
        """Return what is wrong with each entry, or None where it was taken."""
        try:
            with translated(BusBusy, BusUnconfirmed):
                answer = self._client.put_events(
                    Entries=[entry.as_request(self._bus_name) for entry in entries]
                )
        except ClientError as error:
            code = code_of(error)
            if code not in REFUSED_CALL_CODES:
                raise
            if len(entries) == 1:
                return [code]
            return [each for entry in entries for each in self._put([entry])]
        answers = answer.get("Entries", [])
        if len(answers) != len(entries):
            raise BusUnconfirmed
        return list(_codes(answers))


def _codes(answers: Iterable[PutEventsResultEntryTypeDef]) -> Iterable[str | None]:
    for answer in answers:
        is_taken = answer.get("EventId") and not answer.get("ErrorCode")
        yield None if is_taken else answer.get("ErrorCode") or "Unknown"


def _refuse(event: Event, reason: str, lanes: Lanes, refusals: list[Refusal]) -> None:
    refusals.append(Refusal(event, reason))
    lanes.arrived(event)
