"""Refunds: as requests ask for them, and whatever fails between."""

from collections.abc import Callable
from typing import Any

import pytest

from evenkeel.errors import (
    Declined,
    DeclineReason,
    IdempotencyKeyReused,
    InvalidState,
    ObjectNotFound,
    OutcomeUnknown,
    RequestInProgress,
    StoreBusy,
    StoreUnconfirmed,
    TransferUnconfirmed,
    WalletUnavailable,
)
from evenkeel.ledger.commands import Posted
from evenkeel.payments.answers import Answer
from evenkeel.payments.lane import Settlement
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from evenkeel.payments.ports import Begun, PaymentKey
from evenkeel.payments.refunding import REFUND_COUNT_MAX, RefundOrder, RefundStatus
from evenkeel.payments.states import PaymentStatus
from evenkeel.wallets import requests as wallet_requests
from evenkeel.wallets.model import WalletAction
from tests.fakes.guard import attempt
from tests.payments import order
from tests.requests import asked
from tests.unit.payments.platform import CLIENT, Killed, Platform, not_applied
from tests.unit.payments.sweeps import answer_lost, killed_after, killed_before, request_lost, swept

KEY = PaymentKey(CLIENT, "pay_k1")
Ask = Callable[[], Posted]


@pytest.fixture
def paid(platform: Platform) -> Payment:
    """400 of the 1000 in the wallet."""
    return platform.pay()


def refund(
    platform: Platform, key: str = "a", amount_minor: int | None = None, fingerprint: str = "same"
) -> Answer:
    wanted = RefundOrder(f"ref_{key}", fingerprint, amount_minor, "too salty")
    return platform.desk.refunds.refund(KEY, wanted, attempt(f"f{platform.next_number}"))


def close(platform: Platform) -> None:
    """Empty the wallet and close it: it takes nothing any more."""
    rest = wallet_requests.Amount(platform.balance)
    platform.wallets.move(wallet_requests.debit(asked("rest"), platform.wallet_id, rest))
    platform.wallets.act(CLIENT, platform.wallet_id, WalletAction.CLOSE)


@pytest.mark.usefixtures("paid")
def test_a_part_is_paid_back_and_then_the_rest(platform: Platform) -> None:
    first = refund(platform, "a", 150)
    assert first.refund is not None
    assert first.payment == platform.stored()
    assert first.payment.status is PaymentStatus.PARTIALLY_REFUNDED
    assert (first.payment.refunded_minor, first.payment.refundable_minor) == (150, 250)
    assert (first.refund.status, first.refund.reason) == (RefundStatus.SUCCEEDED, "too salty")
    assert platform.balance == 750

    second = refund(platform, "b")
    assert second.payment.status is PaymentStatus.REFUNDED
    assert (second.payment.refunded_minor, second.payment.due_at) == (400, None)
    assert platform.balance == 1000


@pytest.mark.usefixtures("paid")
def test_a_refund_asked_for_again_answers_the_same_whatever_came_after(platform: Platform) -> None:
    first = refund(platform, "a", 150)
    refund(platform, "b")

    again = refund(platform, "a", 150)

    assert again.replayed
    shown = (again.payment.status, again.payment.version, again.payment.refunded_minor)
    assert shown == (first.payment.status, first.payment.version, 150)
    assert (again.payment.updated_at, again.refund) == (first.payment.updated_at, first.refund)
    assert platform.balance == 1000


@pytest.mark.usefixtures("paid")
def test_a_key_with_other_contents_is_refused(platform: Platform) -> None:
    refund(platform, "a", 150)

    with pytest.raises(IdempotencyKeyReused):
        refund(platform, "a", 151, fingerprint="other")
    assert platform.balance == 750


@pytest.mark.usefixtures("paid")
@pytest.mark.parametrize("amount_minor", [401, 10**15])
def test_no_more_is_paid_back_than_was_captured(platform: Platform, amount_minor: int) -> None:
    with pytest.raises(InvalidState):
        refund(platform, "a", amount_minor)
    refund(platform, "b", 399)
    with pytest.raises(InvalidState) as caught:
        refund(platform, "c", 2)

    assert caught.value.status is PaymentStatus.PARTIALLY_REFUNDED
    assert platform.balance == 999


@pytest.mark.usefixtures("paid")
def test_a_payment_that_is_paid_back_whole_is_not_paid_back_again(platform: Platform) -> None:
    refund(platform, "a")

    for amount_minor in (None, 1):
        with pytest.raises(InvalidState) as caught:
            refund(platform, "b", amount_minor)
        assert caught.value.status is PaymentStatus.REFUNDED


def test_what_was_captured_of_a_hold_is_what_can_be_paid_back(platform: Platform) -> None:
    wanted = order("k1", CLIENT, wallet_id=platform.wallet_id, capture=Capture.MANUAL)
    platform.payments.create_and_process(wanted, attempt("r0"))
    with pytest.raises(InvalidState):
        refund(platform, "a")
    captured = platform.desk.holds.capture(KEY, 150, attempt("c1"))

    assert refund(platform, "a").payment.status is PaymentStatus.REFUNDED
    assert platform.balance == 1000
    again = platform.desk.holds.capture(KEY, 150, attempt("c2"))
    assert (again.payment.status, again.payment.version, again.payment.refunded_minor) == (
        PaymentStatus.COMPLETED,
        captured.payment.version,
        0,
    )


@pytest.mark.parametrize("payment_id", ["pay_nobodys", "wal_x"])
def test_nobodys_payment_is_not_found(platform: Platform, payment_id: str) -> None:
    with pytest.raises(ObjectNotFound):
        platform.desk.refunds.refund(
            PaymentKey(CLIENT, payment_id), RefundOrder("ref_a", "same"), attempt()
        )


@pytest.mark.usefixtures("paid")
def test_a_frozen_wallet_takes_a_refund(platform: Platform) -> None:
    platform.wallets.act(CLIENT, platform.wallet_id, WalletAction.FREEZE)

    assert refund(platform, "a").payment.status is PaymentStatus.REFUNDED


@pytest.mark.usefixtures("paid")
def test_a_refund_that_the_wallet_refuses_has_failed_for_good_and_gives_its_amount_back(
    platform: Platform,
) -> None:
    close(platform)

    for is_again in (False, True):
        with pytest.raises(Declined) as caught:
            refund(platform, "a", 150)
        assert caught.value.reason is DeclineReason.WALLET_CLOSED
        assert (caught.value.payment_id, caught.value.replayed) == ("pay_k1", is_again)
    payment = platform.stored()
    assert payment.refunds["ref_a"].status is RefundStatus.FAILED
    assert (payment.status, payment.refundable_minor) == (PaymentStatus.COMPLETED, 400)
    assert payment.due_at is None


@pytest.mark.usefixtures("paid")
def test_nothing_applied_is_unavailable_and_the_same_key_goes_on(platform: Platform) -> None:
    platform.gateway.faults.append(not_applied)

    with pytest.raises(WalletUnavailable) as caught:
        refund(platform, "a", 150)
    assert caught.value.retry_after_s == 7.0
    assert (platform.stored().refundable_minor, platform.stored().due_at) == (400, None)
    assert platform.stored().told_refunds == []

    with pytest.raises(IdempotencyKeyReused):
        refund(platform, "a", 151, fingerprint="other")
    assert refund(platform, "a", 150).payment.refunded_minor == 150
    assert platform.balance == 750


@pytest.mark.usefixtures("paid")
def test_what_a_released_refund_gave_back_may_be_gone_when_it_comes_again(
    platform: Platform,
) -> None:
    platform.gateway.faults.append(not_applied)
    with pytest.raises(WalletUnavailable):
        refund(platform, "a", 150)
    refund(platform, "b", 300)

    with pytest.raises(InvalidState):
        refund(platform, "a", 150)
    assert platform.balance == 900


@pytest.mark.usefixtures("paid")
@pytest.mark.parametrize("fault", [request_lost, answer_lost])
def test_a_refund_that_nobody_has_heard_of_is_open_and_settled_by_the_sweeper(
    platform: Platform, fault: Callable[[Ask], Posted]
) -> None:
    platform.gateway.faults.append(fault)

    answer = refund(platform, "a", 150)
    assert answer.refund is not None
    assert (answer.cause, answer.refund.status) == (
        TransferUnconfirmed.code,
        RefundStatus.PENDING,
    )
    assert answer.payment.refundable_minor == 250

    sweep = swept(platform)
    assert sweep.counts[Settlement.LEFT] == 0
    assert platform.stored().refunded_minor == 150
    assert (refund(platform, "a", 150).replayed, platform.balance) == (True, 750)


@pytest.mark.usefixtures("paid")
def test_a_refund_that_was_refused_unheard_is_found_to_have_failed(platform: Platform) -> None:
    close(platform)

    def refusal_lost(ask: Ask) -> Posted:
        with pytest.raises(Declined):
            ask()
        raise TransferUnconfirmed

    platform.gateway.faults.append(refusal_lost)
    refund(platform, "a", 150)

    assert swept(platform).counts[Settlement.DECLINED] == 1
    assert platform.stored().refunds["ref_a"].status is RefundStatus.FAILED
    assert platform.stored().refundable_minor == 400


@pytest.mark.usefixtures("paid")
@pytest.mark.parametrize("killed", [killed_before, killed_after])
def test_who_dies_paying_back_leaves_it_to_the_sweeper(
    platform: Platform, killed: Callable[[Ask], Posted]
) -> None:
    platform.gateway.faults.append(killed)
    with pytest.raises(Killed):
        refund(platform, "a", 150)
    with pytest.raises(RequestInProgress):
        refund(platform, "a", 150)

    platform.wait(seconds=LEASE_FOR.total_seconds())
    swept(platform)

    assert (platform.stored().refunded_minor, platform.balance) == (150, 750)


@pytest.mark.usefixtures("paid")
def test_refunds_that_were_left_open_are_settled_all_in_one_sweep(platform: Platform) -> None:
    platform.gateway.faults += [answer_lost, request_lost, answer_lost]
    for key in ("a", "b", "c"):
        refund(platform, key, 100)

    swept(platform)

    assert (platform.stored().refunded_minor, platform.balance) == (300, 900)
    assert platform.stored().due_at is None


@pytest.mark.usefixtures("paid")
def test_the_refund_that_was_left_first_says_when_somebody_must_look(platform: Platform) -> None:
    began_at = platform.clock()
    platform.gateway.faults += [killed_before, killed_before]
    for key in ("a", "b"):
        with pytest.raises(Killed):
            refund(platform, key, 100)
        platform.wait(seconds=10)

    assert platform.stored().due_at == began_at + LEASE_FOR


@pytest.mark.usefixtures("paid")
def test_a_refund_beside_another_one_is_recorded_too(platform: Platform) -> None:
    def meanwhile(ask: Ask) -> Posted:
        refund(platform, "b", 100)
        return ask()

    platform.gateway.faults.append(meanwhile)
    answer = refund(platform, "a", 150)

    assert answer.payment.refunded_minor == 250
    assert platform.stored().refunded_minor == 250
    assert platform.balance == 850


@pytest.mark.usefixtures("paid")
def test_a_refund_that_the_sweeper_has_settled_meanwhile_is_answered_as_it_did(
    platform: Platform,
) -> None:
    def late(ask: Ask) -> Posted:
        posted = ask()
        platform.wait(seconds=LEASE_FOR.total_seconds())
        swept(platform)
        platform.wait(seconds=1)  # Or the two outcomes are the same, to the microsecond.
        return posted

    platform.gateway.faults.append(late)
    answer = refund(platform, "a", 150)

    assert answer.refund is not None
    assert answer.refund.status is RefundStatus.SUCCEEDED
    assert (platform.stored().refunded_minor, platform.balance) == (150, 750)


@pytest.mark.usefixtures("paid")
@pytest.mark.parametrize("error", [StoreBusy(), StoreUnconfirmed()], ids=repr)
def test_a_refund_that_could_not_be_recorded_is_found_by_the_next_attempt(
    platform: Platform, error: Exception
) -> None:
    def then_the_table_fails(ask: Ask) -> Posted:
        posted = ask()
        platform.store.save_fault = error
        return posted

    platform.gateway.faults.append(then_the_table_fails)
    with pytest.raises(OutcomeUnknown):
        refund(platform, "a", 150)
    platform.store.save_fault = None
    platform.wait(seconds=LEASE_FOR.total_seconds())

    assert refund(platform, "a", 150).payment.refunded_minor == 150
    assert platform.balance == 750


@pytest.mark.usefixtures("paid")
def test_a_refund_that_may_be_under_way_is_not_given_back(platform: Platform) -> None:
    platform.gateway.faults += [request_lost, not_applied]
    refund(platform, "a", 150)

    answer = refund(platform, "a", 150)

    assert answer.is_open
    assert (answer.payment.refundable_minor, platform.stored().refundable_minor) == (250, 250)


@pytest.mark.usefixtures("paid")
def test_a_begin_whose_answer_was_lost_is_known_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, lost = platform.store.begin_refund, iter([True])

    def lossy(*wish: Any) -> Begun:
        begun = begin(*wish)
        if next(lost, False):
            raise StoreUnconfirmed
        return begun

    monkeypatch.setattr(platform.store, "begin_refund", lossy)

    assert refund(platform, "a", 150).payment.refunded_minor == 150
    assert platform.balance == 750


@pytest.mark.usefixtures("paid")
def test_of_what_was_not_applied_only_the_oldest_is_forgotten(platform: Platform) -> None:
    for number in range(REFUND_COUNT_MAX):
        platform.gateway.faults.append(not_applied)
        with pytest.raises(WalletUnavailable):
            refund(platform, str(number), 1)
        platform.wait(minutes=5)
    refund(platform, "one-more", 1)

    with pytest.raises(IdempotencyKeyReused):
        refund(platform, "1", 2, fingerprint="other")
    assert refund(platform, "0", 2, fingerprint="other").payment.refunded_minor == 3


@pytest.mark.usefixtures("paid")
def test_each_attempt_at_a_refund_is_counted(platform: Platform) -> None:
    platform.gateway.faults += [request_lost] * 3
    for _ in range(3):
        refund(platform, "a", 150)

    assert platform.stored().refunds["ref_a"].attempts == 3


@pytest.mark.usefixtures("paid")
def test_what_was_not_applied_takes_no_refunds_place(platform: Platform) -> None:
    for number in range(REFUND_COUNT_MAX):
        platform.gateway.faults.append(not_applied)
        with pytest.raises(WalletUnavailable):
            refund(platform, str(number), 1)
        platform.wait(minutes=5)

    assert refund(platform, "one-more", 1).payment.refunded_minor == 1


@pytest.mark.usefixtures("paid")
def test_what_has_happened_is_not_denied_because_nobody_can_read_of_it(
    platform: Platform,
) -> None:
    """Else it would be answered 503, and paid back under another key too."""

    def meanwhile(ask: Ask) -> Posted:
        posted = ask()
        refund(platform, "b", 100)
        platform.store.unreadable["pay_k1"] = StoreBusy()
        return posted

    platform.gateway.faults.append(meanwhile)

    with pytest.raises(OutcomeUnknown):
        refund(platform, "a", 150)
    assert platform.balance == 850


@pytest.mark.usefixtures("paid")
def test_a_payment_has_no_more_refunds_than_it_can_keep(platform: Platform) -> None:
    for number in range(REFUND_COUNT_MAX):
        refund(platform, str(number), 1)

    with pytest.raises(InvalidState):
        refund(platform, "one-more", 1)
    assert refund(platform, "7", 1).replayed
    assert platform.balance == 600 + REFUND_COUNT_MAX


@pytest.mark.usefixtures("paid")
def test_a_refund_that_others_are_faster_than_is_begun_all_the_same(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, faster = platform.store.begin_refund, iter(["b", "c", "d"])

    def slow(*wish: Any) -> Begun:
        other = next(faster, None)
        if other is not None:
            platform.wait(seconds=1)
            with monkeypatch.context() as meanwhile:
                meanwhile.setattr(platform.store, "begin_refund", begin)
                refund(platform, other, 50)
        return begin(*wish)

    monkeypatch.setattr(platform.store, "begin_refund", slow)

    assert refund(platform, "a", 50).payment.refunded_minor == 200
