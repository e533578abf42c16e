"""A forest in few bytes, and back. One of another release is begun anew."""

from __future__ import annotations

import sys
import zlib
from array import array

from evenkeel.learning.forest import SIZE, Forest

# Another number for every change of the trees, and of what the features mean.
VERSION = 2
BYTE_COUNT_MAX = 2 * 4 * SIZE  # What is longer than that when unpacked is none of ours.


def encoded(forest: Forest) -> bytes:
    return bytes([VERSION]) + zlib.compress(_bytes(forest.reference) + _bytes(forest.latest), 6)


def decoded(data: bytes) -> Forest:
    """Return what was encoded, or a new forest if it is not of this release, or is broken."""
    if not data or data[0] != VERSION:
        return Forest()
    unpacking = zlib.decompressobj()
    try:
        unpacked = unpacking.decompress(data[1:], BYTE_COUNT_MAX)
    except zlib.error:
        return Forest()
    if len(unpacked) != BYTE_COUNT_MAX:
        return Forest()
    masses = array("I", unpacked)
    if sys.byteorder == "big":
        masses.byteswap()
    return Forest(masses[:SIZE], masses[SIZE:])


def _bytes(masses: array[int]) -> bytes:
    written = array("I", masses)
    if sys.byteorder == "big":
        written.byteswap()
    return written.tobytes()
