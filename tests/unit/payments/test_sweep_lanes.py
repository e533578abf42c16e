"""A sweep of many payments: nobody is in the way of another."""

from collections.abc import Callable
from dataclasses import replace
from threading import Barrier

import pytest

from evenkeel.errors import ObjectNotFound
from evenkeel.ledger.commands import Posted
from evenkeel.payments.lane import Settlement
from evenkeel.payments.ports import DUE_SHARD_COUNT, PaymentKey
from evenkeel.resilience.circuit import Signal
from evenkeel.resilience.limits import Limits
from tests.fakes.guard import breaker
from tests.unit.payments.platform import CLIENT, Platform
from tests.unit.payments.sweeps import (
    key_in,
    lost,
    not_heard,
    request_lost,
    swept,
    swept_for,
    tried_once,
)


@pytest.mark.parametrize("error", [ValueError("no time"), ObjectNotFound(), AssertionError()])
def test_a_payment_that_cannot_be_looked_after_is_in_nobodys_way(
    platform: Platform, error: Exception
) -> None:
    broken, others = lost(platform, "first"), [lost(platform, key) for key in ("k2", "k3", "k4")]
    platform.store.unreadable[broken.id] = error

    sweep = swept(platform)

    assert sweep.counts[Settlement.STUCK] == 1
    assert sweep.counts[Settlement.COMPLETED] == len(others)
    assert platform.watch.failures == [(PaymentKey(CLIENT, broken.id), None, error)]
    assert sweep.errors == []


def test_what_fails_in_the_middle_of_its_debit_is_in_nobodys_way_either(
    platform: Platform,
) -> None:
    def forbidden(_: Callable[[], Posted]) -> Posted:
        raise PermissionError

    for key in ("k1", "k2"):
        not_heard(platform, key)
    platform.gateway.faults.append(forbidden)

    sweep = swept(platform)

    assert sweep.counts[Settlement.STUCK] == 1
    assert sweep.counts[Settlement.RESUMED] == 1


def test_a_payment_that_cannot_be_looked_after_is_looked_at_once_in_a_sweep(
    platform: Platform,
) -> None:
    broken = lost(platform, "broken")
    platform.store.unreadable[broken.id] = ValueError()
    not_heard(platform, "waits")
    platform.force(Signal.FORCED_OPEN)

    first, second = swept_for(platform, 20.0), swept_for(platform, 2.0)

    assert (first.counts[Settlement.STUCK], first.counts[Settlement.LEFT]) == (1, 1)
    assert second.counts[Settlement.STUCK] == 1
    assert len(platform.watch.failures) == 2


def test_a_sweep_does_not_stay_for_what_only_a_person_can_mend(platform: Platform) -> None:
    platform.store.unreadable[lost(platform).id] = ValueError()
    swept(platform)

    assert platform.pauses == []


def with_lanes(platform: Platform, lane_count: int) -> None:
    lanes = [platform.lane(breaker(platform.clock, platform.circuits)) for _ in range(lane_count)]
    platform.sweeper = replace(platform.sweeper, lanes=lanes)


@pytest.mark.parametrize("lane_count", [1, 2, 3, DUE_SHARD_COUNT])
def test_whatever_the_number_of_lanes_each_shard_is_in_one_of_them(
    platform: Platform, lane_count: int
) -> None:
    for shard in range(DUE_SHARD_COUNT):
        lost(platform, key_in(shard))
    with_lanes(platform, lane_count)

    assert swept(platform).counts[Settlement.COMPLETED] == DUE_SHARD_COUNT


def test_no_lane_waits_for_another(platform: Platform) -> None:
    both_are_asked = Barrier(2, timeout=20)

    def together(debit: Callable[[], Posted]) -> Posted:
        both_are_asked.wait()
        return debit()

    for shard in (0, 1):
        not_heard(platform, key_in(shard))
    with_lanes(platform, 2)
    platform.gateway.faults += [together, together]

    assert swept(platform).counts[Settlement.RESUMED] == 2


def test_a_lane_that_breaks_off_takes_nothing_from_what_has_been_done(platform: Platform) -> None:
    error = RuntimeError("not one of ours")
    for shard in (0, 1):
        lost(platform, key_in(shard))
    platform.store.shard_faults[2] = error
    with_lanes(platform, 2)

    sweep = swept(platform)

    assert sweep.counts[Settlement.COMPLETED] == 2
    assert sweep.errors == [error]
    assert platform.watch.broken_off == [(range(0, DUE_SHARD_COUNT, 2), error)]


def test_what_waits_for_the_wallets_only_is_not_read_again_while_the_circuit_is_open(
    platform: Platform,
) -> None:
    waiting = not_heard(platform)
    platform.force(Signal.FORCED_OPEN)
    sweep = swept_for(platform, 30.0)

    assert platform.journal.asked == [waiting.transfer_id_wanted]
    assert sweep.counts[Settlement.LEFT] == 1


def test_what_comes_while_the_circuit_is_open_is_looked_at(platform: Platform) -> None:
    not_heard(platform, "waits")
    lost(platform, "comes")
    comes = platform.store.payments.pop((CLIENT, "pay_comes"))
    platform.force(Signal.FORCED_OPEN)

    sweep = swept_for(platform, 10.0, lambda: platform.store.add(comes))

    assert sweep.counts[Settlement.COMPLETED] == 1
    assert sweep.counts[Settlement.LEFT] == 1


def test_what_waited_is_debited_in_the_same_sweep_once_the_circuit_is_closed(
    platform: Platform,
) -> None:
    not_heard(platform)
    platform.force(Signal.FORCED_OPEN)

    sweep = swept_for(platform, 20.0, lambda: platform.force(Signal.FORCED_CLOSED))

    assert sweep.counts[Settlement.RESUMED] == 1
    assert platform.balance == 900


def recovering(platform: Platform) -> None:
    """Let the circuit have opened, and recover: few calls go through, and none of this lane."""
    platform.wait(seconds=6)
    now, limits, circuits = platform.clock(), Limits(), platform.circuits
    closed = circuits.get("wallet")
    opened = circuits.save(closed.tripped(now, limits, "env_b"), instead_of=closed)
    probing = circuits.save(opened.probing("env_b", now, limits), instead_of=opened)
    circuits.save(probing.probe_answered(now, "env_b"), instead_of=probing)


def test_a_circuit_that_recovers_costs_a_pass_one_claim_in_vain_and_no_more(
    platform: Platform,
) -> None:
    left = [not_heard(platform, key) for key in ("k1", "k2", "k3")]
    recovering(platform)

    sweep = platform.sweeper.sweep(tried_once(platform))
    versions = [platform.store.get(CLIENT, each.id).version - each.version for each in left]

    assert sweep.counts[Settlement.LEFT] == 3
    assert sorted(versions) == [0, 0, 2]


def test_what_a_recovering_circuit_turned_away_is_asked_for_in_the_next_pass(
    platform: Platform,
) -> None:
    for key in ("k1", "k2"):
        not_heard(platform, key)
    recovering(platform)

    sweep = swept_for(platform, 10.0, lambda: platform.force(Signal.FORCED_CLOSED))

    assert sweep.counts[Settlement.RESUMED] == 2


def test_a_debit_that_fails_again_keeps_no_other_from_being_asked_for(platform: Platform) -> None:
    for key in ("k1", "k2", "k3"):
        not_heard(platform, key)
    platform.gateway.faults.append(request_lost)

    sweep = platform.sweeper.sweep(tried_once(platform))

    assert sweep.counts[Settlement.RESUMED] == 2
    assert sweep.counts[Settlement.LEFT] == 1


def test_what_could_not_be_debited_in_time_is_not_claimed(platform: Platform) -> None:
    not_heard(platform)
    before = platform.stored()
    guard = platform.payments.wallets
    slow = replace(guard, retry=replace(guard.retry, attempt_s_max=6.8))
    lanes = [replace(platform.desk, payments=replace(platform.payments, wallets=slow))]
    platform.sweeper = replace(platform.sweeper, lanes=lanes)

    sweep = swept_for(platform, 6.7)

    assert sweep.counts[Settlement.LEFT] == 1
    assert platform.stored() == before
