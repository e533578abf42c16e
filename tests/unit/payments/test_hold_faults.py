"""Ends of a hold that nobody hears of, that somebody dies over, or that time brings."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from evenkeel.errors import (
    Declined,
    InvalidState,
    OutcomeUnknown,
    RequestInProgress,
    StoreBusy,
    StoreUnconfirmed,
    TransferUnconfirmed,
)
from evenkeel.ledger.commands import Posted
from evenkeel.payments.ending import EndingKind
from evenkeel.payments.lane import Settlement
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import HOLD_FOR, HOLD_GRACE
from evenkeel.payments.ports import Begun
from evenkeel.payments.states import PaymentStatus
from evenkeel.wallets.model import WalletAction
from tests.fakes.guard import attempt
from tests.unit.payments.holding import Ask, End, capture, stand, void
from tests.unit.payments.platform import CLIENT, Killed, Platform, not_applied
from tests.unit.payments.sweeps import answer_lost, killed_after, killed_before, request_lost, swept


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("fault", [request_lost, answer_lost])
@pytest.mark.parametrize(
    ("end", "status"), [(capture, PaymentStatus.COMPLETED), (void, PaymentStatus.CANCELLED)]
)
def test_an_end_that_nobody_has_heard_of_is_open_and_settled_by_the_sweeper(
    platform: Platform, end: End, status: PaymentStatus, fault: Callable[[Ask], Posted]
) -> None:
    platform.gateway.faults.append(fault)

    answer = end(platform)
    assert (answer.cause, answer.payment.status) == (
        TransferUnconfirmed.code,
        PaymentStatus.AUTHORIZED,
    )

    sweep = swept(platform)
    assert sweep.counts[Settlement.LEFT] == 0
    assert (platform.stored().status, platform.stored().due_at) == (status, None)
    assert end(platform).payment == platform.stored()


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("killed", [killed_before, killed_after])
@pytest.mark.parametrize(
    ("end", "status"), [(capture, PaymentStatus.COMPLETED), (void, PaymentStatus.CANCELLED)]
)
def test_who_dies_ending_a_hold_leaves_it_to_the_sweeper(
    platform: Platform, end: End, status: PaymentStatus, killed: Callable[[Ask], Posted]
) -> None:
    platform.gateway.faults.append(killed)
    with pytest.raises(Killed):
        end(platform)
    with pytest.raises(RequestInProgress):
        end(platform)

    assert swept(platform).looked == 0  # It is leased still.
    platform.wait(seconds=LEASE_FOR.total_seconds())
    swept(platform)
    assert platform.stored().status is status


@pytest.mark.usefixtures("held")
def test_the_end_that_came_first_is_the_end_whatever_is_asked_for_later(
    platform: Platform,
) -> None:
    platform.gateway.faults.append(killed_after)
    with pytest.raises(Killed):
        capture(platform, 150)
    platform.wait(seconds=LEASE_FOR.total_seconds())

    with pytest.raises(InvalidState) as caught:
        void(platform)
    assert caught.value.status is PaymentStatus.COMPLETED
    assert platform.stored().captured_minor == 150
    assert capture(platform, 150).replayed


@pytest.mark.usefixtures("held")
def test_a_capture_after_a_void_that_nobody_has_heard_of_is_too_late(platform: Platform) -> None:
    platform.gateway.faults.append(answer_lost)
    void(platform)

    with pytest.raises(InvalidState) as caught:
        capture(platform)
    assert caught.value.status is PaymentStatus.CANCELLED


@pytest.mark.usefixtures("held")
def test_an_end_that_may_be_under_way_is_not_given_back(platform: Platform) -> None:
    platform.gateway.faults += [request_lost, not_applied]
    capture(platform, 150)

    answer = capture(platform, 150)

    assert answer.is_open
    ending = platform.stored().ending
    assert ending is not None
    assert (ending.kind, ending.attempts) == (EndingKind.CAPTURE, 2)
    assert ending.open_since == platform.clock()


@pytest.mark.usefixtures("held")
def test_an_end_that_somebody_died_over_is_not_given_back(platform: Platform) -> None:
    platform.gateway.faults += [killed_before, not_applied]
    with pytest.raises(Killed):
        capture(platform, 150)
    platform.wait(seconds=LEASE_FOR.total_seconds())

    assert capture(platform, 150).is_open
    assert platform.stored().ending is not None


@pytest.mark.usefixtures("held")
def test_what_somebody_died_over_cannot_arrive_any_more_after_the_lease(
    platform: Platform,
) -> None:
    platform.gateway.faults.append(killed_before)
    with pytest.raises(Killed):
        capture(platform, 150)
    platform.wallets.act(CLIENT, platform.wallet_id, WalletAction.FREEZE)
    platform.wait(seconds=LEASE_FOR.total_seconds())

    with pytest.raises(Declined):
        capture(platform, 150)
    assert platform.stored().ending is None


@pytest.mark.usefixtures("held")
def test_it_is_the_latest_attempt_that_may_still_arrive(platform: Platform) -> None:
    platform.gateway.faults += [request_lost, request_lost]
    capture(platform, 150)
    platform.wait(seconds=20)
    capture(platform, 150)
    platform.wallets.act(CLIENT, platform.wallet_id, WalletAction.FREEZE)
    platform.wait(seconds=20)

    assert capture(platform, 150).is_open
    platform.wait(seconds=10)
    with pytest.raises(Declined):
        capture(platform, 150)


@pytest.mark.usefixtures("held")
def test_a_capture_that_a_freeze_keeps_open_is_asked_for_once_in_a_sweep(
    platform: Platform,
) -> None:
    platform.gateway.faults.append(request_lost)
    capture(platform, 150)
    platform.wallets.act(CLIENT, platform.wallet_id, WalletAction.FREEZE)
    asked = platform.gateway.call_count

    sweep = swept(platform)

    assert platform.gateway.call_count == asked + 1
    assert sweep.counts == {Settlement.LEFT: 1}


@pytest.mark.usefixtures("held")
def test_an_expiry_takes_nothing_from_what_a_client_has_asked_for(platform: Platform) -> None:
    platform.gateway.faults.append(request_lost)
    capture(platform, 150)

    with pytest.raises(RequestInProgress):
        platform.desk.holds.expire(platform.stored(), attempt("sweep"))
    ending = platform.stored().ending
    assert ending is not None
    assert ending.kind is EndingKind.CAPTURE


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("end", [capture, void])
def test_a_begin_whose_answer_was_lost_is_known_again(
    platform: Platform, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, lost = platform.store.begin_ending, iter([True])

    def lossy(*wish: Any) -> Begun:
        begun = begin(*wish)
        if next(lost, False):
            raise StoreUnconfirmed
        return begun

    monkeypatch.setattr(platform.store, "begin_ending", lossy)

    assert end(platform).payment.due_at is None
    assert platform.gateway.call_count == 2  # The hold, and its end.


@pytest.mark.usefixtures("held")
def test_a_refusal_decides_nothing_while_an_earlier_capture_may_still_arrive(
    platform: Platform,
) -> None:
    platform.gateway.faults.append(request_lost)
    capture(platform, 150)
    platform.wallets.act(CLIENT, platform.wallet_id, WalletAction.FREEZE)

    refused = capture(platform, 150)
    assert (refused.cause, refused.payment.status) == ("wallet_frozen", PaymentStatus.AUTHORIZED)
    assert platform.stored().ending is not None

    platform.wait(seconds=LEASE_FOR.total_seconds())
    with pytest.raises(Declined):
        capture(platform, 150)
    assert platform.stored().ending is None


@pytest.mark.usefixtures("held")
def test_a_capture_from_a_frozen_wallet_is_not_asked_for_for_ever(platform: Platform) -> None:
    platform.gateway.faults.append(request_lost)
    capture(platform)
    platform.wallets.act(CLIENT, platform.wallet_id, WalletAction.FREEZE)
    platform.wait(seconds=LEASE_FOR.total_seconds())

    swept(platform)

    assert (platform.stored().status, platform.stored().ending) == (PaymentStatus.AUTHORIZED, None)
    assert void(platform).payment.status is PaymentStatus.CANCELLED


@pytest.mark.usefixtures("held")
def test_a_hold_lasts_for_seven_days_and_never_less(platform: Platform) -> None:
    platform.wait(seconds=(HOLD_FOR + HOLD_GRACE - timedelta(seconds=1)).total_seconds())
    assert swept(platform).looked == 0

    platform.wait(seconds=1)
    sweep = swept(platform)

    assert sweep.counts[Settlement.EXPIRED] == 1
    assert platform.stored().status is PaymentStatus.CANCELLED
    assert platform.stored().history[-1].event == "expired"
    assert stand(platform) == (1000, 1000)


@pytest.mark.usefixtures("held")
def test_a_hold_that_was_captured_unheard_does_not_expire(platform: Platform) -> None:
    platform.gateway.faults.append(answer_lost)
    capture(platform, 150)
    platform.wait(seconds=(HOLD_FOR + HOLD_GRACE).total_seconds())

    swept(platform)

    assert (platform.stored().status, platform.stored().captured_minor) == (
        PaymentStatus.COMPLETED,
        150,
    )


@pytest.mark.usefixtures("held")
def test_a_hold_whose_expiry_cannot_be_asked_for_waits(platform: Platform) -> None:
    platform.wait(seconds=(HOLD_FOR + HOLD_GRACE).total_seconds())
    platform.gateway.faults.append(not_applied)

    sweep = swept(platform)

    assert sweep.counts[Settlement.EXPIRED] == 1  # In its next pass.
    assert stand(platform) == (1000, 1000)


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("error", [StoreBusy(), StoreUnconfirmed()], ids=repr)
def test_an_end_that_could_not_be_recorded_is_found_by_the_next_attempt(
    platform: Platform, error: Exception
) -> None:
    def then_the_table_fails(ask: Ask) -> Posted:
        posted = ask()
        platform.store.save_fault = error
        return posted

    platform.gateway.faults.append(then_the_table_fails)
    with pytest.raises(OutcomeUnknown):
        capture(platform)
    platform.store.save_fault = None
    platform.wait(seconds=LEASE_FOR.total_seconds())

    assert capture(platform).payment.status is PaymentStatus.COMPLETED
    assert stand(platform) == (600, 600)
