"""What goes wrong in a sweep is a line of the log, and a number in CloudWatch."""

from collections.abc import Callable

import pytest

from evenkeel.adapters.telemetry import sweep_watch
from evenkeel.adapters.telemetry.sweep_watch import LoggingSweepWatch
from evenkeel.payments.ports import PaymentKey, SweepWatch
from tests.unit.logs import Logs

ERROR = ValueError("no time")


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    return Logs(monkeypatch, sweep_watch.logger)


def test_a_payment_that_failed_is_named_with_its_reason(logs: Logs) -> None:
    LoggingSweepWatch().failed(PaymentKey("cli_a", "pay_a"), "trf_a", ERROR)
    [line] = logs.lines

    assert (line["level"], line["client_id"], line["payment_id"]) == ("ERROR", "cli_a", "pay_a")
    assert line["transfer_id"] == "trf_a"
    assert (line["exception_name"], "no time" in line["exception"]) == ("ValueError", True)


def test_a_lane_that_broke_off_is_named_with_its_reason(logs: Logs) -> None:
    LoggingSweepWatch().broke_off(range(1, 8, 2), ERROR)
    [line] = logs.lines

    assert (line["level"], line["shards"]) == ("ERROR", [1, 3, 5, 7])
    assert (line["exception_name"], "no time" in line["exception"]) == ("ValueError", True)


@pytest.mark.parametrize(
    ("tell", "of"),
    [
        (lambda watch: watch.failed(PaymentKey("cli_a", "pay_a"), "trf_a", ERROR), "payment"),
        (lambda watch: watch.broke_off([0], ERROR), "lane"),
    ],
    ids=["payment", "lane"],
)
def test_each_failure_counts_one(logs: Logs, tell: Callable[[SweepWatch], None], of: str) -> None:
    tell(LoggingSweepWatch())
    [line] = logs.lines
    [metrics] = line["_aws"]["CloudWatchMetrics"]

    assert (line["SweepFailures"], line["of"]) == (1, of)
    assert metrics["Dimensions"] == [["of"]]
    assert metrics["Metrics"] == [{"Name": "SweepFailures", "Unit": "Count"}]
