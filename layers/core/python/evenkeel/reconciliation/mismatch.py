"""Where a payment, the ledger and the accounts disagree: one record for each disagreement.

A finding is what one look has found, and says nothing of when. A mismatch is a finding
with a history: it is known by an id that follows from what it says of whom, so whoever
finds it again finds the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from evenkeel.clock import to_rfc3339
from evenkeel.events.model import Severity
from evenkeel.ids import derived_id

MISMATCH_PREFIX = "mis"

# How exactly its record says when it was seen last. One that is open is looked at far more often.
SEEN_EVERY = timedelta(hours=1)

# What JSON can hold, in camelCase: amounts in minor units, ids, statuses; None is *nothing there*.
Facts = Mapping[str, str | int | None]


class MismatchType(StrEnum):
    COMPLETED_LEDGER_MISSING = "COMPLETED_LEDGER_MISSING"  # Says that money moved; it did not.
    FAILED_BUT_DEBITED = "FAILED_BUT_DEBITED"  # Says that no money moved; it did.
    AMOUNT_MISMATCH = "AMOUNT_MISMATCH"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    WALLET_MISMATCH = "WALLET_MISMATCH"  # Other accounts were moved than the payment's.
    DUPLICATE_DEBIT = "DUPLICATE_DEBIT"
    ORPHAN_TRANSFER = "ORPHAN_TRANSFER"  # Of a payment that is not there, or knows nothing of it.
    REFUND_EXCEEDS_CAPTURE = "REFUND_EXCEEDS_CAPTURE"
    BALANCE_DRIFT = "BALANCE_DRIFT"  # An account's counters are not the sum of its entries.
    CHAIN_BROKEN = "CHAIN_BROKEN"  # An entry of a wallet is missing, or one too many.
    ENTRY_ALTERED = "ENTRY_ALTERED"  # An entry is not what was sealed.
    STALE_HOLD = "STALE_HOLD"  # Money is held for nothing, or a hold is gone that is relied on.
    STUCK_PENDING = "STUCK_PENDING"
    STUCK_PROCESSING = "STUCK_PROCESSING"


_STUCK = frozenset({MismatchType.STUCK_PENDING, MismatchType.STUCK_PROCESSING})


def severity_of(type_: MismatchType) -> Severity:
    if type_ in _STUCK:
        return Severity.MEDIUM
    return Severity.HIGH if type_ is MismatchType.STALE_HOLD else Severity.CRITICAL


@dataclass(frozen=True, slots=True)
class Subject:
    """What disagrees: a payment, a transfer, an account, or two of them.

    Attributes:
        account_id: A wallet's id, or the name that another account is booked under.
    """

    client_id: str
    payment_id: str | None = None
    transfer_id: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    type: MismatchType
    subject: Subject
    expected: Facts
    actual: Facts

    @property
    def id(self) -> str:
        """The same whenever the same is found of the same subject."""
        subject = self.subject
        named = (subject.client_id, subject.payment_id, subject.transfer_id, subject.account_id)
        return derived_id(MISMATCH_PREFIX, self.type, *(part or "" for part in named))

    @property
    def severity(self) -> Severity:
        return severity_of(self.type)


class MismatchStatus(StrEnum):
    OPEN = "OPEN"
    REPAIRED = "REPAIRED"  # By an entry that we have posted.
    RESOLVED = "RESOLVED"  # It is not found any more.


class News(StrEnum):
    """What people are to hear of a mismatch."""

    FOUND = "found"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Repair:
    """What somebody has asked the wallets for, to put it right, and what for.

    Attributes:
        by: Who: a key of the client, or the reconciliation itself.
        transfer_ids: What was asked for: all of it, or some of it, is posted.
    """

    by: str
    at: datetime
    reason: str
    transfer_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A finding, and what became of it.

    Attributes:
        run_id: The run that has found it first.
        occurrence: How often it has come up: once, unless it came back after it had ended.
        told: What people have heard of this occurrence last.
        repair: It is there before anything is posted, so that nobody wonders who did it.
    """

    finding: Finding
    run_id: str
    first_seen_at: datetime
    last_seen_at: datetime
    status: MismatchStatus = MismatchStatus.OPEN
    occurrence: int = 1
    ended_at: datetime | None = None
    told: News | None = None
    repair: Repair | None = None
    version: int = 1

    @property
    def id(self) -> str:
        return self.finding.id

    @property
    def client_id(self) -> str:
        return self.finding.subject.client_id

    @property
    def listed_as(self) -> str:
        """Its place in lists: what was found later comes later."""
        return f"{to_rfc3339(self.first_seen_at)}/{self.id}"

    @property
    def is_open(self) -> bool:
        return self.status is MismatchStatus.OPEN

    @property
    def news(self) -> News | None:
        """What people have not heard yet. Of what has come and gone unheard they hear nothing."""
        if self.is_open:
            return News.FOUND if self.told is None else None
        return News.ENDED if self.told is News.FOUND else None

    @property
    def is_settled(self) -> bool:
        return not self.is_open and self.news is None

    def seen(self, finding: Finding, run_id: str, now: datetime) -> Mismatch:
        """Return the mismatch after it was found once more."""
        if self.is_open:
            return self._next(finding=finding, last_seen_at=now)
        return Mismatch(
            finding,
            run_id,
            first_seen_at=now,
            last_seen_at=now,
            occurrence=self.occurrence + 1,
            version=self.version + 1,
        )

    def ended(self, status: MismatchStatus, now: datetime) -> Mismatch:
        """Return the mismatch that is gone; one that was being repaired is gone by that."""
        assert self.is_open
        is_repaired = self.repair is not None
        return self._next(status=MismatchStatus.REPAIRED if is_repaired else status, ended_at=now)

    def repaired_by(self, repair: Repair | None) -> Mismatch:
        """Return the mismatch with what is being done about it, or with nothing any more."""
        return self if repair == self.repair else self._next(repair=repair)

    def heard(self, news: News | None = None) -> Mismatch:
        """Return the mismatch after people have heard that of it, or what there was to hear."""
        return self._next(told=news or self.news)

    def is_current(self, finding: Finding, now: datetime) -> bool:
        """Tell whether there is nothing to write about its having been found once more."""
        is_recent = now - self.last_seen_at < SEEN_EVERY
        return self.is_open and self.finding == finding and is_recent

    def has_ended_since(self, looked_at: datetime) -> bool:
        return self.ended_at is not None and self.ended_at >= looked_at

    def _next(self, **changes: object) -> Mismatch:
        return replace(self, version=self.version + 1, **changes)  # type: ignore[arg-type]  # Fields.
