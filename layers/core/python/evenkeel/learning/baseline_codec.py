"""A baseline in few bytes, and back. One of another release is begun anew."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from evenkeel.learning.baseline import HOURS, Baseline
from evenkeel.learning.moving import Moving
from evenkeel.learning.occurrence import DIGEST_BYTE_COUNT

VERSION = 1

# Version, count, microseconds of the last payment, novelty, gaps; how many of each that follows.
HEAD = struct.Struct(">BHqeHffBBB")
AMOUNT = struct.Struct(">3sHff")
HOUR_SCALE = 6.0  # A byte holds all that does not fade: 1 / (1 - HOUR_FADES) is 33.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NEVER = -(2**63)


def encoded(baseline: Baseline) -> bytes:
    """Return at most 256 bytes."""
    last_at = NEVER if baseline.last_at is None else (baseline.last_at - EPOCH) // MICROSECOND
    gaps = baseline.gaps
    head = HEAD.pack(
        VERSION,
        baseline.count,
        last_at,
        baseline.novelty,
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
    hours = bytes(min(255, round(each * HOUR_SCALE)) for each in baseline.hours)
    return b"".join((head, *amounts, hours, *baseline.merchants, *baseline.seen))


def decoded(data: bytes) -> Baseline:
    """Return what was encoded, or a new baseline if it is not of this release."""
    if len(data) < HEAD.size or data[0] != VERSION:
        return Baseline()
    (_, count, last_at, novelty, *gaps, amount_count, merchant_count, seen_count) = HEAD.unpack(
        data[: HEAD.size]
    )
    rest = memoryview(data)[HEAD.size :]
    amounts = dict(_amounts(rest[: amount_count * AMOUNT.size]))
    rest = rest[amount_count * AMOUNT.size :]
    digests = list(_digests(rest[HOURS:]))
    return Baseline(
        count=count,
        amounts=amounts,
        gaps=Moving(*gaps),
        hours=tuple(each / HOUR_SCALE for each in rest[:HOURS]),
        novelty=novelty,
        merchants=tuple(digests[:merchant_count]),
        seen=tuple(digests[merchant_count : merchant_count + seen_count]),
        last_at=None if last_at == NEVER else EPOCH + last_at * MICROSECOND,
    )


def _amounts(data: memoryview) -> Iterator[tuple[str, Moving]]:
    for currency, count, mean, variance in AMOUNT.iter_unpack(data):
        yield currency.decode(), Moving(count, mean, variance)


def _digests(data: memoryview) -> Iterator[bytes]:
    for start in range(0, len(data), DIGEST_BYTE_COUNT):
        yield bytes(data[start : start + DIGEST_BYTE_COUNT])
