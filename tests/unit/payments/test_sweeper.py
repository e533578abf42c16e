from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from threading import Barrier

import pytest

from evenkeel.clock import Deadline
from evenkeel.errors import (
    DebitUnconfirmed,
    InvalidState,
    LedgerBusy,
    ObjectNotFound,
    WalletUnavailable,
)
from evenkeel.payments.model import LEASE_FOR, PENDING_FOR, Payment, PaymentStatus
from evenkeel.payments.ports import DUE_SHARD_COUNT, PaymentKey
from evenkeel.payments.service import Attempt
from evenkeel.payments.sweeper import Settlement, Sweep
from evenkeel.resilience.circuit import Signal
from evenkeel.resilience.limits import Limits
from tests.fakes.clock import ManualSeconds
from tests.fakes.guard import breaker
from tests.fakes.payment_store import shard_of
from tests.payments import order
from tests.unit.payments.platform import CLIENT, Killed, Platform, not_applied


def answer_lost(debit: Callable[[], str]) -> str:
    debit()
    raise DebitUnconfirmed


def request_lost(_: Callable[[], str]) -> str:
    raise DebitUnconfirmed


def killed_before(_: Callable[[], str]) -> str:
    raise Killed


def killed_after(debit: Callable[[], str]) -> str:
    debit()
    raise Killed


@pytest.fixture
def platform() -> Platform:
    return Platform()


def swept(platform: Platform) -> Sweep:
    return swept_for(platform, 20.0)


def swept_for(platform: Platform, duration_s: float, *meanwhile: Callable[[], object]) -> Sweep:
    """Sweep for a time, in which something else happens at each pause."""
    seconds, rest = ManualSeconds(), list(meanwhile)

    def pause(pause_s: float) -> None:
        platform.pauses.append(pause_s)
        seconds.sleep(pause_s)
        platform.wait(seconds=pause_s)
        if rest:
            rest.pop(0)()

    sweeper = replace(platform.sweeper, sleep=pause)
    return sweeper.sweep(Attempt("sweep-1", Deadline.after(duration_s, seconds)))


def key_in(*shards: int) -> str:
    """Return the key of a payment that is in one of these shards."""
    return next(key for key in map(str, count()) if shard_of(f"pay_{key}") in shards)


def tried_once(platform: Platform) -> Attempt:
    """An attempt whose time is over after one pass."""
    return Attempt("sweep-1", Deadline.after(2.0, ManualSeconds()))


def test_a_debit_whose_answer_was_lost_is_found_in_the_ledger(platform: Platform) -> None:
    platform.gateway.faults.append(answer_lost)
    left = platform.pay()
    sweep = swept(platform)

    assert left.status is PaymentStatus.PROCESSING
    assert sweep.counts[Settlement.COMPLETED] == 1
    assert platform.stored().status is PaymentStatus.COMPLETED
    assert platform.balance == 600
    assert platform.gateway.call_count == 1


def test_what_the_sweeper_has_settled_is_replayed_to_the_client(platform: Platform) -> None:
    platform.gateway.faults.append(answer_lost)
    platform.pay()
    swept(platform)

    again = platform.pay()

    assert again == platform.stored().as_processed()
    assert platform.balance == 600


def test_a_debit_that_never_arrived_is_asked_for_again(platform: Platform) -> None:
    platform.gateway.faults.append(request_lost)
    platform.pay()
    sweep = swept(platform)

    assert sweep.counts[Settlement.RESUMED] == 1
    assert platform.stored().status is PaymentStatus.COMPLETED
    assert platform.balance == 600


def test_a_refusal_whose_answer_was_lost_is_a_refusal(platform: Platform) -> None:
    def refusal_lost(debit: Callable[[], str]) -> str:
        with pytest.raises(Exception, match="cannot cover"):
            debit()
        raise DebitUnconfirmed

    platform.gateway.faults.append(refusal_lost)
    platform.pay(amount_minor=5000)
    sweep = swept(platform)

    assert sweep.counts[Settlement.DECLINED] == 1
    assert platform.stored().status is PaymentStatus.FAILED
    assert platform.stored().failure is not None
    assert platform.balance == 1000


@pytest.mark.parametrize("killed", [killed_before, killed_after])
def test_who_died_at_work_has_its_lease_out_and_is_then_made_good(
    platform: Platform, killed: Callable[[Callable[[], str]], str]
) -> None:
    platform.gateway.faults.append(killed)
    with pytest.raises(Killed):
        platform.pay()
    early = swept(platform)
    platform.wait(seconds=LEASE_FOR.total_seconds())
    swept(platform)

    assert early.looked == 0
    assert platform.stored().status is PaymentStatus.COMPLETED
    assert platform.balance == 600


def test_while_the_circuit_is_open_nothing_is_asked_for_and_nothing_is_written(
    platform: Platform,
) -> None:
    platform.gateway.faults.append(request_lost)
    platform.pay()
    platform.force(Signal.FORCED_OPEN)
    before = platform.stored()

    sweep = platform.sweeper.sweep(tried_once(platform))

    assert sweep.counts[Settlement.LEFT] == 1
    assert platform.stored() == before
    assert platform.gateway.call_count == 1


def test_while_the_circuit_is_open_what_was_debited_is_settled_all_the_same(
    platform: Platform,
) -> None:
    platform.gateway.faults.append(answer_lost)
    platform.pay()
    platform.force(Signal.FORCED_OPEN)
    swept(platform)

    assert platform.stored().status is PaymentStatus.COMPLETED


def test_a_debit_that_breaks_the_wallets_is_asked_for_once_in_a_sweep(platform: Platform) -> None:
    """Or it would open the circuit, and then be the probe, time and again."""
    platform.gateway.faults += [request_lost] * 9
    platform.pay()
    before = platform.gateway.call_count

    sweep = swept(platform)

    assert platform.gateway.call_count == before + 1
    assert sweep.counts[Settlement.LEFT] == 1
    assert len(platform.pauses) > 1


def test_a_debit_that_arrives_late_is_found_by_the_sweep_that_asked_for_it(
    platform: Platform,
) -> None:
    def answer_late(debit: Callable[[], str]) -> str:
        late.append(debit)
        raise DebitUnconfirmed

    late: list[Callable[[], str]] = []
    platform.gateway.faults += [request_lost, answer_late]
    platform.pay()

    def arrives() -> None:
        late.pop()()

    sweep = swept_for(platform, 20.0, arrives)

    assert sweep.counts[Settlement.COMPLETED] == 1
    assert platform.balance == 600


def test_a_sweep_stays_with_what_is_left_until_the_outage_is_over(platform: Platform) -> None:
    platform.gateway.faults += [request_lost, not_applied, not_applied]
    platform.pay()

    sweep = swept(platform)

    assert len(platform.pauses) == 2
    assert sweep.counts[Settlement.RESUMED] == 1
    assert sweep.counts[Settlement.LEFT] == 0


def test_a_ledger_that_cannot_be_read_decides_nothing(platform: Platform) -> None:
    platform.gateway.faults.append(answer_lost)
    platform.pay()
    platform.journal.fault = LedgerBusy()

    sweep = platform.sweeper.sweep(tried_once(platform))

    assert sweep.counts[Settlement.LEFT] == 1
    assert platform.stored().status is PaymentStatus.PROCESSING


def test_a_payment_that_nobody_processes_is_cancelled_after_a_day(platform: Platform) -> None:
    platform.payments.create(order("k1", CLIENT))
    platform.clock.advance(PENDING_FOR - timedelta(seconds=1))
    early = swept(platform)
    platform.wait(seconds=1)
    sweep = swept(platform)

    assert early.looked == 0
    assert sweep.counts[Settlement.EXPIRED] == 1
    assert platform.stored().status is PaymentStatus.CANCELLED


def test_a_payment_of_yesterday_is_not_processed_before_the_sweeper_comes(
    platform: Platform,
) -> None:
    platform.gateway.faults.append(not_applied)
    with pytest.raises(WalletUnavailable):
        platform.pay()
    platform.clock.advance(PENDING_FOR)

    with pytest.raises(InvalidState, match="24 hours"):
        platform.pay()

    assert platform.balance == 1000


def test_two_sweepers_and_a_client_settle_a_payment_once(platform: Platform) -> None:
    def swept_meanwhile(debit: Callable[[], str]) -> str:
        platform.wait(seconds=LEASE_FOR.total_seconds())
        swept(platform)
        return debit()

    platform.gateway.faults += [request_lost, swept_meanwhile]
    platform.pay()
    swept(platform)

    assert platform.stored().status is PaymentStatus.COMPLETED
    assert platform.balance == 600


def lost(platform: Platform, key: str = "k1") -> Payment:
    """Leave a payment behind whose debit was posted, and whose maker has not heard of it."""
    platform.gateway.faults.append(answer_lost)
    return platform.pay(key, amount_minor=100)


def not_heard(platform: Platform, key: str = "k1") -> Payment:
    """Leave a payment behind whose debit never arrived."""
    platform.gateway.faults.append(request_lost)
    return platform.pay(key, amount_minor=100)


@pytest.mark.parametrize("error", [ValueError("no time"), ObjectNotFound(), AssertionError()])
def test_a_payment_that_cannot_be_looked_after_is_in_nobodys_way(
    platform: Platform, error: Exception
) -> None:
    broken, others = lost(platform, "first"), [lost(platform, key) for key in ("k2", "k3", "k4")]
    platform.store.unreadable[broken.id] = error

    sweep = swept(platform)

    assert sweep.counts[Settlement.STUCK] == 1
    assert sweep.counts[Settlement.COMPLETED] == len(others)
    assert platform.watch.failures == [(PaymentKey(CLIENT, broken.id), error)]
    assert sweep.errors == []


def test_what_fails_in_the_middle_of_its_debit_is_in_nobodys_way_either(
    platform: Platform,
) -> None:
    def forbidden(_: Callable[[], str]) -> str:
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

    def together(debit: Callable[[], str]) -> str:
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
    lanes = [replace(platform.payments, wallets=slow)]
    platform.sweeper = replace(platform.sweeper, lanes=lanes)

    sweep = swept_for(platform, 6.7)

    assert sweep.counts[Settlement.LEFT] == 1
    assert platform.stored() == before


def test_a_payment_whose_outcome_is_open_never_expires(platform: Platform) -> None:
    not_heard(platform)
    platform.force(Signal.FORCED_OPEN)
    platform.clock.advance(3 * PENDING_FOR)
    in_the_outage = platform.sweeper.sweep(tried_once(platform))
    still_open = platform.stored()
    platform.force(Signal.FORCED_CLOSED)
    after_it = swept(platform)

    assert in_the_outage.counts[Settlement.LEFT] == 1
    assert still_open.status is PaymentStatus.PROCESSING
    assert after_it.counts[Settlement.RESUMED] == 1
    assert platform.stored().status is PaymentStatus.COMPLETED
    assert platform.balance == 900
