"""A baseline in few bytes, and back. One of another release is begun anew."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from evenkeel.currencies import EXPONENTS
from evenkeel.learning.baseline import COUNT_MAX, RUSH_MAX, Baseline, Merchant
from evenkeel.learning.hours import HOUR_COUNT
from evenkeel.learning.moving import Moving
from evenkeel.learning.verdict import from_bits

# Another number for every change of what is written, and of what it means.
VERSION = 2
BYTE_COUNT_MAX = 256

# Version, count, microseconds of the last payment, novelty, rush, gaps; how many of each follow.
HEAD = struct.Struct(">BfqffHffBBB")
AMOUNT = struct.Struct(">3sHff")
MERCHANT = struct.Struct(">Hb")
SEEN = struct.Struct(">IHB")
LEVEL_SCALE = 5.0  # Steps of a fifth, in logarithms; the last bit is for a probation.
LOG_MAX = 64.0  # Of an amount or a number of seconds; there are no larger ones.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NEVER = -(2**63)


def encoded(baseline: Baseline) -> bytes:
    """Return at most `BYTE_COUNT_MAX` bytes."""
    last_at = NEVER if baseline.last_at is None else (baseline.last_at - EPOCH) // MICROSECOND
    gaps = baseline.gaps
    head = HEAD.pack(
        VERSION,
        baseline.count,
        last_at,
        baseline.novelty,
        baseline.rush,
        gaps.count,
        gaps.mean,
        gaps.variance,
        len(baseline.amounts),
        len(baseline.merchants),
        len(baseline.seen),
    )
    amounts = (
        AMOUNT.pack(currency.encode(), each.count, each.mean, each.variance)
        for currency, each in baseline.amounts.items()
    )
    merchants = (
        MERCHANT.pack(key, round(each.level * LEVEL_SCALE) << 1 | each.is_on_probation)
        for key, each in baseline.merchants.items()
    )
    seen = (
        SEEN.pack(payment, found.bits >> 8, found.bits & 0xFF)
        for payment, found in baseline.seen.items()
    )
    return b"".join((head, *amounts, baseline.hours, *merchants, *seen))


def decoded(data: bytes) -> Baseline:
    """Return what was encoded, or a new baseline if it is not of this release, or is broken."""
    if len(data) < HEAD.size or data[0] != VERSION:
        return Baseline()
    try:
        return _decoded(data)
    except (ValueError, OverflowError, struct.error):
        return Baseline()


def _decoded(data: bytes) -> Baseline:
    (_, count, last_at, novelty, rush, *gaps, amount_count, merchant_count, seen_count) = (
        HEAD.unpack_from(data)
    )
    amounts, rest = _split(memoryview(data)[HEAD.size :], amount_count * AMOUNT.size)
    hours, rest = _split(rest, HOUR_COUNT)
    merchants, rest = _split(rest, merchant_count * MERCHANT.size)
    seen, rest = _split(rest, seen_count * SEEN.size)
    if rest:
        raise ValueError("there is more than there should be")
    if not (0 <= count <= COUNT_MAX and 0 <= novelty <= 1 and 0 <= rush <= RUSH_MAX):
        raise ValueError("nobody has such habits")
    return Baseline(
        count=count,
        amounts=dict(_amounts(amounts)),
        gaps=_moving(*gaps),
        hours=bytes(hours),
        novelty=novelty,
        rush=rush,
        merchants=dict(_merchants(merchants)),
        seen={each: from_bits(high << 8 | low) for each, high, low in SEEN.iter_unpack(seen)},
        last_at=None if last_at == NEVER else EPOCH + last_at * MICROSECOND,
    )


def _split(data: memoryview, byte_count: int) -> tuple[memoryview, memoryview]:
    if len(data) < byte_count:
        raise ValueError("there is less than there should be")
    return data[:byte_count], data[byte_count:]


def _amounts(data: memoryview) -> Iterator[tuple[str, Moving]]:
    for code, count, mean, variance in AMOUNT.iter_unpack(data):
        currency = code.decode()
        if currency in EXPONENTS:
            yield currency, _moving(count, mean, variance)


def _moving(count: int, mean: float, variance: float) -> Moving:
    if not (abs(mean) <= LOG_MAX and 0 <= variance <= LOG_MAX**2):
        raise ValueError("that is the logarithm of nothing")
    return Moving(count, mean, variance)


def _merchants(data: memoryview) -> Iterator[tuple[int, Merchant]]:
    for key, bits in MERCHANT.iter_unpack(data):
        yield key, Merchant((bits >> 1) / LEVEL_SCALE, is_on_probation=bool(bits & 1))
