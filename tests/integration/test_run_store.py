"""One contract, every store of runs. The fake may be trusted because it passes this too."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.awsrequest import AWSResponse
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.errors import EvenkeelError, StoreBusy, StoreUnconfirmed, VersionConflict
from evenkeel.reconciliation.ports import RunStore
from evenkeel.reconciliation.run import Place, Run, Scope, Stage, Tally, Trigger
from tests.emulator import Emulator
from tests.fakes.clock import NOON
from tests.fakes.report_store import InMemoryRunStore
from tests.faults import Faults, answer
from tests.integration.stores import run_store
from tests.reports import CLIENT, done, run
from tests.tables import TABLES

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def own_table(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A table that no other test has: the runs of the schedule are no tenant's."""
    name, client = "test-run-store", emulator.client("dynamodb")
    client.create_table(**TABLES["REPORTS_TABLE"].definition(name))
    monkeypatch.setenv("REPORTS_TABLE", name)
    yield
    client.delete_table(TableName=name)


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> RunStore:
    return InMemoryRunStore() if request.param == "fake" else run_store(dynamodb)


@pytest.mark.parametrize("client_id", [CLIENT, None])
@pytest.mark.parametrize("scope", Scope)
def test_a_run_is_read_as_it_was_added(
    store: RunStore, client_id: str | None, scope: Scope
) -> None:
    added = replace(run(1, client_id), scope=scope)

    assert store.get(added.id) is None
    assert store.add(added) == added
    assert store.get(added.id) == added


def test_a_taken_id_returns_the_run_that_has_it_and_changes_nothing(store: RunStore) -> None:
    first = store.add(run(1))
    store.save(first.taken("me", NOON))

    assert store.add(run(1, at=NOON + MINUTE)) == first.taken("me", NOON)
    assert store.get(first.id) == first.taken("me", NOON)


def test_all_that_can_change_of_a_run_is_saved(store: RunStore) -> None:
    begun = store.add(run(1))
    taken = begun.taken("me", NOON)
    counted = {CLIENT: Tally(1, 2, 3, 4, 5, 6), "cli_ä": Tally(payments=7)}
    place = Place(Stage.OVERDUE, 3, "cli_a/pay_ä")
    ahead = taken.advanced(place, counted, "me", NOON + MINUTE)
    down = ahead.put_down()
    over = down.completed(NOON + 2 * MINUTE)

    for each in (taken, ahead, down, over):
        store.save(each)
        assert store.get(begun.id) == each


@pytest.mark.parametrize("version", [1, 2, 4])
def test_a_run_that_does_not_follow_the_stored_one_is_not_saved(
    store: RunStore, version: int
) -> None:
    stored = store.add(run(1)).taken("me", NOON)
    store.save(stored)

    with pytest.raises(VersionConflict):
        store.save(replace(stored, version=version, lease=None))
    assert store.get(stored.id) == stored


def test_runs_are_listed_by_their_owner_newest_first(store: RunStore) -> None:
    runs = [
        store.add(done(run(number, owner, at=NOON + number * MINUTE)))
        for number, owner in enumerate([CLIENT, None, CLIENT, "cli_b", None])
    ]

    assert store.latest(CLIENT, 10, None) == [runs[2], runs[0]]
    assert store.latest(None, 10, None) == [runs[4], runs[1]]
    assert store.latest("cli_none", 10, None) == []


def test_a_list_goes_on_before_any_run_of_any_list(store: RunStore) -> None:
    """Two lists are merged, so the place is one of either."""
    runs = [store.add(done(run(number, at=NOON + number * MINUTE))) for number in range(5)]
    scheduled = store.add(done(run(9, None, at=NOON + 3 * MINUTE)))

    first = store.latest(CLIENT, 2, None)
    assert first == [runs[4], runs[3]]
    assert store.latest(CLIENT, 2, first[-1].listed_as) == [runs[2], runs[1]]
    assert store.latest(CLIENT, 2, runs[0].listed_as) == []
    # They began at the same moment, and an id decides.
    assert store.latest(CLIENT, 1, scheduled.listed_as) == [runs[3]]


def test_a_listed_run_is_as_it_was_saved_last(store: RunStore) -> None:
    over = done(store.add(run(1)), **{CLIENT: Tally(payments=2)})
    for each in _way_to(over):
        store.save(each)

    assert store.latest(CLIENT, 1, None) == [over]


def _way_to(over: Run) -> Iterator[Run]:
    for version in range(2, over.version):
        yield replace(run(1), version=version)
    yield over


def test_a_schedule_of_runs_may_be_a_clients_own(store: RunStore) -> None:
    added = store.add(done(run(1, trigger=Trigger.SCHEDULE)))

    assert store.latest(CLIENT, 1, None) == [added]


def test_a_run_that_is_not_over_is_listed_as_unfinished_and_nowhere_else(store: RunStore) -> None:
    later, begun = store.add(run(2, None, at=NOON + MINUTE)), store.add(run(1))
    store.add(done(run(3)))

    unfinished = [each for each in store.unfinished() if each in (later, begun)]
    assert unfinished == [begun, later]
    assert begun not in store.latest(CLIENT, 10, None)

    given_up = begun.given_up(NOON + MINUTE)
    store.save(given_up)
    assert begun.id not in {each.id for each in store.unfinished()}
    assert given_up in store.latest(CLIENT, 10, None)


def test_there_is_no_watermark_before_a_run_has_moved_it(store: RunStore) -> None:
    store.add(run(1, None))

    assert store.watermark() is None


def test_the_watermark_never_goes_back(store: RunStore) -> None:
    for until, expected in [(NOON, NOON), (NOON - MINUTE, NOON), (NOON + MINUTE, NOON + MINUTE)]:
        store.move_watermark(until)
        store.move_watermark(until)
        assert store.watermark() == expected


def test_the_watermark_is_no_run(store: RunStore) -> None:
    store.move_watermark(NOON)

    assert store.get("watermark") is None
    assert store.latest(None, 10, None) == []


FAILED: dict[str, tuple[Callable[[], AWSResponse], type[EvenkeelError], type[EvenkeelError]]] = {
    "throttled": (lambda: answer(400, "ThrottlingException"), StoreBusy, StoreBusy),
    "lost": (lambda: answer(500, "InternalServerError"), StoreUnconfirmed, StoreBusy),
}


@pytest.mark.parametrize("name", FAILED)
def test_a_call_that_fails_is_an_error_of_ours(dynamodb: DynamoDBClient, name: str) -> None:
    made, writing, reading = FAILED[name]
    store = run_store(dynamodb)
    Faults(dynamodb, "PutItem", made(), made())
    Faults(dynamodb, "UpdateItem", made())
    Faults(dynamodb, "GetItem", made(), made())
    Faults(dynamodb, "Query", made())

    with pytest.raises(writing):
        store.add(run(1))
    with pytest.raises(writing):
        store.save(run(1).taken("me", NOON))
    with pytest.raises(writing):
        store.move_watermark(NOON)
    with pytest.raises(reading):
        store.get("rec_1")
    with pytest.raises(reading):
        store.watermark()
    with pytest.raises(reading):
        store.latest(CLIENT, 1, None)
