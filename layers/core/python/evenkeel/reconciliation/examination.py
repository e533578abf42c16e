"""What a look has found, and what it has counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evenkeel.reconciliation.changes import Change, ChangedObject
from evenkeel.reconciliation.mismatch import Finding, MismatchType, Subject
from evenkeel.reconciliation.run import Tallies, added


@dataclass(frozen=True, slots=True)
class Examination:
    findings: Sequence[Finding]
    tallies: Tallies


def combined(examinations: Iterable[Examination]) -> Examination:
    findings: list[Finding] = []
    tallies: Tallies = {}
    for each in examinations:
        findings += each.findings
        tallies = added(tallies, each.tallies)
    return Examination(findings, tallies)


def unexaminable(change: Change, error: Exception) -> Finding:
    """Say that something is so strange that nobody can look at it, and a person must."""
    client_id, id_ = change.client_id, change.object_id
    match change.object:
        case ChangedObject.PAYMENT:
            subject = Subject(client_id, payment_id=id_)
        case ChangedObject.RECORD:
            subject = Subject(client_id, payment_id=change.payment_id, transfer_id=id_)
        case ChangedObject.ACCOUNT:
            subject = Subject(client_id, account_id=id_)
    problem = type(error).__name__
    return Finding(MismatchType.ENTRY_ALTERED, subject, {"problem": None}, {"problem": problem})
