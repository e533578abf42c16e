from collections.abc import Callable
from dataclasses import replace

import pytest

from evenkeel.errors import ObjectNotFound, StoreBusy, StoreUnconfirmed, WalletUnavailable
from evenkeel.ledger.commands import Posted
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import PENDING_FOR, QUEUED_FOR
from evenkeel.payments.ports import WaitingPayment
from evenkeel.payments.states import PaymentStatus
from evenkeel.resilience.circuit import Signal
from tests import requests
from tests.fakes.guard import attempt
from tests.unit.payments.platform import CLIENT, Killed, Platform, not_applied


@pytest.fixture
def waiting(platform: Platform) -> WaitingPayment:
    platform.gateway.faults.append(not_applied)
    platform.pay(may_wait=True)
    [(waiting, _)] = platform.queue.waiting
    platform.queue.waiting.clear()
    return waiting


def worked(platform: Platform, waiting: WaitingPayment) -> None:
    platform.worker.work(waiting, attempt("worker-1"))


def test_a_client_that_may_wait_is_queued_instead_of_refused(platform: Platform) -> None:
    platform.gateway.faults.append(not_applied)
    payment = platform.pay(may_wait=True)
    [(waiting, delay_s)] = platform.queue.waiting

    assert payment.status is PaymentStatus.PENDING
    assert waiting == WaitingPayment(CLIENT, payment.id, platform.wallet_id)
    assert delay_s == 7.0


def test_a_client_that_may_not_wait_is_told_when_to_come_again(platform: Platform) -> None:
    platform.gateway.faults.append(not_applied)
    with pytest.raises(WalletUnavailable) as raised:
        platform.pay()

    assert raised.value.retry_after_s == 7.0
    assert platform.queue.waiting == []
    assert platform.stored().status is PaymentStatus.PENDING


@pytest.mark.parametrize("fault", [StoreBusy(), StoreUnconfirmed()], ids=repr)
def test_a_queue_that_may_not_have_it_promises_nothing(
    platform: Platform, fault: Exception
) -> None:
    platform.gateway.faults.append(not_applied)

    class Failing:
        def put(self, waiting: WaitingPayment, *, delay_s: float) -> None:
            raise fault

    platform.queue = Failing()  # type: ignore[assignment]

    with pytest.raises(WalletUnavailable):
        platform.pay(may_wait=True)


def test_what_waits_is_debited_once_however_often_it_comes(
    platform: Platform, waiting: WaitingPayment
) -> None:
    for _ in range(3):
        worked(platform, waiting)

    assert platform.stored().status is PaymentStatus.COMPLETED
    assert platform.balance == 600
    assert platform.queue.waiting == []


def test_what_cannot_be_debited_yet_goes_back_with_a_delay(
    platform: Platform, waiting: WaitingPayment
) -> None:
    platform.gateway.faults.append(not_applied)
    worked(platform, waiting)

    assert platform.queue.waiting == [(waiting, 8.5)]


def test_an_open_circuit_costs_no_write(platform: Platform, waiting: WaitingPayment) -> None:
    before = platform.stored()
    platform.force(Signal.FORCED_OPEN)
    worked(platform, waiting)

    assert platform.stored() == before
    assert [each for each, _ in platform.queue.waiting] == [waiting]


def test_a_message_stays_away_for_as_long_as_the_circuit_says(
    platform: Platform, waiting: WaitingPayment
) -> None:
    platform.force(Signal.FORCED_OPEN)
    worked(platform, waiting)

    assert platform.queue.waiting == [(waiting, 31.5)]


def test_a_batch_that_has_used_up_its_time_puts_the_rest_back_unclaimed(
    platform: Platform, waiting: WaitingPayment
) -> None:
    before = platform.stored()
    guard = platform.payments.wallets
    slow = replace(guard, retry=replace(guard.retry, attempt_s_max=20.1))
    worker = replace(platform.worker, payments=replace(platform.payments, wallets=slow))
    worker.work(waiting, attempt("worker-1"))

    assert platform.queue.waiting == [(waiting, 3.5)]
    assert platform.stored() == before


@pytest.mark.parametrize("fault", [StoreBusy(), StoreUnconfirmed()], ids=repr)
def test_a_payment_that_cannot_be_claimed_goes_back_and_is_debited_later(
    platform: Platform, waiting: WaitingPayment, fault: Exception
) -> None:
    platform.store.save_fault = fault
    worked(platform, waiting)
    put_back = platform.queue.waiting.copy()
    before = platform.balance
    platform.store.save_fault = None
    worked(platform, waiting)

    assert put_back == [(waiting, 3.5)]
    assert before == 1000
    assert platform.balance == 600
    assert platform.stored().status is PaymentStatus.COMPLETED


def test_a_payment_that_cannot_be_read_goes_back(
    platform: Platform, waiting: WaitingPayment
) -> None:
    platform.store.unreadable[waiting.payment_id] = StoreBusy()
    worked(platform, waiting)

    assert platform.queue.waiting == [(waiting, 3.5)]


def test_a_debit_that_could_not_be_recorded_goes_back_and_is_not_made_twice(
    platform: Platform, waiting: WaitingPayment
) -> None:
    def then_the_table_fails(debit: Callable[[], Posted]) -> Posted:
        transfer_id = debit()
        platform.store.save_fault = StoreBusy()
        return transfer_id

    platform.gateway.faults.append(then_the_table_fails)
    worked(platform, waiting)
    platform.store.save_fault = None
    worked(platform, waiting)  # It still has its lease.
    in_between = platform.stored()
    platform.wait(seconds=LEASE_FOR.total_seconds())
    worked(platform, waiting)

    assert platform.queue.waiting == [(waiting, 3.5), (waiting, 3.5)]
    assert in_between.status is PaymentStatus.PROCESSING
    assert platform.stored().status is PaymentStatus.COMPLETED
    assert platform.balance == 600


def test_a_refusal_that_could_not_be_recorded_goes_back_and_stays_a_refusal(
    platform: Platform,
) -> None:
    def then_the_table_fails(debit: Callable[[], Posted]) -> Posted:
        platform.store.save_fault = StoreUnconfirmed()
        return debit()

    platform.gateway.faults.append(not_applied)
    platform.pay(amount_minor=5000, may_wait=True)
    [(waiting, _)] = platform.queue.waiting
    platform.gateway.faults.append(then_the_table_fails)
    worked(platform, waiting)
    platform.store.save_fault = None
    platform.wait(seconds=LEASE_FOR.total_seconds())
    platform.wallets.move(requests.credit("rich", platform.wallet_id, 9000, CLIENT))
    worked(platform, waiting)

    assert platform.stored().status is PaymentStatus.FAILED
    assert len(platform.queue.waiting) == 2


@pytest.mark.parametrize("fault", [StoreBusy(), StoreUnconfirmed()], ids=repr)
def test_a_message_fails_if_it_cannot_be_put_back(
    platform: Platform, waiting: WaitingPayment, fault: Exception
) -> None:
    platform.gateway.faults.append(not_applied)
    platform.queue.fault = fault

    with pytest.raises(type(fault)):
        worked(platform, waiting)


def test_a_message_of_a_payment_that_nobody_knows_fails(platform: Platform) -> None:
    with pytest.raises(ObjectNotFound):
        worked(platform, WaitingPayment(CLIENT, "pay_unknown", platform.wallet_id))

    assert platform.queue.waiting == []


class DyingQueue:
    def put(self, waiting: WaitingPayment, *, delay_s: float) -> None:
        raise Killed


def test_who_dies_as_it_queues_a_payment_leaves_it_to_the_sweeper(platform: Platform) -> None:
    platform.gateway.faults.append(not_applied)
    platform.queue = DyingQueue()  # type: ignore[assignment]
    with pytest.raises(Killed):
        platform.pay(may_wait=True)
    left = platform.stored()
    platform.wait(seconds=LEASE_FOR.total_seconds())
    platform.sweeper.sweep(attempt("sweep-1"))

    assert left.status is PaymentStatus.PROCESSING
    assert platform.stored().status is PaymentStatus.COMPLETED
    assert platform.balance == 600


def test_who_asks_again_for_what_is_queued_adds_no_message(platform: Platform) -> None:
    platform.force(Signal.FORCED_OPEN)
    answers = [platform.pay(may_wait=True).status for _ in range(5)]

    assert answers == [PaymentStatus.PENDING] * 5
    assert len(platform.queue.waiting) == 1


def test_who_asks_again_much_later_adds_one_in_case_the_first_got_lost(
    platform: Platform,
) -> None:
    platform.force(Signal.FORCED_OPEN)
    platform.pay(may_wait=True)
    platform.wait(seconds=QUEUED_FOR.total_seconds() - 1)
    platform.pay(may_wait=True)
    early = len(platform.queue.waiting)
    platform.wait(seconds=1)
    platform.pay(may_wait=True)

    assert (early, len(platform.queue.waiting)) == (1, 2)


def test_what_is_refused_is_done(platform: Platform) -> None:
    platform.gateway.faults.append(not_applied)
    platform.pay(amount_minor=5000, may_wait=True)
    [(waiting, _)] = platform.queue.waiting
    worked(platform, waiting)

    assert platform.stored().status is PaymentStatus.FAILED
    assert len(platform.queue.waiting) == 1


def test_what_has_expired_is_left_alone(platform: Platform, waiting: WaitingPayment) -> None:
    platform.clock.advance(PENDING_FOR)
    worked(platform, waiting)

    assert platform.balance == 1000
    assert platform.queue.waiting == []
