import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from evenkeel import bootstrap
from evenkeel.config import Misconfigured
from evenkeel.entrypoints import heartbeat
from evenkeel.errors import Declined, StoreBusy, TransferUnconfirmed
from evenkeel.ledger.commands import Posted
from evenkeel.ledger.transfer import Decline
from evenkeel.payments.model import PENDING_FOR
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.heartbeat import Heartbeat
from evenkeel.resilience.circuit import Signal
from functions.sweeper import handler as sweeper
from tests.context import Context
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.event_bus import RecordedAlerts
from tests.fakes.report_store import InMemoryRunStore
from tests.unit.logs import Logs
from tests.unit.payments.platform import CLIENT, OPENING_MINOR, Platform, not_applied

EVENT = {"command": "sweep"}


class Hurried(Context):
    """A function that can look once, and then has no time to wait for another look."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 6_500


class Over(Context):
    """A function of whose time nothing is left but what is kept for the end."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 4_000


def answer_lost(debit: Callable[[], Posted]) -> Posted:
    with suppress(Declined):
        debit()
    raise TransferUnconfirmed


def request_lost(_: Callable[[], Posted]) -> Posted:
    raise TransferUnconfirmed


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    platform = Platform()
    monkeypatch.setattr(bootstrap, "sweeper", lambda: platform.sweeper)
    return platform


class Silent:
    """Runs that have come as far as this, or a table that nobody reaches."""

    def __init__(self) -> None:
        self.runs = InMemoryRunStore()
        self.sent = RecordedAlerts()
        self.fault: Exception | None = None

    def heartbeat(self) -> Heartbeat:
        if self.fault is not None:
            raise self.fault
        return Heartbeat(self.runs, self.sent, ManualClock())


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> Silent:
    silent = Silent()
    monkeypatch.setattr(bootstrap, "heartbeat", silent.heartbeat)
    return silent


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    return Logs(monkeypatch, sweeper.logger)


def swept(context: Context | None = None) -> dict[str, Any]:
    return sweeper.handler(EVENT, context or Context())


def test_a_sweep_with_nothing_to_do_says_so(platform: Platform) -> None:
    reply = swept()

    assert reply["looked"] == 0
    assert set(reply.values()) == {0}


def test_a_sweep_is_answered_with_what_has_become_of_how_many(platform: Platform) -> None:
    platform.gateway.faults.append(not_applied)
    platform.pay("expired", may_wait=True)
    platform.wait(seconds=PENDING_FOR.total_seconds())
    too_dear = OPENING_MINOR + 1
    for fault, amount_minor, keys in (
        (answer_lost, 1, ("c1", "c2")),
        (answer_lost, too_dear, ("d1", "d2", "d3")),
        (request_lost, 1, ("r1", "r2", "r3", "r4")),
    ):
        for key in keys:
            platform.gateway.faults.append(fault)
            platform.pay(key, amount_minor)
    reply = swept()

    outcomes = ("expired", "completed", "declined", "resumed", "left")
    assert [reply[name] for name in ("looked", *outcomes)] == [10, 1, 2, 3, 4, 0]
    assert platform.stored("expired").status is PaymentStatus.CANCELLED
    assert {platform.stored(key).status for key in ("d1", "d2", "d3")} == {PaymentStatus.FAILED}
    assert platform.balance == OPENING_MINOR - 6


def test_what_cannot_be_asked_for_yet_is_left(platform: Platform) -> None:
    platform.gateway.faults.append(request_lost)
    platform.pay()
    platform.force(Signal.FORCED_OPEN)
    reply = swept(Hurried())

    assert (reply["looked"], reply["left"]) == (1, 1)
    assert platform.stored().status is PaymentStatus.PROCESSING


def test_a_sweep_stays_within_the_time_of_its_function(platform: Platform) -> None:
    platform.gateway.faults.append(answer_lost)
    platform.pay()
    late, in_time = swept(Over()), swept()

    assert (late["completed"], late["left"]) == (0, 1)
    assert in_time["completed"] == 1


def test_a_debit_that_is_asked_for_again_carries_the_id_of_the_invocation(
    platform: Platform,
) -> None:
    platform.gateway.faults.append(request_lost)
    payment = platform.pay(amount_minor=5000)
    swept()
    record = platform.journal.record(CLIENT, payment.transfer_id_wanted)

    assert isinstance(record, Decline)
    assert record.request_id == Context().aws_request_id


def test_the_answer_is_json(platform: Platform) -> None:
    reply = swept()

    assert json.loads(json.dumps(reply)) == reply


def test_the_log_says_what_the_answer_says(platform: Platform, logs: Logs) -> None:
    platform.gateway.faults.append(answer_lost)
    platform.pay()
    sweeper.logger.append_keys(of_the_one_before="x")
    reply = swept()
    [line] = logs.lines

    assert line["message"] == "swept"
    assert line["request_id"] == "request-1"
    assert {name: line[name] for name in reply} == reply
    assert "of_the_one_before" not in line


def test_a_sweep_that_cannot_begin_is_a_failed_invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    def sweep_of_nobody() -> None:
        raise StoreBusy

    monkeypatch.setattr(bootstrap, "sweeper", sweep_of_nobody)

    with pytest.raises(StoreBusy):
        swept()


def test_a_reconciliation_that_has_stopped_is_told_of_beside_the_sweep(
    platform: Platform, silent: Silent
) -> None:
    silent.runs.until = NOON - timedelta(hours=1)
    reply = swept()

    assert [alert.type for alert in silent.sent.alerts] == ["ReconciliationMissing"]
    assert reply["looked"] == 0


def test_it_is_told_of_even_if_no_sweep_can_begin(
    monkeypatch: pytest.MonkeyPatch, silent: Silent
) -> None:
    silent.runs.until = NOON - timedelta(hours=1)
    monkeypatch.setattr(bootstrap, "sweeper", lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        swept()
    assert len(silent.sent.alerts) == 1


@pytest.mark.parametrize("fault", [StoreBusy(), Misconfigured("no topic")])
def test_a_sweep_is_made_though_nobody_knows_whether_reconciliation_goes_on(
    platform: Platform, silent: Silent, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    of_the_check = Logs(monkeypatch, heartbeat.logger)
    silent.fault = fault
    platform.gateway.faults.append(answer_lost)
    platform.pay()
    reply = swept()

    assert reply["completed"] == 1
    line, _ = of_the_check.lines
    assert (line["level"], line["exception_name"]) == ("ERROR", type(fault).__name__)
