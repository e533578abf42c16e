"""A sweep of a payment with several open refunds: none of them is in the way of another."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from evenkeel.clock import Deadline
from evenkeel.errors import Declined, LedgerBusy, TransferUnconfirmed
from evenkeel.ledger.commands import Posted
from evenkeel.ledger.transfer import Record
from evenkeel.payments.answers import Attempt
from evenkeel.payments.lane import ATTEMPT_COUNT_TOLD, Settlement
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.refunding import RefundOrder, RefundStatus
from evenkeel.resilience.circuit import Signal
from evenkeel.wallets.model import WalletAction
from tests import requests
from tests.fakes.clock import ManualSeconds
from tests.fakes.guard import attempt
from tests.unit.payments.platform import (
    CLIENT,
    InMemoryJournal,
    Killed,
    Platform,
    not_applied,
)
from tests.unit.payments.sweeps import (
    answer_lost,
    killed_before,
    request_lost,
    swept,
    swept_for,
)

Ask = Callable[[], Posted]


@pytest.fixture(autouse=True)
def paid(platform: Platform) -> None:
    platform.pay()


class BusyJournal:
    """A journal whose every look takes its time, in which something may happen."""

    def __init__(self, journal: InMemoryJournal, *meanwhile: Callable[[], object]) -> None:
        self._journal = journal
        self._meanwhile = list(meanwhile)

    def record(self, client_id: str, transfer_id: str) -> Record | None:
        if self._meanwhile:
            self._meanwhile.pop(0)()
        return self._journal.record(client_id, transfer_id)


def refund(platform: Platform, key: str) -> None:
    platform.desk.refunds.refund(
        PaymentKey(CLIENT, "pay_k1"),
        RefundOrder(f"ref_{key}", "same", 50),
        attempt(f"f{platform.next_number}"),
    )


def left_open(platform: Platform, **fates: Callable[[Ask], Posted]) -> None:
    """Begin refunds of which nobody hears, each with its fate."""
    for key, fate in fates.items():
        platform.gateway.faults.append(fate)
        refund(platform, key)


def status(platform: Platform, key: str) -> RefundStatus:
    return platform.stored().refunds[f"ref_{key}"].status


def test_a_refund_that_breaks_the_wallets_each_time_is_in_no_others_way(
    platform: Platform,
) -> None:
    left_open(platform, a=request_lost)
    for _ in range(ATTEMPT_COUNT_TOLD):
        platform.gateway.faults.append(request_lost)
        swept_for(platform, 2.0)
    assert isinstance(platform.watch.failures[-1][-1], TransferUnconfirmed)
    left_open(platform, b=answer_lost, c=request_lost)
    platform.gateway.faults += [request_lost, not_applied]  # For the first one, and the last.

    sweep = swept(platform)

    assert sweep.counts[Settlement.STUCK] == 1
    assert (status(platform, "b"), status(platform, "c")) == (
        RefundStatus.SUCCEEDED,
        RefundStatus.SUCCEEDED,
    )


def test_what_the_ledger_knows_is_settled_at_once_though_the_wallets_cannot_be_asked(
    platform: Platform,
) -> None:
    left_open(platform, a=request_lost, b=answer_lost, c=answer_lost, d=answer_lost)
    platform.force(Signal.FORCED_OPEN)

    sweep = swept_for(platform, 2.0)

    assert sweep.counts == {Settlement.COMPLETED: 3, Settlement.LEFT: 1}
    assert status(platform, "a") is RefundStatus.PENDING
    assert platform.stored().refunded_minor == 150


def test_a_refund_that_is_refused_now_leaves_the_others_to_the_same_visit(
    platform: Platform,
) -> None:
    left_open(platform, a=request_lost, b=answer_lost)
    rest = platform.balance
    platform.wallets.move(requests.debit("rest", platform.wallet_id, rest, CLIENT))
    platform.wallets.act(CLIENT, platform.wallet_id, WalletAction.CLOSE)

    swept_for(platform, 2.0)

    assert status(platform, "a") is RefundStatus.FAILED
    assert status(platform, "b") is RefundStatus.SUCCEEDED
    with pytest.raises(Declined):
        refund(platform, "a")


def test_a_refund_in_somebodys_hands_is_left_to_them_and_holds_up_nobody(
    platform: Platform,
) -> None:
    left_open(platform, a=answer_lost)
    platform.gateway.faults.append(killed_before)
    with pytest.raises(Killed):
        refund(platform, "b")
    asked = platform.gateway.call_count

    sweep = swept_for(platform, 2.0)
    assert sweep.counts == {Settlement.COMPLETED: 1}
    assert status(platform, "a") is RefundStatus.SUCCEEDED
    assert (status(platform, "b"), platform.gateway.call_count) == (RefundStatus.PENDING, asked)

    platform.wait(seconds=LEASE_FOR.total_seconds())
    swept(platform)
    assert status(platform, "b") is RefundStatus.SUCCEEDED


def test_a_refund_whose_record_cannot_be_read_is_in_no_others_way(platform: Platform) -> None:
    left_open(platform, a=answer_lost, b=answer_lost)
    platform.journal.fault = ValueError("no such kind of transfer")

    sweep = swept(platform)

    assert sweep.counts == {Settlement.STUCK: 1, Settlement.COMPLETED: 1}
    assert (status(platform, "a"), status(platform, "b")) == (
        RefundStatus.PENDING,
        RefundStatus.SUCCEEDED,
    )


def test_an_error_that_nobody_expects_at_one_refund_leaves_the_others_to_the_same_sweep(
    platform: Platform,
) -> None:
    def broken(_: Ask) -> Posted:
        raise ZeroDivisionError

    left_open(platform, a=request_lost, b=request_lost)
    platform.gateway.faults += [broken, not_applied]

    sweep = swept(platform)

    assert sweep.counts == {Settlement.STUCK: 1, Settlement.RESUMED: 1}
    assert status(platform, "b") is RefundStatus.SUCCEEDED
    (_, transfer_id, error) = platform.watch.failures[-1]
    assert transfer_id == platform.stored().refunds["ref_a"].transfer_id
    assert isinstance(error, ZeroDivisionError)


@pytest.mark.parametrize("turn", [0, 1])
def test_a_refund_that_loses_a_race_with_another_is_settled_in_the_same_sweep(
    platform: Platform, turn: int
) -> None:
    left_open(platform, a=answer_lost, b=answer_lost)
    quiet = [lambda: None] * turn
    busy = BusyJournal(platform.journal, *quiet, lambda: refund(platform, "c"))
    platform.sweeper = replace(platform.sweeper, journal=busy)

    swept(platform)

    assert {status(platform, key) for key in "abc"} == {RefundStatus.SUCCEEDED}


@pytest.mark.parametrize(
    ("fate", "counts"),
    [
        (answer_lost, {Settlement.COMPLETED: 2, Settlement.LEFT: 1}),
        (request_lost, {Settlement.LEFT: 1}),
    ],
)
def test_a_visit_ends_with_the_time_of_its_sweep(
    platform: Platform, fate: Callable[[Ask], Posted], counts: dict[Settlement, int]
) -> None:
    left_open(platform, a=fate, b=fate, c=fate)
    seconds, looked = ManualSeconds(), len(platform.journal.asked)
    slow = BusyJournal(platform.journal, *[lambda: seconds.sleep(3.0)] * 3)

    sweeper = replace(platform.sweeper, journal=slow)
    sweep = sweeper.sweep(Attempt("sweep-1", Deadline.after(5.0, seconds)))

    assert sweep.counts == counts
    assert len(platform.journal.asked) == looked + 2
    assert status(platform, "c") is RefundStatus.PENDING


def test_a_ledger_that_cannot_be_read_is_not_asked_for_each_refund(platform: Platform) -> None:
    left_open(platform, a=answer_lost, b=answer_lost, c=answer_lost)
    platform.journal.fault = LedgerBusy()

    sweep = swept_for(platform, 2.0)

    assert sweep.counts == {Settlement.LEFT: 1}
    assert len(platform.journal.asked) == 1
