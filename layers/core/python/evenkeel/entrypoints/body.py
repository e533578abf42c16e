"""Reading a request's body: bounded, strict, and refused before anything is looked at."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from evenkeel.errors import MalformedRequest, PayloadTooLarge

BODY_BYTES_MAX = 32 * 1024
DEPTH_MAX = 16
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
FINGERPRINT_LENGTH = 32  # Hex digits: 128 bits.


def read_text(event: Mapping[str, Any]) -> str:
    """Return the body of a REST API event, empty if there is none.

    Raises:
        PayloadTooLarge: It is over 32 KiB.
        MalformedRequest: It is not UTF-8.
    """
    body = event.get("body") or ""
    try:
        raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
        if len(raw) > BODY_BYTES_MAX:
            raise PayloadTooLarge(BODY_BYTES_MAX)
        text = raw.decode()
    except ValueError as error:  # Of base64, or of UTF-8.
        raise MalformedRequest("the body is not UTF-8") from error
    # A gateway that decodes the body puts this in place of what it could not read.
    if REPLACEMENT in text:
        raise MalformedRequest("the body is not UTF-8")
    return text


def read_json(text: str) -> Any:
    """Return the JSON value in *text*.

    Raises:
        MalformedRequest: It is not JSON, names a member twice, or is too deep.
    """
    try:
        value = json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
    except RecursionError as error:
        raise MalformedRequest("the body is too deep") from error
    except ValueError as error:
        raise MalformedRequest("the body is not JSON") from error
    if _is_deeper_than(value, DEPTH_MAX):
        raise MalformedRequest("the body is too deep")
    return value


def fingerprint(value: Any) -> str:
    """Return the same text for equal JSON values, whatever their spacing and order of members."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:FINGERPRINT_LENGTH]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        # Two readers could take different ones, and so different amounts.
        raise MalformedRequest("a member of the body is named twice")
    return members


def _refuse(constant: str) -> None:
    message = f"{constant} is not JSON"
    raise ValueError(message)


def _is_deeper_than(value: Any, depth_max: int) -> bool:
    level: list[Any] = [value]
    for _ in range(depth_max):
        level = [child for each in level for child in _children(each)]
    return bool(level)


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
