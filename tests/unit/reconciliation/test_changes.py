from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from evenkeel.reconciliation.changes import (
    BUCKET_FOR,
    CHANGE_SHARD_COUNT,
    Change,
    ChangedObject,
    bucket_of,
    by_shard,
    shard_of,
    stretches,
)
from tests.fakes.clock import NOON

PAYMENT = Change("cli_a", ChangedObject.PAYMENT, "pay_1")
RECORD = Change("cli_a", ChangedObject.RECORD, "trf_1", "pay_1")
ACCOUNT = Change("cli_a", ChangedObject.ACCOUNT, "wal_1")
SECOND = timedelta(seconds=1)


def test_a_record_is_where_its_payment_is() -> None:
    changes = [replace(PAYMENT, object_id=f"pay_{number}") for number in range(50)]
    records = [replace(RECORD, payment_id=change.object_id) for change in changes]

    assert [shard_of(each) for each in changes] == [shard_of(each) for each in records]


def test_the_shard_of_an_object_is_the_same_for_ever_whatever_is_known_of_it() -> None:
    deposit = replace(RECORD, payment_id=None)

    assert [shard_of(each) for each in (PAYMENT, RECORD, deposit, ACCOUNT)] == [3, 3, 3, 0]
    assert shard_of(replace(RECORD, account_ids=("wal_1",))) == shard_of(RECORD)


def test_the_shards_share_the_work() -> None:
    changes = [replace(PAYMENT, object_id=f"pay_{number}") for number in range(4000)]
    counts = Counter(map(shard_of, changes))

    assert set(counts) == set(range(CHANGE_SHARD_COUNT))
    assert min(counts.values()) > 0.8 * 4000 / CHANGE_SHARD_COUNT


def test_a_batch_is_parted_by_shard_and_each_change_is_there_once_in_a_fixed_order() -> None:
    changes = [replace(PAYMENT, object_id=f"pay_{number}") for number in range(20)]
    parted = by_shard(changes + changes[:7])

    assert by_shard(changes[::-1]) == parted
    assert sorted(parted) == list(parted)
    assert Counter(each for its in parted.values() for each in its) == Counter(changes)
    assert all(shard_of(each) == shard for shard, its in parted.items() for each in its)


def test_changes_of_one_record_have_an_order_whatever_is_known_of_them() -> None:
    """A record that names no payment may be made to name one."""
    named = replace(RECORD, payment_id="trf_1")
    unnamed = replace(RECORD, payment_id=None)

    assert by_shard([named, unnamed]) == {shard_of(unnamed): [unnamed, named]}


def test_no_changes_are_on_no_page() -> None:
    assert by_shard([]) == {}


def test_a_window_is_parted_without_a_gap_and_without_an_overlap() -> None:
    since, until = NOON - SECOND, NOON + 2 * BUCKET_FOR + SECOND
    parts = [part for part in stretches(since, until) if part.shard == 0]

    assert (parts[0].since, parts[-1].until) == (since, until)
    assert all(before.until == after.since for before, after in pairwise(parts))
    assert all(bucket_of(part.since) == part.bucket for part in parts)
    assert len(parts) == 4


def test_all_shards_of_a_window_are_looked_at() -> None:
    found = [part.shard for part in stretches(NOON, NOON + SECOND)]

    assert found == list(range(CHANGE_SHARD_COUNT))
    assert list(stretches(NOON, NOON)) == []
