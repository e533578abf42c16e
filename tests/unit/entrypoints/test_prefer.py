"""Which preferences (RFC 7240) a route sees, on one made up for these tests."""

from collections.abc import Sequence
from typing import Any

import pytest
from aws_lambda_powertools.event_handler import Response

from evenkeel.access.model import Scope
from evenkeel.access.service import Keyring
from evenkeel.entrypoints.http import RESPOND_ASYNC, Access, Api, reply
from evenkeel.entrypoints.schema import Prefer, Reply
from tests.context import Context
from tests.events import event
from tests.unit.answer import Answer

api = Api("Things")


class Seen(Reply):
    may_wait: bool


@api.get("/things", Access(Scope.PAYMENTS_READ))
def look(prefer: Prefer = None) -> Response[Seen]:
    may_wait = api.caller.may_wait
    applied = RESPOND_ASYNC if may_wait else None
    return reply(Seen(may_wait=may_wait), preference_applied=applied)


@pytest.fixture
def key(keyring: Keyring) -> str:
    return keyring.issue("cli_a", "till 1", [Scope.PAYMENTS_READ])[1]


def preferring(key: str, lines: Sequence[str], name: str = "Prefer") -> dict[str, Any]:
    """Return a request with a header line for each; an event has the last one of them by itself."""
    raw = event("GET", "/things", None, None, {"X-API-Key": key})
    if lines:
        raw["headers"][name] = lines[-1]
        raw["multiValueHeaders"][name] = list(lines)
    return raw


def asked(raw: dict[str, Any]) -> Answer:
    answer = Answer.of(api.answer(raw, Context()))
    assert answer.status == 200, answer.text
    return answer


def may_wait(key: str, *lines: str) -> bool:
    found: bool = asked(preferring(key, lines)).json["mayWait"]
    return found


def test_who_prefers_nothing_does_not_wait(key: str) -> None:
    assert not may_wait(key)


def test_who_prefers_to_be_told_later_may_wait(key: str) -> None:
    assert may_wait(key, "respond-async")


@pytest.mark.parametrize("name", ["prefer", "PREFER", "pReFeR"])
def test_the_name_of_the_header_has_no_case(key: str, name: str) -> None:
    raw = preferring(key, ["respond-async"], name)

    assert asked(raw).json["mayWait"]


@pytest.mark.parametrize("text", ["Respond-Async", "RESPOND-ASYNC", "  respond-async\t"])
def test_a_preference_has_no_case_and_may_have_blanks_around_it(key: str, text: str) -> None:
    assert may_wait(key, text)


@pytest.mark.parametrize(
    "text",
    [
        "respond-async, wait=10",
        "wait=10, respond-async",
        "wait=10,respond-async,handling=lenient",
        "return=minimal , respond-async",
        ", respond-async,",
    ],
)
def test_it_may_stand_among_others(key: str, text: str) -> None:
    assert may_wait(key, text)


@pytest.mark.parametrize(
    "text", ["respond-async; wait=10", "respond-async;foo", 'respond-async ; note="a b"; x=1']
)
def test_it_may_have_parameters(key: str, text: str) -> None:
    assert may_wait(key, text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ",", ";", "="),
        *("wait=10", "handling=lenient", "return=representation", 'foo="bar"; baz'),
        *("respond", "async", "respond-asynchronously", "no-respond-async", "respond async"),
        *('note="respond-async"', "note=respond-async", '"respond-async"'),
        *("ключ", "{}", "x" * 5000, '"', 'note="'),
    ],
)
def test_what_is_unknown_or_no_preference_is_ignored(key: str, text: str) -> None:
    assert not may_wait(key, text)


@pytest.mark.parametrize(
    "lines",
    [("wait=10", "respond-async"), ("respond-async", "wait=10"), ("a", "respond-async; b", "c")],
)
def test_each_of_several_headers_is_read(key: str, lines: tuple[str, ...]) -> None:
    assert may_wait(key, *lines)


@pytest.mark.parametrize(
    "text", ["wait=10; respond-async", 'foo; bar="1"; respond-async', "a; respond-async, b"]
)
def test_a_parameter_of_another_preference_is_none(key: str, text: str) -> None:
    assert not may_wait(key, text)


@pytest.mark.parametrize(
    "text", ['note="a, respond-async, b"', 'note="a; respond-async; b"', r'n="\", respond-async,"']
)
def test_what_is_quoted_is_a_value(key: str, text: str) -> None:
    assert not may_wait(key, text)


@pytest.mark.parametrize("text", ['respond-async=""', "respond-async=", 'respond-async = "" ; a=1'])
def test_an_empty_value_is_the_same_as_none(key: str, text: str) -> None:
    assert may_wait(key, text)


def test_a_preference_that_was_honoured_is_named_and_no_other(key: str) -> None:
    waiting = asked(preferring(key, ["wait=10, Respond-Async; a=1"]))
    not_waiting = asked(preferring(key, ["wait=10"]))

    assert waiting.headers["Preference-Applied"] == "respond-async"
    assert "Preference-Applied" not in not_waiting.headers
