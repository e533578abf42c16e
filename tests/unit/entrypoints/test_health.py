from types import SimpleNamespace

import pytest

from evenkeel.entrypoints import health
from evenkeel.entrypoints.health import examine
from tests.unit.logs import Logs


def ping() -> None:
    pass


def broken() -> None:
    message = "the password is sesame"
    raise OSError(message)


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    return Logs(monkeypatch, health.logger)


def test_one_that_is_down_does_not_hide_the_others(logs: Logs) -> None:
    findings = examine({"table a": ping, "table b": broken, "wallet service": ping})

    assert [(finding.name, finding.is_well) for finding in findings] == [
        ("table a", True),
        ("table b", False),
        ("wallet service", True),
    ]


def test_the_log_says_which_one_is_down_and_why(logs: Logs) -> None:
    examine({"table a": ping, "table b": broken})
    [line] = logs.lines

    assert line["dependency"] == "table b"
    assert "sesame" in line["exception"]


def test_every_answer_comes_with_the_time_that_it_took(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([10.0, 10.25, 20.0, 20.00012])
    monkeypatch.setattr(health, "time", SimpleNamespace(perf_counter=lambda: next(seconds)))
    findings = examine({"table a": ping, "table b": broken})

    assert [finding.latency_ms for finding in findings] == [250.0, 0.1]
