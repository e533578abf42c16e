"""One contract for all windows: in this process, on a server, and on a cluster."""

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenkeel.money import Money
from evenkeel.person import Person
from evenkeel.screening.ports import Windows
from evenkeel.screening.quota import Bucket
from evenkeel.screening.windows import (
    ENTRY_COUNT_MAX,
    OUTCOME_COUNT_MAX,
    Counts,
    Entry,
    Outcome,
    Spans,
)
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.windows import InMemoryWindows
from tests.valkey import Server, told

DEEP = Bucket(per_s=10_000, burst_count=100_000)
SPANS = Spans(velocity_s=60, duplicate_s=300)
USD_10 = Money(1_000, "USD")
MOMENT = timedelta(microseconds=1)


def screened(
    windows: Windows,
    person: Person,
    payment_id: str,
    amount: Money = USD_10,
    spans: Spans = SPANS,
) -> Counts:
    counts = windows.screen(Entry(person, payment_id, amount), DEEP, spans).counts
    assert counts is not None
    return counts


def test_each_payment_is_counted_with_those_before_it(windows: Windows, alice: Person) -> None:
    counts = [screened(windows, alice, f"pay_{number}") for number in range(6)]

    assert counts == [Counts(number, number, 0) for number in range(1, 7)]


def test_a_payment_counts_once_and_is_answered_as_it_was_at_first(
    windows: Windows, alice: Person, clock: ManualClock
) -> None:
    first = [screened(windows, alice, f"pay_{number}") for number in range(5)]
    clock.advance(timedelta(seconds=59))

    again = [screened(windows, alice, f"pay_{number}") for number in range(5)]

    assert again == first
    assert screened(windows, alice, "pay_5").payment_count == 6


def test_what_came_or_went_since_changes_no_answer(
    windows: Windows, alice: Person, clock: ManualClock
) -> None:
    windows.note([failure(alice, 1)])
    first = [screened(windows, alice, f"pay_{number}") for number in range(45)]
    clock.advance(timedelta(seconds=200))
    windows.note([success(alice, 2)])
    for number in range(10):
        screened(windows, alice, f"pay_later{number}")

    # The first five had to make room.
    again = [
        screened(windows, alice, f"pay_{number}", spans=Spans(1, 1)) for number in range(5, 45)
    ]

    assert again == first[5:]


def test_another_amount_under_the_same_id_is_the_same_payment(
    windows: Windows, alice: Person
) -> None:
    screened(windows, alice, "pay_1")
    screened(windows, alice, "pay_1", Money(2_000, "USD"))

    assert screened(windows, alice, "pay_2").payment_count == 2


@pytest.mark.parametrize(
    ("after", "payment_count", "same_amount_count"),
    [
        (timedelta(seconds=60), 2, 2),
        (timedelta(seconds=60) + MOMENT, 1, 2),
        (timedelta(seconds=300), 1, 2),
        (timedelta(seconds=300) + MOMENT, 1, 1),
    ],
)
def test_a_window_reaches_back_to_its_very_beginning(
    windows: Windows,
    alice: Person,
    clock: ManualClock,
    after: timedelta,
    payment_count: int,
    same_amount_count: int,
) -> None:
    screened(windows, alice, "pay_1")
    clock.advance(after)

    assert screened(windows, alice, "pay_2") == Counts(payment_count, same_amount_count, 0)


def test_an_amount_is_the_same_only_in_its_currency(windows: Windows, alice: Person) -> None:
    amounts = [USD_10, Money(1_000, "EUR"), Money(1_001, "USD"), USD_10]

    same = [
        screened(windows, alice, f"pay_{number}", amount).same_amount_count
        for number, amount in enumerate(amounts)
    ]

    assert same == [1, 1, 1, 2]


def test_users_and_clients_share_nothing(windows: Windows, alice: Person) -> None:
    others = [replace(alice, user_id="bob"), replace(alice, client_id=f"{alice.client_id}x")]
    for number in range(5):
        screened(windows, alice, f"pay_{number}")
    windows.note([Outcome(alice, "pay_1", NOON, is_failure=True)])

    for other in others:
        assert screened(windows, other, "pay_9") == Counts(1, 1, 0)
        assert windows.look(other, SPANS).counts == Counts(1, 1, 0)


def test_only_the_newest_are_kept(windows: Windows, alice: Person) -> None:
    counts = [screened(windows, alice, f"pay_{n}").payment_count for n in range(60)]

    assert counts == [min(number, ENTRY_COUNT_MAX) for number in range(1, 61)]
    assert len(windows.look(alice, SPANS).amounts) == ENTRY_COUNT_MAX


def test_a_look_counts_nothing_and_sees_all(
    windows: Windows, alice: Person, clock: ManualClock
) -> None:
    assert windows.look(alice, SPANS).counts == Counts(0, 0, 0)
    screened(windows, alice, "pay_1", Money(5, "JPY"))
    clock.advance(timedelta(seconds=100))
    screened(windows, alice, "pay_2")
    screened(windows, alice, "pay_3")
    windows.note([Outcome(alice, "pay_2", NOON, is_failure=True)])

    for _ in range(2):
        sight = windows.look(alice, SPANS)
        assert sight.counts == Counts(2, 2, 1)
        assert sight.amounts == [USD_10, USD_10, Money(5, "JPY")]
    clock.advance(timedelta(seconds=301))
    assert windows.look(alice, SPANS).counts == Counts(0, 0, 1)
    assert windows.look(alice, SPANS).amounts == []


def failure(person: Person, second: int) -> Outcome:
    return Outcome(person, f"pay_f{second}", NOON + timedelta(seconds=second), is_failure=True)


def success(person: Person, second: int) -> Outcome:
    return Outcome(person, f"pay_s{second}", NOON + timedelta(seconds=second), is_failure=False)


def streak(windows: Windows, person: Person) -> int:
    return windows.look(person, SPANS).counts.failure_count


def test_failures_add_up_until_a_success(windows: Windows, alice: Person) -> None:
    for second in range(4):
        windows.note([failure(alice, second)])
        assert streak(windows, alice) == second + 1
    assert screened(windows, alice, "pay_1").failure_count == 4

    windows.note([success(alice, 9)])
    assert streak(windows, alice) == 0

    windows.note([failure(alice, 10)])
    assert streak(windows, alice) == 1


def test_an_outcome_that_is_told_twice_counts_once(windows: Windows, alice: Person) -> None:
    windows.note([failure(alice, 1), failure(alice, 2), failure(alice, 1)])
    windows.note([failure(alice, 2)])

    assert streak(windows, alice) == 2


def test_the_order_in_which_outcomes_are_told_does_not_matter(
    windows: Windows, alice: Person
) -> None:
    outcomes = [failure(alice, 1), success(alice, 2), failure(alice, 3), failure(alice, 4)]
    for number, order in enumerate(permutations(outcomes)):
        person = replace(alice, user_id=f"user{number}")
        for outcome in order:
            windows.note([replace(outcome, person=person)])

        assert streak(windows, person) == 2


def test_of_a_failure_and_a_success_at_one_moment_the_success_counts(
    windows: Windows, alice: Person
) -> None:
    bob = replace(alice, user_id="bob")
    windows.note([failure(alice, 1), success(alice, 1)])
    windows.note([success(bob, 1)])
    windows.note([failure(bob, 1)])

    assert streak(windows, alice) == 0
    assert streak(windows, bob) == 0


def test_outcomes_of_many_are_noted_at_once(windows: Windows, alice: Person) -> None:
    people = [Person(f"{alice.client_id}{client}", user) for client in "abc" for user in ("u", "v")]
    windows.note([failure(person, second) for second in range(3) for person in people])

    assert [streak(windows, person) for person in people] == [3] * 6


def test_a_long_streak_is_counted_up_to_a_point(windows: Windows, alice: Person) -> None:
    windows.note([failure(alice, second) for second in range(30)])

    assert streak(windows, alice) == OUTCOME_COUNT_MAX


gaps = st.lists(st.integers(0, 3_000_000), min_size=1, max_size=40)


@given(gaps=gaps, per_s=st.sampled_from([0.5, 1, 3, 7, 10]), burst_count=st.integers(1, 6))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_script_grants_what_the_fake_grants(
    valkey: Server, gaps: Sequence[int], per_s: float, burst_count: int
) -> None:
    clock = ManualClock()
    person = Person(f"cli_{secrets.token_hex(6)}", "alice")
    both = (InMemoryWindows(clock), valkey.windows(told(clock)))
    bucket = Bucket(per_s, burst_count)
    for number, gap in enumerate(gaps):
        clock.advance(timedelta(microseconds=gap))
        entry = Entry(person, f"pay_{number % 7}", Money(1 + number % 3, "USD"))

        expected, found = (each.screen(entry, bucket, SPANS) for each in both)

        assert found == expected


def test_fifty_threads_of_one_user_get_fifty_different_counts(
    valkey: Server, alice: Person
) -> None:
    def one(number: int) -> int:
        return screened(valkey.windows(), alice, f"pay_{number}").payment_count

    with ThreadPoolExecutor(50) as threads:
        counts = list(threads.map(one, range(50)))

    assert sorted(counts) == list(range(1, 51))


def test_nobody_elses_counts_move_in_a_rush(valkey: Server, alice: Person) -> None:
    others = [replace(alice, user_id="bob"), replace(alice, client_id=f"{alice.client_id}x")]

    def one(number: int) -> Counts:
        person = others[number // 10] if number % 10 == 0 and number < 20 else alice
        return screened(valkey.windows(), person, f"pay_{number}")

    with ThreadPoolExecutor(30) as threads:
        counts = list(threads.map(one, range(30)))

    assert counts[0] == counts[10] == Counts(1, 1, 0)
    assert valkey.windows().look(alice, SPANS).counts.payment_count == 28


def test_what_is_kept_of_an_active_user_is_small(valkey: Server, alice: Person) -> None:
    windows = valkey.windows()
    for number in range(ENTRY_COUNT_MAX):
        screened(windows, alice, f"pay_{number}", Money(125_000 + number, "USD"))
    windows.note([failure(alice, second) for second in range(OUTCOME_COUNT_MAX)])

    admin = valkey.admin()
    keys = admin.keys(f"{{{alice.client_id}}}:*:alice")
    assert len(keys) == 2
    assert sum(admin.memory_usage(key) for key in keys) <= 2048


def test_all_of_it_is_forgotten_after_a_while(valkey: Server, alice: Person) -> None:
    windows = valkey.windows()
    screened(windows, alice, "pay_1")
    windows.note([failure(alice, 1)])

    admin = valkey.admin()
    keys = admin.keys(f"{{{alice.client_id}}}:*")
    assert len(keys) == 3
    assert all(0 < admin.pttl(key) <= 24 * 3600 * 1000 for key in keys)


def test_the_servers_clock_is_everybodys(valkey: Server, alice: Person) -> None:
    before = datetime.now(tz=NOON.tzinfo).timestamp()
    screened(valkey.windows(), alice, "pay_1")

    [(_, at_us)] = valkey.admin().zrange(
        f"{{{alice.client_id}}}:recent:alice", 0, -1, withscores=True
    )
    assert before - 1 <= at_us / 1e6 <= before + 60
