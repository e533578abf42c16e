"""What a look has found, and what it has counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evenkeel.reconciliation.changes import Change, ChangedObject
from evenkeel.reconciliation.mismatch import Facts, Finding, Mismatch, MismatchType, Subject
from evenkeel.reconciliation.run import Tallies, added

# What the contents of an object can lead to, whatever they are. Any other error is not its own.
CONTENT_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)

UNEXAMINABLE: Facts = {"problem": None}

ObjectId = tuple[str, str]  # The client's, and the payment's or the account's.


@dataclass(frozen=True, slots=True)
class Examination:
    """The outcome of a look.

    Attributes:
        unjudged: What nobody can say anything of: not that it is right either.
    """

    findings: Sequence[Finding]
    tallies: Tallies
    unjudged: frozenset[ObjectId] = frozenset()

    def has_cleared(self, mismatch: Mismatch) -> bool:
        """Tell whether what led to the look is gone."""
        subject = mismatch.finding.subject
        ids = {(subject.client_id, id_) for id_ in (subject.payment_id, subject.account_id) if id_}
        strange = {
            (each.subject.client_id, each.subject.account_id or "")
            for each in self.findings
            if each.expected == UNEXAMINABLE
        }
        found = {finding.id for finding in self.findings}
        return mismatch.id not in found and not ids & (self.unjudged | strange)


def combined(examinations: Iterable[Examination]) -> Examination:
    findings: list[Finding] = []
    tallies: Tallies = {}
    unjudged: frozenset[ObjectId] = frozenset()
    for each in examinations:
        findings += each.findings
        tallies = added(tallies, each.tallies)
        unjudged |= each.unjudged
    return Examination(findings, tallies, unjudged)


def unexaminable(change: Change, error: Exception) -> Finding:
    """Say that something is so strange that nobody can look at it, and a person must."""
    client_id, id_ = change.client_id, change.object_id
    if change.object is ChangedObject.PAYMENT or change.payment_id is not None:
        subject = Subject(client_id, payment_id=change.payment_id or id_)
    elif change.object is ChangedObject.RECORD:
        subject = Subject(client_id, transfer_id=id_)
    else:
        subject = Subject(client_id, account_id=id_)
    problem = type(error).__name__
    return Finding(MismatchType.ENTRY_ALTERED, subject, UNEXAMINABLE, {"problem": problem})
