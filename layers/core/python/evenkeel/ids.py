"""Identifiers: random ones, and ones derived from what they stand for.

A derived id is the same on every attempt, in every process and in a hundred
years: whoever asks again under one meets the record that is already there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from base64 import b32encode

DIGIT_COUNT = 26  # In base 32: 130 bits.
DIGITS = re.compile("[A-Za-z0-9_-]{1,60}")


def derived_id(prefix: str, *parts: str) -> str:
    """Return `<prefix>_<digest of the parts>`; the parts stay apart, whatever they contain."""
    return f"{prefix}_{_digits(hashlib.sha256(json.dumps(parts).encode()).digest())}"


def random_id(prefix: str) -> str:
    """Return `<prefix>_<130 random bits>`.

    The kernel is asked each time: a generator of our own would be cloned, with
    its state, into every environment that starts from one snapshot.
    """
    return f"{prefix}_{_digits(os.urandom(17))}"


def is_id(prefix: str, text: str) -> bool:
    """Tell whether *text* can be such an id, so that nothing else becomes a key."""
    head, _, digits = text.partition("_")
    return head == prefix and DIGITS.fullmatch(digits) is not None


def _digits(raw: bytes) -> str:
    return b32encode(raw).decode().lower()[:DIGIT_COUNT]
