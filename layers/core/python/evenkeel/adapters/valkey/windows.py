"""Windows and buckets on Valkey: a script for each question, and so one round trip.

All that is kept of a client carries one hash tag, `{<client id>}`: a script may
only touch keys of one slot, and the one that lets a payment in needs its client's
bucket and its user's windows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from evenkeel.adapters.valkey.link import Link
from evenkeel.adapters.valkey.script import Argument, Script
from evenkeel.money import Money
from evenkeel.person import Person
from evenkeel.screening.quota import Bucket, Lane, Quota
from evenkeel.screening.windows import (
    ENTRY_COUNT_MAX,
    OUTCOME_COUNT_MAX,
    Counts,
    Entry,
    Outcome,
    Screened,
    Sight,
    Spans,
)

MICROSECONDS = 1_000_000
DIGEST_BYTE_COUNT = 6  # Of the few payments of one user, no two are alike.
OUTCOMES_KEPT_MS = 24 * 3600 * 1000


def server_time() -> str:
    """The clock of the server: the only one that all who ask it share."""
    return ""


@dataclass(frozen=True, slots=True)
class ValkeyWindows:
    """Counters on Valkey.

    Attributes:
        now_us: What the scripts are told of the time; nothing, unless a test owns it.
    """

    link: Link
    now_us: Callable[[], str] = server_time
    _pass: Script = field(default_factory=lambda: Script("pass"))
    _look: Script = field(default_factory=lambda: Script("look"))
    _note: Script = field(default_factory=lambda: Script("note"))

    def take(self, client_id: str, lane: Lane, bucket: Bucket) -> Quota:
        answer = self._ask(self._pass, [_bucket(client_id, lane)], self._bucket(bucket))
        return _quota(bucket, answer)

    def screen(self, entry: Entry, bucket: Bucket, spans: Spans) -> Screened:
        person = entry.person
        keys = [_bucket(person.client_id, Lane.WRITES), _recent(person), _outcomes(person)]
        arguments = (
            *self._bucket(bucket),
            _digest(entry.payment_id),
            _written(entry.amount),
            *_spans(spans),
            ENTRY_COUNT_MAX,
        )
        answer = self._ask(self._pass, keys, arguments)
        quota = _quota(bucket, answer)
        return Screened(quota, Counts(*answer[3:]) if quota.is_granted else None)

    def look(self, person: Person, spans: Spans) -> Sight:
        keys = [_recent(person), _outcomes(person)]
        answer = self._ask(self._look, keys, (self.now_us(), *_spans(spans)))
        return Sight(Counts(*answer[:3]), [_read(amount) for amount in answer[3:]])

    def note(self, outcomes: Sequence[Outcome]) -> None:
        for _, of_client in groupby(sorted(outcomes, key=_client_id), key=_client_id):
            keys, lines = _noted(of_client)
            self._ask(self._note, keys, (OUTCOME_COUNT_MAX, OUTCOMES_KEPT_MS, *lines))

    def _bucket(self, bucket: Bucket) -> tuple[Argument, ...]:
        return self.now_us(), bucket.per_s, bucket.burst_count

    def _ask(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> list[Any]:
        return self.link.ask(lambda commands: script.run(commands, keys, arguments))


def _bucket(client_id: str, lane: Lane) -> str:
    return f"{{{client_id}}}:{lane}"


def _recent(person: Person) -> str:
    return f"{{{person.client_id}}}:recent:{person.user_id}"


def _outcomes(person: Person) -> str:
    return f"{{{person.client_id}}}:outcomes:{person.user_id}"


def _digest(payment_id: str) -> bytes:
    return hashlib.sha256(payment_id.encode()).digest()[:DIGEST_BYTE_COUNT]


def _written(amount: Money) -> bytes:
    """Return an amount in as few bytes as it takes: fifty of them are kept of each user."""
    byte_count = (amount.amount_minor.bit_length() + 7) // 8
    return amount.currency.encode() + amount.amount_minor.to_bytes(byte_count)


def _read(written: bytes) -> Money:
    return Money(int.from_bytes(written[3:]), written[:3].decode())


def _spans(spans: Spans) -> tuple[int, int]:
    return spans.velocity_s * MICROSECONDS, spans.duplicate_s * MICROSECONDS


def _quota(bucket: Bucket, answer: Sequence[int]) -> Quota:
    remaining, full_in_us, retry_after_us = answer[:3]
    return Quota(
        limit_count=bucket.burst_count,
        remaining_count=remaining,
        full_in_s=full_in_us / MICROSECONDS,
        retry_after_s=retry_after_us / MICROSECONDS if retry_after_us else None,
    )


def _client_id(outcome: Outcome) -> str:
    return outcome.person.client_id


def _noted(outcomes: Iterable[Outcome]) -> tuple[Sequence[str], Sequence[Argument]]:
    """Return a key for each user, and the outcomes with the number of their user's key."""
    numbers: dict[str, int] = {}
    lines: list[Argument] = []
    for outcome in outcomes:
        number = numbers.setdefault(_outcomes(outcome.person), len(numbers) + 1)
        kind = b"F" if outcome.is_failure else b"S"
        at_us = round(outcome.at.timestamp() * MICROSECONDS)
        lines += (number, kind + _digest(outcome.payment_id), at_us)
    return list(numbers), lines
