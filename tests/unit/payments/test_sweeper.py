"""What a sweep makes of one payment."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from evenkeel.errors import (
    InvalidState,
    LedgerBusy,
    TransferUnconfirmed,
    WalletUnavailable,
)
from evenkeel.ledger.commands import Posted
from evenkeel.payments.lane import ATTEMPT_COUNT_TOLD, Settlement
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import PENDING_FOR
from evenkeel.payments.states import PaymentStatus
from evenkeel.resilience.circuit import Signal
from tests.payments import order
from tests.unit.payments.platform import CLIENT, Killed, Platform, not_applied
from tests.unit.payments.sweeps import (
    answer_lost,
    killed_after,
    killed_before,
    not_heard,
    request_lost,
    swept,
    swept_for,
    tried_once,
)


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
    def refusal_lost(debit: Callable[[], Posted]) -> Posted:
        with pytest.raises(Exception, match="cannot cover"):
            debit()
        raise TransferUnconfirmed

    platform.gateway.faults.append(refusal_lost)
    platform.pay(amount_minor=5000)
    sweep = swept(platform)

    assert sweep.counts[Settlement.DECLINED] == 1
    assert platform.stored().status is PaymentStatus.FAILED
    assert platform.stored().failure is not None
    assert platform.balance == 1000


@pytest.mark.parametrize("killed", [killed_before, killed_after])
def test_who_died_at_work_has_its_lease_out_and_is_then_made_good(
    platform: Platform, killed: Callable[[Callable[[], Posted]], Posted]
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


def test_a_person_is_told_of_a_debit_that_has_broken_the_wallets_many_times(
    platform: Platform,
) -> None:
    platform.gateway.faults += [request_lost] * (ATTEMPT_COUNT_TOLD + 1)
    platform.pay()
    sweeps = [swept(platform) for _ in range(ATTEMPT_COUNT_TOLD - 1)]

    assert [sweep.counts[Settlement.STUCK] for sweep in sweeps] == [0] * (len(sweeps) - 1) + [1]
    assert len(platform.watch.failures) == 1
    assert platform.stored().status is PaymentStatus.PROCESSING


def test_a_debit_that_arrives_late_is_found_by_the_sweep_that_asked_for_it(
    platform: Platform,
) -> None:
    def answer_late(debit: Callable[[], Posted]) -> Posted:
        late.append(debit)
        raise TransferUnconfirmed

    late: list[Callable[[], Posted]] = []
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
    def swept_meanwhile(debit: Callable[[], Posted]) -> Posted:
        platform.wait(seconds=LEASE_FOR.total_seconds())
        swept(platform)
        return debit()

    platform.gateway.faults += [request_lost, swept_meanwhile]
    platform.pay()
    swept(platform)

    assert platform.stored().status is PaymentStatus.COMPLETED
    assert platform.balance == 600


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
