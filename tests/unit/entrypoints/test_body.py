import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.entrypoints.body import (
    BODY_BYTES_MAX,
    DEPTH_MAX,
    fingerprint,
    read_json,
    read_text,
)
from evenkeel.errors import EvenkeelError, MalformedRequest, PayloadTooLarge

JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def encoded(raw: bytes) -> dict[str, Any]:
    return {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}


def nested(count: int, inside: str = "") -> str:
    return "[" * count + inside + "]" * count


def test_the_largest_body_is_what_the_api_promises() -> None:
    assert BODY_BYTES_MAX == 32 * 1024


@pytest.mark.parametrize("event", [{}, {"body": None}, {"body": ""}, encoded(b"")])
def test_no_body_is_an_empty_one(event: dict[str, Any]) -> None:
    assert read_text(event) == ""


@pytest.mark.parametrize("event", [{"body": '{"é": 1}'}, encoded('{"é": 1}'.encode())])
def test_a_body_is_read_as_it_comes_or_from_base64(event: dict[str, Any]) -> None:
    assert read_text({"isBase64Encoded": False} | event) == '{"é": 1}'


@pytest.mark.parametrize("letter", ["a", "é", "€", "😀"])
def test_a_body_may_have_as_many_bytes_as_the_limit_and_no_more(letter: str) -> None:
    largest = letter * (BODY_BYTES_MAX // len(letter.encode()))
    largest += "a" * (BODY_BYTES_MAX - len(largest.encode()))

    assert read_text({"body": largest}) == largest
    assert read_text(encoded(largest.encode())) == largest
    for too_large in ({"body": largest + "a"}, encoded(f"{largest}a".encode())):
        with pytest.raises(PayloadTooLarge):
            read_text(too_large)


def test_a_large_body_is_too_large_before_it_is_anything_else() -> None:
    with pytest.raises(PayloadTooLarge):
        read_text(encoded(b"\xff" * (BODY_BYTES_MAX + 1)))


@pytest.mark.parametrize(
    "event",
    [
        encoded(b"\xff"),
        encoded(b'{"a": "\xc3\x28"}'),
        encoded('{"a": 1}'.encode("utf-16")),
        encoded(b"\xed\xa0\x80"),  # Half of a surrogate pair.
        {"body": '"\ud800"'},
    ],
)
def test_what_is_not_utf_8_is_malformed(event: dict[str, Any]) -> None:
    with pytest.raises(MalformedRequest, match="UTF-8"):
        read_text(event)


@pytest.mark.parametrize("body", ["a", "e30", "é"])
def test_broken_base64_is_malformed(body: str) -> None:
    with pytest.raises(MalformedRequest):
        read_text({"body": body, "isBase64Encoded": True})


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "}",
        "not json",
        "{'a': 1}",
        '{"a": 1,}',
        '{"a": 1} {"a": 1}',
        '{"a": 01}',
        '{"a": .5}',
        '{"a": +1}',
        '{"a": 0x1}',
        '"a\nb"',
        "// a comment\n{}",
        "\ufeff{}",
        "NaN",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": [-Infinity]}',
        "1" * 5000,
    ],
)
def test_what_is_not_json_is_malformed(text: str) -> None:
    with pytest.raises(MalformedRequest):
        read_json(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"amount": 1, "amount": 2}',
        '{"amount": 1, "amount": 1}',
        '{"amount": 1, "am\\u006funt": 2}',
        '{"a": [{"b": {"c": 1, "c": 2}}]}',
    ],
)
def test_a_member_that_is_named_twice_is_malformed(text: str) -> None:
    with pytest.raises(MalformedRequest, match="twice"):
        read_json(text)


def test_the_same_name_in_two_objects_is_no_repetition() -> None:
    assert read_json('{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}') == {
        "a": {"a": 1},
        "b": [{"a": 2}, {"a": 3}],
    }


@pytest.mark.parametrize(
    "text",
    [
        nested(100_000),
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        nested(500),
        nested(DEPTH_MAX + 1),
        nested(DEPTH_MAX, "1"),
        nested(DEPTH_MAX - 1, '{"a": 1}'),
    ],
    ids=len,
)
def test_what_is_too_deep_is_malformed(text: str) -> None:
    with pytest.raises(MalformedRequest, match="deep"):
        read_json(text)


@pytest.mark.parametrize(
    "text", [nested(DEPTH_MAX), nested(DEPTH_MAX - 1, "1"), nested(DEPTH_MAX - 1, "{}")]
)
def test_a_value_may_be_as_deep_as_the_limit(text: str) -> None:
    assert read_json(text) == json.loads(text)


def test_a_wide_value_is_not_a_deep_one() -> None:
    wide = json.dumps([[1] * 1000, {str(number): number for number in range(1000)}])

    assert read_json(wide) == json.loads(wide)


@given(JSON_VALUES)
def test_every_json_value_is_read_as_what_it_is(value: Any) -> None:
    read = read_json(json.dumps(value))

    assert read == value
    assert json.dumps(read) == json.dumps(value)


@given(st.text() | st.text('[]{}":, 0123456789.eE+-"\\uDnulltruefalseNaNInfinity'))
def test_no_text_raises_anything_but_ours(text: str) -> None:
    try:
        read_json(text)
    except EvenkeelError as error:
        assert isinstance(error, MalformedRequest)  # noqa: PT017 - most texts raise, not all.


@given(st.binary() | st.text().map(str.encode), st.booleans())
def test_no_bytes_raise_anything_but_ours(raw: bytes, is_encoded: bool) -> None:  # noqa: FBT001
    event = encoded(raw) if is_encoded else {"body": raw.decode("latin-1")}
    try:
        read_text(event)
    except EvenkeelError as error:
        assert isinstance(error, MalformedRequest)  # noqa: PT017 - most bytes raise, not all.


@pytest.mark.parametrize(
    "text",
    [
        '{"amount":5,"metadata":{"a":"1","b":"2"}}',
        '{"metadata":{"b":"2","a":"1"},"amount":5}',
        ' {\n\t"amount" : 5 , "metadata" : { "a" : "1" , "b" : "2" } }\r\n',
        '{"am\\u006funt":5,"metadata":{"a":"1","b":"\\u0032"}}',
    ],
)
def test_the_same_value_has_the_same_fingerprint_however_it_is_written(text: str) -> None:
    assert fingerprint(read_json(text)) == "acaf55a4fc26d3fd3b30ea623302ee3e"


def test_values_that_differ_have_fingerprints_that_do() -> None:
    texts = [
        *('{"a": 1}', '{"a": "1"}', '{"a": true}', '{"a": 1.5}', '{"a": null}', '{"a": [1]}'),
        *('{"a": 0}', '{"a": false}', '{"a": ""}', '{"a": []}', '{"a": {}}', "{}", "[]", "null"),
        *('{"b": 1}', '{"a": 1, "b": null}', "[1, 2]", "[2, 1]", '"12"', "12", '"1,2"'),
        *('{"a": "e"}', '{"a": "é"}', '{"a": "e\u0301"}', '{"A": 1}', '{"a": 10000000000000000}'),
        *('{"a": 10000000000000001}', '{"a": "\\u0000"}', '{"a": " "}'),
    ]

    assert len({fingerprint(read_json(text)) for text in texts}) == len(texts)


@given(JSON_VALUES, JSON_VALUES)
def test_fingerprints_are_equal_when_the_values_are(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert (fingerprint(one) == fingerprint(other)) == same


def test_a_fingerprint_has_128_bits() -> None:
    assert len(bytes.fromhex(fingerprint({}))) * 8 == 128
