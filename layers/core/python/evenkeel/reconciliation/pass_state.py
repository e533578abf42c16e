"""What a step of the pass over the journal leaves behind, as JSON can hold it.

A step goes on from what the one before it has left, and leaves all that the next one needs.
So one that is done twice counts nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple, Self

from evenkeel.reconciliation.account_sums import (
    PAGE_ACCOUNT_COUNT,
    AccountKey,
    AccountSums,
    Reading,
    Share,
    Sums,
)
from evenkeel.reconciliation.mismatch import Finding, MismatchType, Subject

Page = Mapping[str, Any]


class Phase(IntEnum):
    """In the order in which a pass goes through them."""

    BEFORE = 0  # The accounts are read,
    JOURNAL = 1  # what was booked to them,
    AFTER = 2  # and the accounts again.
    COMPARISON = 3


class Progress(NamedTuple):
    """How far a pass over a share has come.

    Attributes:
        ends: The steps with which the phases before this one have ended.
        part: Of the journal.
        after: Behind which place of what is being read the next step goes on.
        attempt: How often the accounts that did not fit were read again.
    """

    ends: tuple[int, ...] = ()
    part: int = 0
    after: str | None = None
    attempt: int = 0

    @property
    def phase(self) -> Phase:
        return Phase(len(self.ends))

    def is_first_after(self, number: int) -> bool:
        """Tell whether the phase begins behind that step."""
        return number in self.ends

    def ended_by(self, number: int) -> Progress:
        return Progress((*self.ends, number))

    @classmethod
    def left_in(cls, pages: Sequence[Page]) -> Self:
        ends, *rest = pages[0]["progress"]
        return cls(tuple(ends), *rest)


class Suspect(NamedTuple):
    """An account that did not fit.

    Attributes:
        version: As it was read last.
        since: The attempt that has met this version first.
    """

    version: int
    since: int


Suspects = Mapping[AccountKey, Suspect]


class Readings(NamedTuple):
    """Accounts as they were stored, all that are in a share."""

    share: Share
    accounts: dict[AccountKey, Reading]

    def within(self, share: Share) -> Readings:
        return Readings(
            share, {key: each for key, each in self.accounts.items() if share.holds(key)}
        )


def sums_left(sums: AccountSums, strange: Sequence[Finding], progress: Progress) -> Sequence[Page]:
    first, *others = ({**page, "progress": progress} for page in sums.pages())
    return [{**first, "strange": [_strange_row(each) for each in strange]}, *others]


def sums_in(pages: Sequence[Page]) -> tuple[AccountSums, list[Finding]]:
    return AccountSums.of(pages), [_strange(row) for row in pages[0]["strange"]]


def readings_left(readings: Readings, progress: Progress) -> Sequence[Page]:
    rows = [
        [*key, each.version, *each.sums.counters().values(), each.problem]
        for key, each in sorted(readings.accounts.items(), key=lambda each: each[0])
    ]
    return _paged(readings.share, rows, progress)


def readings_in(pages: Sequence[Page]) -> Readings:
    accounts = {
        (client_id, account_id): Reading(version, Sums(*counters), problem)
        for page in pages
        for client_id, account_id, version, *counters, problem in page["accounts"]
    }
    return Readings(share_in(pages), accounts)


def suspects_left(share: Share, suspects: Suspects, progress: Progress) -> Sequence[Page]:
    return _paged(share, [[*key, *each] for key, each in sorted(suspects.items())], progress)


def suspects_in(pages: Sequence[Page]) -> Suspects:
    return {
        (client_id, account_id): Suspect(version, since)
        for page in pages
        for client_id, account_id, version, since in page["accounts"]
    }


def share_in(pages: Sequence[Page]) -> Share:
    return Share(pages[0]["begin"], pages[0]["end"])


def _paged(share: Share, rows: Sequence[Any], progress: Progress) -> Sequence[Page]:
    return [
        {
            "begin": share.begin,
            "end": share.end,
            "progress": progress,
            "accounts": rows[start : start + PAGE_ACCOUNT_COUNT],
        }
        for start in range(0, len(rows) or 1, PAGE_ACCOUNT_COUNT)
    ]


def _strange_row(finding: Finding) -> Sequence[Any]:
    subject = finding.subject
    expected, actual = dict(finding.expected), dict(finding.actual)
    return [subject.client_id, subject.transfer_id, subject.account_id, expected, actual]


def _strange(row: Sequence[Any]) -> Finding:
    client_id, transfer_id, account_id, expected, actual = row
    subject = Subject(client_id, transfer_id=transfer_id, account_id=account_id)
    return Finding(MismatchType.ENTRY_ALTERED, subject, expected, actual)
