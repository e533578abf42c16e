import json
from typing import Any

import pytest

from evenkeel.entrypoints import messages
from evenkeel.entrypoints.messages import failures_of
from tests.unit.logs import Logs


@pytest.fixture(autouse=True)
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    return Logs(monkeypatch, messages.logger)


class Work:
    """Remembers the bodies that it has seen, and fails at some of them."""

    def __init__(self, **faults: BaseException) -> None:
        self.seen: list[str] = []
        self._faults = faults

    def __call__(self, body: str) -> None:
        self.seen.append(body)
        if body in self._faults:
            raise self._faults[body]


def batch(*bodies: str) -> list[dict[str, Any]]:
    return [{"messageId": f"id of {body}", "body": body} for body in bodies]


def test_a_batch_that_is_done_names_no_failure() -> None:
    work = Work()
    answer = failures_of(batch("one", "two"), work)

    assert answer == {"batchItemFailures": []}
    assert work.seen == ["one", "two"]


def test_an_empty_batch_is_done() -> None:
    assert failures_of([], Work()) == {"batchItemFailures": []}


@pytest.mark.parametrize("failing", ["one", "two", "three"])
def test_one_message_that_fails_is_named_and_the_others_are_worked_off(failing: str) -> None:
    work = Work(**{failing: ValueError("unreadable")})
    answer = failures_of(batch("one", "two", "three"), work)

    assert answer == {"batchItemFailures": [{"itemIdentifier": f"id of {failing}"}]}
    assert work.seen == ["one", "two", "three"]


def test_all_that_fail_are_named_in_their_order() -> None:
    work = Work(one=OSError(), three=KeyError("three"))
    answer = failures_of(batch("one", "two", "three"), work)

    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == [
        "id of one",
        "id of three",
    ]


def test_the_answer_is_json() -> None:
    answer = failures_of(batch("one"), Work(one=ValueError()))

    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_process_is_no_failure_of_a_message(end: type[BaseException]) -> None:
    work = Work(one=end())

    with pytest.raises(end):
        failures_of(batch("one", "two"), work)
    assert work.seen == ["one"]


def test_each_message_has_its_line_in_the_log_with_its_id(logs: Logs) -> None:
    failures_of(batch("one", "two"), Work(one=ValueError("unreadable")))
    failed, done = logs.lines

    assert (failed["message_id"], failed["message"]) == ("id of one", "a message failed")
    assert (failed["level"], failed["exception_name"]) == ("ERROR", "ValueError")
    assert (done["message_id"], done["message"]) == ("id of two", "a message is done")
    assert "exception" not in done


def test_what_was_logged_with_one_message_is_not_logged_with_the_next(logs: Logs) -> None:
    def work(body: str) -> None:
        messages.logger.append_keys(**{f"key_of_{body}": body})

    failures_of(batch("one", "two"), work)
    first, second = logs.lines

    assert first["key_of_one"] == "one"
    assert "key_of_one" not in second
    assert second["key_of_two"] == "two"
