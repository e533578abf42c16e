"""A forest in few bytes, and back. One of another release is begun anew."""

from __future__ import annotations

import sys
import zlib
from array import array

from evenkeel.learning.forest import NODE_COUNT, TREE_COUNT, Forest

VERSION = 1
SIZE = TREE_COUNT * NODE_COUNT


def encoded(forest: Forest) -> bytes:
    return bytes([VERSION]) + zlib.compress(_bytes(forest.reference) + _bytes(forest.latest), 6)


def decoded(data: bytes) -> Forest:
    """Return what was encoded, or a new forest if it is not of this release."""
    if not data or data[0] != VERSION:
        return Forest()
    masses = array("I")
    try:
        masses.frombytes(zlib.decompress(data[1:]))
    except (zlib.error, ValueError):
        return Forest()
    if len(masses) != 2 * SIZE:
        return Forest()
    if sys.byteorder == "big":
        masses.byteswap()
    return Forest(masses[:SIZE], masses[SIZE:])


def _bytes(masses: array[int]) -> bytes:
    written = array("I", masses)
    if sys.byteorder == "big":
        written.byteswap()
    return written.tobytes()
