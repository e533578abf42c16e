"""A policy is believed for less than a minute, and nobody suffers for a store that is away."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from evenkeel.errors import StoreBusy
from evenkeel.screening.policies import KNOWN_COUNT_MAX, Policies
from evenkeel.screening.policy import Policy
from evenkeel.screening.quota import Bucket, Lane
from tests.fakes.clock import ManualClock
from tests.fakes.policy_store import InMemoryPolicyStore
from tests.fakes.screen_watch import RecordingScreenWatch

STRICT = Policy(writes=Bucket(per_s=1, burst_count=1))


def known(
    clock: ManualClock, policies: Mapping[str, Policy]
) -> tuple[Policies, InMemoryPolicyStore]:
    store = InMemoryPolicyStore()
    store.policies |= policies
    return Policies(store, RecordingScreenWatch(), clock), store


def test_the_defaults_hold_for_whoever_has_no_policy() -> None:
    policies, _ = known(ManualClock(), {})

    assert policies.of("cli_a") == Policy()


def test_a_client_is_looked_up_once_in_a_while() -> None:
    policies, store = known(ManualClock(), {"cli_a": STRICT})

    assert [policies.of("cli_a") for _ in range(3)] == [STRICT] * 3
    assert store.read_count == 1
    assert policies.of("cli_b") == Policy()


@pytest.mark.parametrize("back", [timedelta(seconds=45), timedelta(seconds=-1)])
def test_a_change_holds_within_a_minute_whatever_the_clock_does(back: timedelta) -> None:
    clock = ManualClock()
    policies, store = known(clock, {})
    policies.of("cli_a")
    store.lay_down("cli_a", STRICT)

    assert policies.of("cli_a") == Policy()
    clock.advance(back)

    assert policies.of("cli_a") == STRICT


@pytest.mark.parametrize("failure", [StoreBusy(), ValueError("no policy")])
def test_what_was_known_goes_on_while_the_store_is_away_and_it_is_not_asked_each_time(
    failure: Exception,
) -> None:
    clock = ManualClock()
    policies, store = known(clock, {"cli_a": STRICT})
    policies.of("cli_a")
    store.failure = failure
    clock.advance(timedelta(minutes=1))

    assert [policies.of("cli_a") for _ in range(3)] == [STRICT] * 3
    assert store.read_count == 2
    assert policies.of("cli_b") == Policy()


def test_only_so_many_clients_are_remembered() -> None:
    policies, store = known(ManualClock(), {})
    for number in range(KNOWN_COUNT_MAX + 1):
        policies.of(f"cli_{number}")

    policies.of("cli_1")
    assert store.read_count == KNOWN_COUNT_MAX + 1
    policies.of("cli_0")
    assert store.read_count == KNOWN_COUNT_MAX + 2


def test_reads_and_writes_have_buckets_of_their_own() -> None:
    policy = Policy(reads=Bucket(2, 3), writes=Bucket(4, 5))

    assert policy.bucket(Lane.READS) == Bucket(2, 3)
    assert policy.bucket(Lane.WRITES) == Bucket(4, 5)


@pytest.mark.parametrize(
    ("per_s", "burst_count"), [(0, 1), (-1, 1), (10_001, 1), (1, 0), (1, 100_001)]
)
def test_a_bucket_that_holds_nothing_or_everything_is_refused(
    per_s: float, burst_count: int
) -> None:
    with pytest.raises(ValueError, match="must be"):
        Bucket(per_s, burst_count)
