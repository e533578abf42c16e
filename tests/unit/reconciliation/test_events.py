"""What is told of mismatches and runs: that they begin or end, and each of it once."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from evenkeel.entrypoints.event_data import shown_mismatch, shown_run
from evenkeel.events.model import EventType
from evenkeel.reconciliation.events import events_of_mismatch, events_of_run
from evenkeel.reconciliation.mismatch import Mismatch, MismatchStatus
from evenkeel.reconciliation.run import Place, Run, Tally, Trigger
from tests.event_samples import CLIENT, FINDING, LATER, MISMATCH, RUN
from tests.fakes.clock import NOON

FOUND, RESOLVED = EventType.MISMATCH_FOUND, EventType.MISMATCH_RESOLVED
SEEN = MISMATCH.seen(FINDING, "rec_b", LATER)
HEARD = MISMATCH.heard()


def told(life: list[Mismatch | None]) -> list[EventType]:
    return [
        event.type
        for before, after in pairwise(life)
        if after is not None
        for event in events_of_mismatch(before, after, shown_mismatch)
    ]


@pytest.mark.parametrize("status", [MismatchStatus.REPAIRED, MismatchStatus.RESOLVED])
def test_a_mismatch_is_told_when_it_comes_up_and_when_it_ends(status: MismatchStatus) -> None:
    ended = HEARD.ended(status, LATER)

    assert told([None, MISMATCH, SEEN, HEARD, ended, ended.heard()]) == [FOUND, RESOLVED]


def test_one_that_comes_up_again_is_told_again_under_another_id() -> None:
    ended = MISMATCH.ended(MismatchStatus.RESOLVED, LATER)
    again = ended.seen(FINDING, "rec_b", LATER)
    [first] = events_of_mismatch(None, MISMATCH, shown_mismatch)
    [second] = events_of_mismatch(ended, again, shown_mismatch)

    assert told([None, MISMATCH, ended, again]) == [FOUND, RESOLVED, FOUND]
    assert first.id != second.id
    assert second.version > first.version
    assert (second.data["occurrence"], second.data["runId"]) == (2, "rec_b")


def test_it_belongs_to_its_client_and_happened_when_it_was_seen() -> None:
    [event] = events_of_mismatch(None, MISMATCH, shown_mismatch)
    ended_at = LATER + timedelta(hours=1)
    ended = MISMATCH.ended(MismatchStatus.RESOLVED, ended_at)
    [resolved] = events_of_mismatch(MISMATCH, ended, shown_mismatch)

    assert (event.client_id, event.object_id, event.occurred_at) == (CLIENT, MISMATCH.id, LATER)
    assert resolved.occurred_at == ended_at


def test_a_run_is_told_when_it_is_over_and_not_before() -> None:
    taken = RUN.taken("me", NOON)
    further = taken.advanced(Place(), {"cli_b": Tally(payments=2)}, "me", NOON)
    over = further.completed(LATER)

    assert not events_of_run(None, RUN, shown_run)
    assert not events_of_run(RUN, taken, shown_run)
    assert not events_of_run(taken, further, shown_run)
    assert not events_of_run(over, replace(over, version=99), shown_run)
    [event] = events_of_run(further, over, shown_run)
    assert (event.type, event.occurred_at) == (EventType.RECONCILIATION_COMPLETED, LATER)
    assert event.data["summary"]["payments"] == 242
    assert (event.data["from"], event.data["to"]) == (
        "2026-01-01T11:49:00.000000Z",
        "2026-01-01T12:00:00.000000Z",
    )


@pytest.mark.parametrize("client_id", [None, CLIENT])
def test_a_run_belongs_to_the_client_whose_it_is_and_one_over_all_to_nobody(
    client_id: str | None,
) -> None:
    run = Run("rec_m", Trigger.MANUAL, RUN.window, NOON, client_id=client_id)
    [event] = events_of_run(run, run.completed(LATER), shown_run)

    assert event.client_id == client_id
