import pytest

from evenkeel.errors import StoreBusy, StoreUnconfirmed, WalletUnavailable
from evenkeel.payments.model import PENDING_FOR, PaymentStatus
from evenkeel.payments.ports import WaitingPayment
from evenkeel.resilience.circuit import Signal
from tests.fakes.guard import attempt
from tests.unit.payments.platform import CLIENT, Platform, not_applied


@pytest.fixture
def platform() -> Platform:
    return Platform()


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
