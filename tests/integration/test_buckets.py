"""How many requests a client may make: the same of all windows, and exact."""

from datetime import timedelta

import pytest

from evenkeel.money import Money
from evenkeel.person import Person
from evenkeel.screening.ports import Windows
from evenkeel.screening.quota import Bucket, Lane
from evenkeel.screening.windows import Entry, Spans
from tests.fakes.clock import ManualClock

SPANS = Spans(velocity_s=60, duplicate_s=300)
USD_10 = Money(1_000, "USD")
MOMENT = timedelta(microseconds=1)


def taken(windows: Windows, client_id: str, bucket: Bucket, count: int) -> list[bool]:
    return [windows.take(client_id, Lane.READS, bucket).is_granted for _ in range(count)]


def test_a_full_bucket_grants_a_burst_and_then_one_after_another(
    windows: Windows, alice: Person, clock: ManualClock
) -> None:
    bucket = Bucket(per_s=2, burst_count=3)
    client_id = alice.client_id

    assert taken(windows, client_id, bucket, 5) == [True, True, True, False, False]
    clock.advance(timedelta(seconds=0.5) - MOMENT)
    assert taken(windows, client_id, bucket, 1) == [False]
    clock.advance(MOMENT)
    assert taken(windows, client_id, bucket, 2) == [True, False]
    clock.advance(timedelta(seconds=100))
    assert taken(windows, client_id, bucket, 4) == [True, True, True, False]


def test_a_quota_says_what_is_left_and_when_there_is_more(
    windows: Windows, alice: Person, clock: ManualClock
) -> None:
    bucket = Bucket(per_s=2, burst_count=2)

    def take() -> tuple[int, int, float, float | None]:
        quota = windows.take(alice.client_id, Lane.READS, bucket)
        return quota.limit_count, quota.remaining_count, quota.full_in_s, quota.retry_after_s

    assert take() == (2, 1, 0.5, None)
    assert take() == (2, 0, 1.0, None)
    assert take() == (2, 0, 1.0, 0.5)
    clock.advance(timedelta(seconds=0.2))
    *_, full_in_s, retry_after_s = take()
    assert full_in_s == pytest.approx(0.8, abs=2e-6)
    assert retry_after_s == pytest.approx(0.3, abs=2e-6)


@pytest.mark.parametrize(
    ("per_s", "burst_count"), [(7_000, 1_000), (3_000, 500), (0.3, 20), (1e-9, 2), (10_000, 1)]
)
def test_a_burst_is_granted_to_the_last_token_and_no_further(
    windows: Windows, alice: Person, per_s: float, burst_count: int
) -> None:
    bucket = Bucket(per_s, burst_count)

    grants = taken(windows, alice.client_id, bucket, burst_count + 1)

    assert grants == [True] * burst_count + [False]


@pytest.mark.parametrize("per_s", [0.3, 1, 3, 7, 100])
def test_a_refused_request_is_granted_when_it_was_told_to_return_and_not_before(
    windows: Windows, alice: Person, clock: ManualClock, per_s: float
) -> None:
    bucket = Bucket(per_s, burst_count=2)
    for _ in range(20):
        quota = windows.take(alice.client_id, Lane.READS, bucket)
        if quota.retry_after_s is not None:
            clock.advance(timedelta(seconds=quota.retry_after_s) - MOMENT)
            assert not windows.take(alice.client_id, Lane.READS, bucket).is_granted
            clock.advance(MOMENT)
            assert windows.take(alice.client_id, Lane.READS, bucket).is_granted


def test_reads_writes_and_clients_have_buckets_of_their_own(
    windows: Windows, alice: Person
) -> None:
    bucket = Bucket(per_s=1, burst_count=1)
    assert taken(windows, alice.client_id, bucket, 2) == [True, False]

    assert windows.take(alice.client_id, Lane.WRITES, bucket).is_granted
    assert windows.take(f"{alice.client_id}x", Lane.READS, bucket).is_granted


def test_a_create_without_a_token_is_not_counted(
    windows: Windows, alice: Person, clock: ManualClock
) -> None:
    bucket = Bucket(per_s=1, burst_count=2)

    answers = [windows.screen(Entry(alice, f"pay_{n}", USD_10), bucket, SPANS) for n in range(4)]

    assert [answer.quota.is_granted for answer in answers] == [True, True, False, False]
    assert [answer.counts is not None for answer in answers] == [True, True, False, False]
    assert windows.look(alice, SPANS).counts.payment_count == 2


def test_a_bucket_that_was_made_smaller_locks_nobody_out(
    windows: Windows, alice: Person, clock: ManualClock
) -> None:
    taken(windows, alice.client_id, Bucket(per_s=0.1, burst_count=50), 50)
    small = Bucket(per_s=10, burst_count=2)

    assert taken(windows, alice.client_id, small, 1) == [False]
    clock.advance(timedelta(seconds=0.1))
    assert taken(windows, alice.client_id, small, 1) == [True]


def test_a_bucket_that_was_made_larger_is_still_as_empty_as_it_was(
    windows: Windows, alice: Person
) -> None:
    taken(windows, alice.client_id, Bucket(per_s=1, burst_count=3), 3)

    quota = windows.take(alice.client_id, Lane.READS, Bucket(per_s=2, burst_count=10))

    assert (quota.remaining_count, quota.full_in_s) == (6, 2.0)
