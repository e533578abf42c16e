"""One contract, every log. The fake may be trusted because it passes this too."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest
from botocore.awsrequest import AWSResponse
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.change_log import DynamoDBChangeLog
from evenkeel.errors import EvenkeelError, StoreBusy, StoreUnconfirmed
from evenkeel.reconciliation.changes import (
    BUCKET_FOR,
    Change,
    ChangedObject,
    ChangeLog,
    Stretch,
    bucket_of,
    by_shard,
    shard_of,
    stretches,
)
from tests.emulator import Emulator
from tests.event_samples import CLIENT, PAYMENT, TRANSFER, WALLET
from tests.fakes.change_log import InMemoryChangeLog
from tests.fakes.clock import NOON
from tests.faults import Faults, answer
from tests.integration.stores import change_log
from tests.metering import KB, size_of
from tests.tables import TABLES

MOMENT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
BATCH_COUNT_MAX = 48

DEPOSIT = Change("cli_a", ChangedObject.RECORD, "trf_1")
ALTERED = Change("cli_a", ChangedObject.RECORD, "trf_2", "pay_ä", ("wal_1", "wal_2"))
UNPAID = Change("cli_a", ChangedObject.RECORD, "trf_3", None, ("wal_1",))
CHANGES = [
    Change("cli_a", ChangedObject.ACCOUNT, 'merchant:"café"/7:EUR'),
    Change("cli_a", ChangedObject.PAYMENT, "pay_1"),
    Change("cli_b", ChangedObject.PAYMENT, "pay_1"),
    DEPOSIT,
    ALTERED,
    UNPAID,
    Change("cli_a", ChangedObject.PAYMENT, "pay_2", transfer_ids=("trf_4", "trf_5")),
    Change("cli_a", ChangedObject.ACCOUNT, "wal_1", account_ids=("wal_1",)),
]


@pytest.fixture(autouse=True)
def own_table(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A table that no other test has: a stretch of time is not a tenant's."""
    name, client = "test-change-log", emulator.client("dynamodb")
    client.create_table(**TABLES["CHANGES_TABLE"].definition(name))
    monkeypatch.setenv("CHANGES_TABLE", name)
    yield name
    client.delete_table(TableName=name)


@pytest.fixture(params=["fake", "dynamodb"])
def log(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> ChangeLog:
    return InMemoryChangeLog() if request.param == "fake" else change_log(dynamodb)


def read(log: ChangeLog, since: datetime, until: datetime) -> list[Change]:
    return [change for part in stretches(since, until) for change in log.read(part)]


def shard(change: Change, since: datetime, until: datetime) -> Stretch:
    return Stretch(bucket_of(since), shard_of(change), since, until)


def test_what_is_noted_is_read_as_it_was(log: ChangeLog) -> None:
    log.note(CHANGES, NOON)

    found = read(log, NOON, NOON + MOMENT)
    assert len(found) == len(CHANGES)
    assert set(found) == set(CHANGES)


def test_a_change_is_on_the_pages_of_its_own_shard_only(log: ChangeLog) -> None:
    log.note(CHANGES, NOON)

    for part in stretches(NOON, NOON + SECOND):
        assert list(log.read(part)) == by_shard(CHANGES).get(part.shard, [])


def test_nothing_is_noted_of_a_batch_without_changes(log: ChangeLog) -> None:
    log.note([], NOON)

    assert read(log, NOON, NOON + SECOND) == []


def test_a_stretch_has_its_beginning_and_not_its_end(log: ChangeLog) -> None:
    log.note([DEPOSIT], NOON + SECOND)

    assert list(log.read(shard(DEPOSIT, NOON, NOON + SECOND))) == []
    assert list(log.read(shard(DEPOSIT, NOON + SECOND, NOON + SECOND + MOMENT))) == [DEPOSIT]
    assert list(log.read(shard(DEPOSIT, NOON + SECOND + MOMENT, NOON + 2 * SECOND))) == []


def test_a_window_over_several_buckets_has_all_that_was_noted_in_it(log: ChangeLog) -> None:
    rng = Random(1)  # noqa: S311 - Nothing is kept secret here.
    span = 3 * BUCKET_FOR
    moments = {NOON + span * rng.random(): number for number in range(60)}
    for moment, number in moments.items():
        log.note([replace(DEPOSIT, object_id=f"trf_{number}")], moment)
    since, until = sorted(rng.sample(sorted(moments), 2))
    expected = [f"trf_{moments[moment]}" for moment in moments if since <= moment < until]

    found = [change.object_id for change in read(log, since, until)]
    assert sorted(found) == sorted(expected)
    assert 0 < len(expected) < len(moments)


def test_changes_come_in_the_order_of_time_and_as_often_as_they_were_noted(log: ChangeLog) -> None:
    numbered = [replace(DEPOSIT, account_ids=(f"{second}",)) for second in range(3)]
    for second in (2, 0, 1):
        log.note([DEPOSIT, numbered[second], DEPOSIT], NOON + second * SECOND)

    found = list(log.read(shard(DEPOSIT, NOON, NOON + 3 * SECOND)))
    assert found == [change for each in numbered for change in (DEPOSIT, each)]


def test_a_batch_that_comes_again_does_no_harm(log: ChangeLog) -> None:
    log.note(CHANGES, NOON)
    log.note(CHANGES[::-1], NOON)
    log.note(CHANGES, NOON + SECOND)

    assert len(read(log, NOON, NOON + SECOND)) == len(CHANGES)
    assert set(read(log, NOON, NOON + 2 * SECOND)) == set(CHANGES)


def test_batches_of_the_same_moment_have_pages_of_their_own(log: ChangeLog) -> None:
    """The readers of three tables, and of many shards, know nothing of each other."""
    twin = replace(DEPOSIT, account_ids=("wal_1",))
    log.note([DEPOSIT], NOON)
    log.note([twin], NOON)

    assert set(log.read(shard(DEPOSIT, NOON, NOON + MOMENT))) == {DEPOSIT, twin}


def test_pages_are_read_one_after_the_other(dynamodb: DynamoDBClient) -> None:
    """As they are where a stretch has more than a megabyte; here a call brings one page."""
    log = change_log(dynamodb)
    calls = []

    def one_page(params: dict[str, object], **_: object) -> None:
        params["Limit"] = 1
        calls.append(params)

    dynamodb.meta.events.register("provide-client-params.dynamodb.Query", one_page)
    changes = [replace(DEPOSIT, account_ids=(f"{number}",)) for number in range(3)]
    for number, change in enumerate(changes):
        log.note([change], NOON + number * SECOND)
    found = log.read(shard(DEPOSIT, NOON, NOON + SECOND * 3))

    assert calls == []
    assert next(found) == changes[0]
    assert len(calls) == 1
    assert list(found) == changes[1:]


def test_a_batch_is_one_call_and_a_page_of_each_shard_is_a_kilobyte(
    dynamodb: DynamoDBClient, emulator: Emulator, own_table: str
) -> None:
    """So it costs a unit for each shard, as the cost sheet says."""
    numbers = [f"{number:02}" for number in range(BATCH_COUNT_MAX)]
    records = [
        Change(CLIENT, ChangedObject.RECORD, TRANSFER[:-2] + number, PAYMENT[:-2] + number)
        for number in numbers
    ]
    accounts = [Change(CLIENT, ChangedObject.ACCOUNT, WALLET[:-2] + number) for number in numbers]
    calls = Faults(dynamodb, "*")
    for second, changes in enumerate((records[:10], accounts)):
        change_log(dynamodb).note(changes, NOON + second * SECOND)
    pages = emulator.client("dynamodb").scan(TableName=own_table)["Items"]

    assert calls.call_count == 2
    assert len(pages) <= 2 * 4
    assert max(map(size_of, pages)) <= KB


FAILED: dict[str, tuple[Callable[[], AWSResponse], type[EvenkeelError], type[EvenkeelError]]] = {
    "throttled": (lambda: answer(400, "ThrottlingException"), StoreBusy, StoreBusy),
    "lost": (lambda: answer(500, "InternalServerError"), StoreUnconfirmed, StoreBusy),
}


@pytest.mark.parametrize("name", FAILED)
def test_a_call_that_fails_is_an_error_of_ours(dynamodb: DynamoDBClient, name: str) -> None:
    made, noting, reading = FAILED[name]
    Faults(dynamodb, "BatchWriteItem", made())
    Faults(dynamodb, "Query", made())
    log = change_log(dynamodb)

    with pytest.raises(noting):
        log.note(CHANGES, NOON)
    with pytest.raises(reading):
        list(log.read(shard(DEPOSIT, NOON, NOON + SECOND)))


def test_a_page_that_was_not_processed_is_not_noted() -> None:
    class Half:
        def batch_write_item(self, **asked: object) -> dict[str, object]:
            return {"UnprocessedItems": asked["RequestItems"]}

    log = DynamoDBChangeLog(Half(), os.environ["CHANGES_TABLE"])  # type: ignore[arg-type]  # A half of it.

    with pytest.raises(StoreBusy):
        log.note(CHANGES, NOON)
