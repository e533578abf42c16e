"""What has waited for so long that somebody must have forgotten it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from evenkeel.clock import to_rfc3339
from evenkeel.payments.model import Payment
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.claim import facts_of, subject_of
from evenkeel.reconciliation.evidence import Evidence
from evenkeel.reconciliation.mismatch import Facts, Finding, MismatchType

# A client may take its time between two requests, and an outage that queues payments may last.
PENDING_FOR_MAX = timedelta(minutes=10)
# The sweeper comes once a minute.
OVERDUE_FOR_MAX = timedelta(minutes=5)
LAPSED_FOR_MAX = timedelta(hours=1)


def stuck_findings(evidence: Evidence, now: datetime) -> Iterator[Finding]:
    payment = evidence.payment
    if payment.status is PaymentStatus.PENDING:
        yield from _pending(payment, now)
    elif payment.status is PaymentStatus.AUTHORIZED and payment.ending is None:
        yield from _lapsed(evidence, now)
    elif payment.due_at is not None and now >= payment.due_at + OVERDUE_FOR_MAX:
        actual = {**_waiting_since(payment, payment.due_at), "attempts": payment.attempts}
        yield Finding(MismatchType.STUCK_PROCESSING, subject_of(payment), _SETTLED, actual)


_SETTLED: Facts = {"due": None}


def _pending(payment: Payment, now: datetime) -> Iterator[Finding]:
    if now - payment.created_at > PENDING_FOR_MAX:
        actual = _waiting_since(payment, payment.created_at)
        yield Finding(MismatchType.STUCK_PENDING, subject_of(payment), _SETTLED, actual)


def _lapsed(evidence: Evidence, now: datetime) -> Iterator[Finding]:
    """Yield the hold that nobody has begun to end, long after its time, unless it has ended."""
    payment, hold = evidence.payment, evidence.hold
    is_held = hold is not None and evidence.end is None and payment.processed_at is not None
    if is_held and payment.has_lapsed(now - LAPSED_FOR_MAX):
        expected = {"status": PaymentStatus.CANCELLED.value, "transferId": None}
        subject = subject_of(payment, evidence.debit_id)
        yield Finding(MismatchType.STALE_HOLD, subject, expected, facts_of(hold))


def _waiting_since(payment: Payment, since: datetime) -> Facts:
    return {"status": payment.status.value, "since": to_rfc3339(since)}
