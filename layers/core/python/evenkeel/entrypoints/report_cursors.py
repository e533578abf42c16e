"""Cursors of lists of reports, and of the mismatches in one."""

from __future__ import annotations

from evenkeel.clock import to_rfc3339
from evenkeel.entrypoints.cursors import number_of, read, read_moment, refusal, write
from evenkeel.ids import is_id
from evenkeel.reconciliation.mismatch import MISMATCH_PREFIX
from evenkeel.reconciliation.run import RUN_PREFIX


def write_place(place: str | None) -> str | None:
    """Return the cursor of a place in either list, if there is more behind it."""
    return write(place) if place is not None else None


def read_run(cursor: str | None) -> str | None:
    """Raise ValidationFailed for what is no place in a list of runs."""
    if cursor is None:
        return None
    started_at, run_id = read_moment(cursor, RUN_PREFIX)
    return f"{to_rfc3339(started_at)}/{run_id}"


def read_mismatch(cursor: str | None) -> str | None:
    """Raise ValidationFailed for what is no place in a report's list of mismatches."""
    if cursor is None:
        return None
    place = read(cursor)
    gravity, _, mismatch_id = place.partition("/")
    if not is_id(MISMATCH_PREFIX, mismatch_id):
        raise refusal()
    number_of(gravity)
    return place
