"""The look at a piece of work, in which no object stands in another one's way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from evenkeel.reconciliation.changes import Change
from evenkeel.reconciliation.examination import (
    CONTENT_ERRORS,
    Examination,
    combined,
    unexaminable,
)
from evenkeel.reconciliation.examiner import Examiner
from evenkeel.reconciliation.work import Piece
from evenkeel.resilience.retry import Retry


@dataclass(frozen=True, slots=True)
class Isolation:
    examiner: Examiner
    retry: Retry

    def examine(self, piece: Piece) -> Examination:
        """Look at all objects of a piece together, or each by itself if that cannot be done.

        One that nobody can look at is a finding. If it is so with all of them, it is we who
        are wrong, and not they: that error is raised.

        Raises:
            StoreBusy: They could not be read.
        """
        try:
            return self.retry.call(lambda: self.examiner.examine(piece.changes))
        except CONTENT_ERRORS:
            examined = list(self._each(piece))
            if all(each.unjudged and not each.tallies for each in examined):
                raise
            return combined(examined)

    def _each(self, piece: Piece) -> Iterator[Examination]:
        for changes in piece.by_object():
            try:
                yield self.retry.call(partial(self.examiner.examine, changes))
            except CONTENT_ERRORS as error:
                yield _strange(changes[0], error)


def _strange(change: Change, error: Exception) -> Examination:
    id_ = change.payment_id or change.object_id
    return Examination([unexaminable(change, error)], {}, frozenset({(change.client_id, id_)}))
