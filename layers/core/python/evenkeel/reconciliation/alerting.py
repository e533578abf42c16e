"""Mismatches as people are told of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from evenkeel.clock import to_rfc3339
from evenkeel.events.model import ALERT_PREFIX, Alert, Severity
from evenkeel.ids import derived_id
from evenkeel.reconciliation.mismatch import Facts, Mismatch, News

TYPES = {News.FOUND: "MismatchFound", News.ENDED: "MismatchResolved"}
TITLES = {News.FOUND: "found", News.ENDED: "resolved"}

SHOWN_COUNT_MAX = 10

# A report shows to each client what is its own.
READ_REPORT = "With a key of the client, read GET /api/payments/reconcile/reports/{runId}"
READ_RUNBOOK = "Then go on as docs/alerting.md says, under MismatchFound"

_GRAVEST = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


def alert_of(mismatches: Sequence[Mismatch]) -> Alert:
    """Return what is told of mismatches with the same kind of news."""
    return _single(mismatches[0]) if len(mismatches) == 1 else _summary(mismatches)


def _single(mismatch: Mismatch) -> Alert:
    """Return what is told of a mismatch, under an id of its own for each time that it comes up."""
    assert mismatch.news is not None
    return Alert(
        id=derived_id(ALERT_PREFIX, mismatch.id, str(mismatch.occurrence), mismatch.news),
        type=TYPES[mismatch.news],
        severity=mismatch.finding.severity,
        title=f"{mismatch.finding.type} {TITLES[mismatch.news]}: {_subject(mismatch)}",
        detail=_detail(mismatch),
        occurred_at=_occurred_at(mismatch),
        client_id=mismatch.client_id,
        object_id=mismatch.id,
        data=_data(mismatch),
        next_steps=_next_steps(mismatch),
    )


def _summary(mismatches: Sequence[Mismatch]) -> Alert:
    """Return one alert for many mismatches with the same kind of news."""
    news = mismatches[0].news
    assert news is not None
    counts = Counter(each.finding.type.value for each in mismatches)
    ids = sorted(f"{each.id}.{each.occurrence}" for each in mismatches)
    run_ids = sorted({each.run_id for each in mismatches})
    reports = [READ_REPORT.format(runId=run_id) for run_id in run_ids[:SHOWN_COUNT_MAX]]
    lines = [f"{count} {type_}" for type_, count in counts.most_common()]
    lines += [f"{each.finding.type}: {_subject(each)}" for each in mismatches[:SHOWN_COUNT_MAX]]
    return Alert(
        id=derived_id(ALERT_PREFIX, news, *ids),
        type=TYPES[news],
        severity=min((each.finding.severity for each in mismatches), key=_GRAVEST.index),
        title=f"{len(mismatches)} mismatches {TITLES[news]}",
        detail="\n".join(lines),
        occurred_at=max(_occurred_at(each) for each in mismatches),
        data={"mismatchCount": len(mismatches), "runIds": run_ids},
        next_steps=[*reports, READ_RUNBOOK] if news is News.FOUND else [],
    )


def _data(mismatch: Mismatch) -> Mapping[str, Any]:
    finding = mismatch.finding
    return {
        "mismatchType": finding.type.value,
        "status": mismatch.status.value,
        "paymentId": finding.subject.payment_id,
        "transferId": finding.subject.transfer_id,
        "walletId": finding.subject.account_id,
        "expected": dict(finding.expected),
        "actual": dict(finding.actual),
        "firstSeenAt": to_rfc3339(mismatch.first_seen_at),
        "runId": mismatch.run_id,
    }


def _next_steps(mismatch: Mismatch) -> Sequence[str]:
    if mismatch.news is not News.FOUND:
        return ()
    payment_id = mismatch.finding.subject.payment_id
    look = [f"Look at the payment: GET /api/payments/{payment_id}"] if payment_id else []
    repair = f"/api/payments/reconcile/mismatches/{mismatch.id}/repair"
    return [
        READ_REPORT.format(runId=mismatch.run_id),
        *look,
        f'See what would put it right: POST {repair} with {{"apply": false}}',
        READ_RUNBOOK,
    ]


def _occurred_at(mismatch: Mismatch) -> datetime:
    return mismatch.ended_at or mismatch.first_seen_at


def _detail(mismatch: Mismatch) -> str:
    finding = mismatch.finding
    return (
        f"{_subject(mismatch)}: expected {_said(finding.expected)}, found {_said(finding.actual)}"
        f" (run {mismatch.run_id})"
    )


def _subject(mismatch: Mismatch) -> str:
    subject = mismatch.finding.subject
    return subject.payment_id or subject.account_id or subject.transfer_id or subject.client_id


def _said(facts: Facts) -> str:
    return ", ".join(f"{name} {'none' if each is None else each}" for name, each in facts.items())
