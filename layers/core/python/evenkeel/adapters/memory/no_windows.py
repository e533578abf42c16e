"""Windows that nobody keeps: every request goes on without them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from evenkeel.errors import WindowsUnavailable
from evenkeel.screening.quota import Bucket, Lane
from evenkeel.screening.windows import Entry, Outcome, Person, Spans


class NoWindows:
    def take(self, client_id: str, lane: Lane, bucket: Bucket) -> NoReturn:
        self._refuse()

    def screen(self, entry: Entry, bucket: Bucket, spans: Spans) -> NoReturn:
        self._refuse()

    def look(self, person: Person, spans: Spans) -> NoReturn:
        self._refuse()

    def note(self, outcomes: Sequence[Outcome]) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise WindowsUnavailable("nobody keeps windows here")
