from collections.abc import Callable

import pytest

from evenkeel.entrypoints import commands
from evenkeel.entrypoints.commands import Replies, outcome_of
from evenkeel.entrypoints.schema import Reply
from evenkeel.errors import EvenkeelError, LedgerBusy, ObjectNotFound, Unavailable, VersionConflict
from tests.unit.logs import Logs


class Done(Reply):
    outcome: str = "done"
    transfer_id: str


class Busy(Reply):
    outcome: str = "busy"

    @classmethod
    def of(cls, _: Unavailable) -> "Busy":
        return cls()


REPLIES: Replies = {Unavailable: Busy.of}


def failing(error: Exception) -> Callable[[], Reply]:
    def ask() -> Reply:
        raise error

    return ask


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    return Logs(monkeypatch, commands.logger)


def test_an_answer_is_its_json() -> None:
    answer = outcome_of(lambda: Done(transfer_id="trf_a"), REPLIES, request_id="request-1")

    assert answer == {"outcome": "done", "transferId": "trf_a"}


@pytest.mark.parametrize("error", [LedgerBusy(), VersionConflict()], ids=repr)
def test_an_error_is_answered_as_its_nearest_base(error: EvenkeelError) -> None:
    assert outcome_of(failing(error), REPLIES, request_id="request-1") == {"outcome": "busy"}


@pytest.mark.parametrize("error", [ObjectNotFound(), ZeroDivisionError()], ids=repr)
def test_an_error_that_has_no_reply_is_raised(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        outcome_of(failing(error), REPLIES, request_id="request-1")

    assert raised.value is error


def test_every_line_of_the_log_carries_the_request(logs: Logs) -> None:
    outcome_of(failing(LedgerBusy()), REPLIES, request_id="request-1")
    outcome_of(lambda: Done(transfer_id="trf_a"), REPLIES, request_id="request-2")
    first, second = logs.lines

    assert (first["request_id"], first["outcome"]) == ("request-1", "busy")
    assert first["error"] == "ledger_busy"
    assert (second["request_id"], second["outcome"]) == ("request-2", "done")
    assert "error" not in second
