"""Captures and voids, as requests ask for them."""

import pytest

from evenkeel.errors import (
    Declined,
    DeclineReason,
    InvalidState,
    ObjectNotFound,
    RequestInProgress,
    WalletUnavailable,
)
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.states import PaymentStatus
from evenkeel.wallets.model import WalletAction
from tests.fakes.guard import attempt
from tests.payments import order
from tests.unit.payments.holding import End, capture, stand, void
from tests.unit.payments.platform import CLIENT, Platform, not_applied
from tests.unit.payments.sweeps import request_lost, swept


def test_a_payment_that_is_captured_by_hand_is_authorized_first(
    platform: Platform, held: Payment
) -> None:
    assert held.status is PaymentStatus.AUTHORIZED
    assert (held.authorized_minor, held.captured_minor, held.transfer_id) == (400, 0, None)
    assert stand(platform) == (1000, 600)


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(("asked", "taken"), [(None, 400), (400, 400), (1, 1), (399, 399)])
def test_a_capture_takes_what_it_is_for_and_releases_the_rest(
    platform: Platform, asked: int | None, taken: int
) -> None:
    payment = capture(platform, asked).payment

    assert payment == platform.stored()
    assert (payment.status, payment.captured_minor) == (PaymentStatus.COMPLETED, taken)
    assert payment.authorized_minor == 400
    assert payment.transfer_id is not None
    assert payment.due_at is None
    assert stand(platform) == (1000 - taken, 1000 - taken)


@pytest.mark.usefixtures("held")
def test_a_void_releases_all(platform: Platform) -> None:
    payment = void(platform).payment

    assert payment == platform.stored()
    assert (payment.status, payment.captured_minor) == (PaymentStatus.CANCELLED, 0)
    assert payment.due_at is None
    assert stand(platform) == (1000, 1000)


@pytest.mark.usefixtures("held")
def test_a_capture_asked_again_the_same_answers_the_same(platform: Platform) -> None:
    first = capture(platform, 150)

    for asked in (150, 150):
        again = capture(platform, asked)
        assert (again.payment, again.replayed) == (first.payment, True)
    with pytest.raises(InvalidState) as caught:
        capture(platform)
    assert caught.value.status is PaymentStatus.COMPLETED
    assert stand(platform) == (850, 850)


@pytest.mark.usefixtures("held")
def test_a_void_asked_again_answers_the_same(platform: Platform) -> None:
    first = void(platform)
    again = void(platform)

    assert (again.payment, again.replayed) == (first.payment, True)


@pytest.mark.usefixtures("held")
def test_processing_asked_again_answers_with_the_authorization_whatever_came_after(
    platform: Platform, held: Payment
) -> None:
    capture(platform, 150)
    again = platform.payments.process(CLIENT, held.id, platform.wallet_id, attempt("r9"))

    assert again.replayed
    assert (again.payment.status, again.payment.version) == (held.status, held.version)
    assert (again.payment.captured_minor, again.payment.transfer_id) == (0, None)


@pytest.mark.usefixtures("held")
def test_a_payment_that_was_voided_cannot_be_processed_or_captured(platform: Platform) -> None:
    void(platform)

    with pytest.raises(InvalidState):
        platform.payments.process(CLIENT, "pay_k1", platform.wallet_id, attempt("r9"))
    with pytest.raises(InvalidState) as caught:
        capture(platform)
    assert caught.value.status is PaymentStatus.CANCELLED


@pytest.mark.usefixtures("held")
def test_a_payment_that_was_captured_cannot_be_voided(platform: Platform) -> None:
    capture(platform)

    with pytest.raises(InvalidState) as caught:
        void(platform)
    assert caught.value.status is PaymentStatus.COMPLETED


@pytest.mark.usefixtures("held")
def test_no_more_is_captured_than_was_authorized(platform: Platform) -> None:
    with pytest.raises(InvalidState):
        capture(platform, 401)

    assert stand(platform) == (1000, 600)
    assert platform.stored().ending is None


def test_a_payment_without_a_hold_cannot_be_captured(platform: Platform) -> None:
    platform.payments.create(order("k1", CLIENT, wallet_id=platform.wallet_id))
    with pytest.raises(InvalidState):
        capture(platform)

    platform.payments.process(CLIENT, "pay_k1", platform.wallet_id, attempt("r1"))
    with pytest.raises(InvalidState):
        capture(platform)


def test_a_payment_that_nobody_has_processed_is_voided_without_the_wallets(
    platform: Platform,
) -> None:
    platform.payments.create(order("k1", CLIENT, wallet_id=platform.wallet_id))
    asked = platform.gateway.call_count

    assert void(platform).payment.status is PaymentStatus.CANCELLED
    assert platform.gateway.call_count == asked
    with pytest.raises(InvalidState):
        platform.payments.process(CLIENT, "pay_k1", platform.wallet_id, attempt("r1"))


@pytest.mark.parametrize("end", [capture, void])
def test_a_payment_that_is_being_processed_is_in_progress(platform: Platform, end: End) -> None:
    platform.gateway.faults.append(request_lost)
    platform.pay()

    with pytest.raises(RequestInProgress):
        end(platform)


@pytest.mark.parametrize("payment_id", ["pay_nobodys", "wal_x", "x"])
def test_nobodys_payment_is_not_found(platform: Platform, payment_id: str) -> None:
    key = PaymentKey(CLIENT, payment_id)

    with pytest.raises(ObjectNotFound):
        platform.desk.holds.capture(key, None, attempt())
    with pytest.raises(ObjectNotFound):
        platform.desk.holds.void(key, attempt())


@pytest.mark.usefixtures("held")
def test_a_frozen_wallet_declines_a_capture_for_now_and_lets_its_hold_be_voided(
    platform: Platform,
) -> None:
    platform.wallets.act(CLIENT, platform.wallet_id, WalletAction.FREEZE)

    with pytest.raises(Declined) as caught:
        capture(platform)
    assert (caught.value.reason, caught.value.payment_id) == (
        DeclineReason.WALLET_FROZEN,
        "pay_k1",
    )
    assert platform.stored().status is PaymentStatus.AUTHORIZED
    assert void(platform).payment.status is PaymentStatus.CANCELLED
    assert stand(platform) == (1000, 1000)


@pytest.mark.usefixtures("held")
def test_a_capture_that_was_declined_is_possible_when_the_wallet_thaws(platform: Platform) -> None:
    platform.wallets.act(CLIENT, platform.wallet_id, WalletAction.FREEZE)
    with pytest.raises(Declined):
        capture(platform)
    platform.wallets.act(CLIENT, platform.wallet_id, WalletAction.UNFREEZE)

    assert capture(platform).payment.status is PaymentStatus.COMPLETED


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("end", [capture, void])
def test_nothing_applied_is_unavailable_and_leaves_the_hold_as_it_was(
    platform: Platform, end: End
) -> None:
    platform.gateway.faults.append(not_applied)

    with pytest.raises(WalletUnavailable) as caught:
        end(platform)
    assert caught.value.retry_after_s == 7.0
    assert (platform.stored().status, platform.stored().ending) == (PaymentStatus.AUTHORIZED, None)
    assert end(platform).payment.status in (PaymentStatus.COMPLETED, PaymentStatus.CANCELLED)


@pytest.mark.usefixtures("held")
def test_the_history_tells_every_step(platform: Platform) -> None:
    platform.gateway.faults += [not_applied, request_lost]
    with pytest.raises(WalletUnavailable):
        capture(platform)
    capture(platform)
    swept(platform)

    told = [(change.event, change.detail) for change in platform.stored().history]
    assert told == [
        ("created", None),
        ("claimed", None),
        ("authorized", None),
        ("claimed", "capture"),
        ("released", "transfer_not_applied"),
        ("claimed", "capture"),
        ("left_open", "transfer_unconfirmed"),
        ("claimed", "capture"),
        ("captured", None),
    ]
    versions = [change.version for change in platform.stored().history]
    assert versions == [1, 1, 2, 3, 4, 5, 6, 7, 8]
