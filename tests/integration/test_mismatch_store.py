"""One contract, every store of mismatches. The fake may be trusted because it passes this too."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.awsrequest import AWSResponse
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.errors import EvenkeelError, StoreBusy, StoreUnconfirmed, VersionConflict
from evenkeel.reconciliation.mismatch import (
    Finding,
    Mismatch,
    MismatchStatus,
    MismatchType,
    Subject,
)
from evenkeel.reconciliation.ports import MismatchStore
from tests.emulator import Emulator
from tests.fakes.clock import NOON
from tests.fakes.report_store import InMemoryMismatchStore
from tests.faults import Faults, answer
from tests.integration.stores import mismatch_store
from tests.reports import CLIENT, mismatch
from tests.tables import TABLES

MINUTE = timedelta(minutes=1)
OTHER = "cli_b"


@pytest.fixture(autouse=True)
def own_table(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A table that no other test has: what is not settled is one list for all tenants."""
    name, client = "test-mismatch-store", emulator.client("dynamodb")
    client.create_table(**TABLES["REPORTS_TABLE"].definition(name))
    monkeypatch.setenv("REPORTS_TABLE", name)
    yield
    client.delete_table(TableName=name)


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> MismatchStore:
    return InMemoryMismatchStore() if request.param == "fake" else mismatch_store(dynamodb)


@pytest.mark.parametrize("type_", MismatchType)
def test_a_mismatch_is_read_as_it_was_added(store: MismatchStore, type_: MismatchType) -> None:
    added = mismatch(type_=type_)

    assert store.get(CLIENT, added.id) is None
    assert store.add(added) == added
    assert store.get(CLIENT, added.id) == added


def test_of_an_account_that_is_no_wallet_it_is_read_too(store: MismatchStore) -> None:
    subject = Subject(CLIENT, account_id='merchant:"café"/7:EUR')
    finding = Finding(MismatchType.BALANCE_DRIFT, subject, {"creditsPosted": 7}, {})
    added = store.add(replace(mismatch(), finding=finding))

    assert store.get(CLIENT, added.id) == added


def test_another_clients_mismatch_is_not_found(store: MismatchStore) -> None:
    added = store.add(mismatch())

    assert store.get(OTHER, added.id) is None


def test_a_taken_id_returns_the_mismatch_that_has_it_and_changes_nothing(
    store: MismatchStore,
) -> None:
    first = store.add(mismatch())

    assert store.add(mismatch(at=NOON + MINUTE)) == first
    assert store.get(CLIENT, first.id) == first


def test_all_that_can_change_of_a_mismatch_is_saved(store: MismatchStore) -> None:
    found = store.add(mismatch())
    other = replace(found.finding, actual={"amount": 7, "status": None})
    seen = found.seen(other, "rec_2", NOON + MINUTE)
    told = seen.heard()
    gone = told.ended(MismatchStatus.REPAIRED, NOON + 2 * MINUTE)
    settled = gone.heard()
    back = settled.seen(found.finding, "rec_3", NOON + 3 * MINUTE)

    for each in (seen, told, gone, settled, back):
        store.save(each)
        assert store.get(CLIENT, found.id) == each
    assert (back.occurrence, back.run_id) == (2, "rec_3")


@pytest.mark.parametrize("version", [1, 2, 4])
def test_a_mismatch_that_does_not_follow_the_stored_one_is_not_saved(
    store: MismatchStore, version: int
) -> None:
    heard = store.add(mismatch()).heard()
    store.save(heard)

    with pytest.raises(VersionConflict):
        store.save(replace(heard, version=version, told=None))
    assert store.get(CLIENT, heard.id) == heard


def test_what_is_open_is_listed_oldest_first_of_one_client_or_of_all(store: MismatchStore) -> None:
    second = store.add(mismatch(1, at=NOON + MINUTE))
    first = store.add(mismatch(2, at=NOON))
    third = store.add(mismatch(3, OTHER, at=NOON + 2 * MINUTE))

    assert list(store.unsettled(None)) == [first, second, third]
    assert list(store.unsettled(CLIENT)) == [first, second]
    assert list(store.unsettled(OTHER)) == [third]
    assert list(store.unsettled("cli_none")) == []


def test_what_has_ended_is_listed_until_people_have_heard_of_its_end(
    store: MismatchStore,
) -> None:
    told = store.add(mismatch()).heard()
    gone = told.ended(MismatchStatus.RESOLVED, NOON + MINUTE)
    for each in (told, gone):
        store.save(each)
        assert list(store.unsettled(None)) == [each]
    store.save(gone.heard())

    assert list(store.unsettled(None)) == []
    assert store.get(CLIENT, gone.id) == gone.heard()


def test_what_has_come_and_gone_unheard_is_not_listed(store: MismatchStore) -> None:
    found = store.add(mismatch())
    store.save(found.ended(MismatchStatus.RESOLVED, NOON + MINUTE))

    assert list(store.unsettled(None)) == []


def test_what_comes_back_is_listed_again_as_what_was_found_last(store: MismatchStore) -> None:
    back = store.add(mismatch(1))
    for each in _there_and_back(store, back.id):
        store.save(each)
        back = each
    between = store.add(mismatch(2, at=NOON + MINUTE))

    assert list(store.unsettled(None)) == [between, back]


def _there_and_back(store: MismatchStore, id_: str) -> Iterator[Mismatch]:
    found = store.get(CLIENT, id_)
    assert found is not None
    gone = found.ended(MismatchStatus.RESOLVED, NOON)
    yield gone
    yield gone.seen(gone.finding, "rec_2", NOON + 2 * MINUTE)


def test_a_list_of_any_length_is_read_to_its_end(dynamodb: DynamoDBClient) -> None:
    """As it is where it has more than a megabyte; here a call brings two."""

    def two(params: dict[str, object], **_: object) -> None:
        params["Limit"] = 2

    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", two)
    store = mismatch_store(dynamodb)
    found = [store.add(mismatch(number, at=NOON + number * MINUTE)) for number in range(5)]

    assert list(store.unsettled(None)) == found


def test_what_is_filed_is_counted_for_the_place_where_it_was_first(store: MismatchStore) -> None:
    found = store.add(mismatch())

    assert store.file("rec_1", "objects/0/a", found) is True
    assert store.file("rec_1", "objects/0/a", found) is True
    assert store.file("rec_1", "objects/1/a", found) is False
    assert store.file("rec_2", "objects/1/a", found) is True
    assert store.of_report("rec_1", CLIENT, 10, None).mismatches == [found]


def test_a_report_has_its_own_mismatches_of_its_own_client(store: MismatchStore) -> None:
    mine, theirs, elsewhere = mismatch(1), mismatch(2, OTHER), mismatch(3)
    for run_id, each in [("rec_1", mine), ("rec_1", theirs), ("rec_2", elsewhere)]:
        store.file(run_id, "somewhere", store.add(each))
    store.add(mismatch(4))

    assert store.of_report("rec_1", CLIENT, 10, None).mismatches == [mine]
    assert store.of_report("rec_1", OTHER, 10, None).mismatches == [theirs]
    assert store.of_report("rec_3", CLIENT, 10, None).mismatches == []


def test_a_report_shows_mismatches_as_they_are_now(store: MismatchStore) -> None:
    found = store.add(mismatch())
    store.file("rec_1", "somewhere", found)
    gone = found.ended(MismatchStatus.RESOLVED, NOON + MINUTE)
    store.save(gone)

    assert store.of_report("rec_1", CLIENT, 10, None).mismatches == [gone]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_a_report_comes_in_pages_gravest_first(store: MismatchStore, limit: int) -> None:
    types = [
        MismatchType.STUCK_PENDING,
        MismatchType.ENTRY_ALTERED,
        MismatchType.STALE_HOLD,
        MismatchType.STUCK_PROCESSING,
        MismatchType.AMOUNT_MISMATCH,
        MismatchType.STALE_HOLD,
        MismatchType.FAILED_BUT_DEBITED,
    ]
    for number, type_ in enumerate(types):
        store.file("rec_1", "somewhere", store.add(mismatch(number, type_=type_)))
    found: list[Mismatch] = []
    beyond = None
    while True:
        page = store.of_report("rec_1", CLIENT, limit, beyond)
        found += page.mismatches
        if (beyond := page.beyond) is None:
            break
        assert len(page.mismatches) == limit

    severities = [each.finding.severity for each in found]
    assert severities == ["CRITICAL"] * 3 + ["HIGH"] * 2 + ["MEDIUM"] * 2
    assert len({each.id for each in found}) == len(types)


FAILED: dict[str, tuple[Callable[[], AWSResponse], type[EvenkeelError], type[EvenkeelError]]] = {
    "throttled": (lambda: answer(400, "ThrottlingException"), StoreBusy, StoreBusy),
    "lost": (lambda: answer(500, "InternalServerError"), StoreUnconfirmed, StoreBusy),
}


@pytest.mark.parametrize("name", FAILED)
def test_a_call_that_fails_is_an_error_of_ours(dynamodb: DynamoDBClient, name: str) -> None:
    made, writing, reading = FAILED[name]
    store, found = mismatch_store(dynamodb), mismatch()
    store.file("rec_1", "somewhere", store.add(found))
    Faults(dynamodb, "PutItem", made(), made(), made())
    Faults(dynamodb, "GetItem", made())
    Faults(dynamodb, "Query", made(), made())
    Faults(dynamodb, "BatchGetItem", made())

    with pytest.raises(writing):
        store.add(found)
    with pytest.raises(writing):
        store.save(found.heard())
    with pytest.raises(writing):
        store.file("rec_1", "somewhere", found)
    with pytest.raises(reading):
        store.get(CLIENT, found.id)
    with pytest.raises(reading):
        list(store.unsettled(None))
    with pytest.raises(reading):
        store.of_report("rec_1", CLIENT, 1, None)
    with pytest.raises(reading):  # The list is there, and what is in it is not.
        store.of_report("rec_1", CLIENT, 1, None)
