"""What has waited for so long that somebody must have forgotten it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from evenkeel.clock import to_rfc3339
from evenkeel.payments.model import Payment
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.claim import facts_of, subject_of
from evenkeel.reconciliation.evidence import Evidence
from evenkeel.reconciliation.mismatch import Finding, MismatchType

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
    elif payment.due_at is not None:
        # Each try makes it due anew, so that does not tell how long it has been tried.
        since = min(payment.due_at, payment.worked_on_since or payment.due_at)
        if now >= since + OVERDUE_FOR_MAX:
            yield _stuck(payment, MismatchType.STUCK_PROCESSING, since, since + OVERDUE_FOR_MAX)


def _pending(payment: Payment, now: datetime) -> Iterator[Finding]:
    # From its creation, so that one which is tried again and again is late like any other.
    if now - payment.created_at > PENDING_FOR_MAX:
        since = payment.created_at
        yield _stuck(payment, MismatchType.STUCK_PENDING, since, since + PENDING_FOR_MAX)


def _lapsed(evidence: Evidence, now: datetime) -> Iterator[Finding]:
    """Yield the hold that nobody has begun to end, long after its time, unless it has ended."""
    payment, hold = evidence.payment, evidence.hold
    is_held = hold is not None and evidence.end is None and payment.processed_at is not None
    if is_held and payment.has_lapsed(now - LAPSED_FOR_MAX):
        expected = {"status": PaymentStatus.CANCELLED.value, "transferId": None}
        subject = subject_of(payment, evidence.debit_id)
        yield Finding(MismatchType.STALE_HOLD, subject, expected, facts_of(hold))


def _stuck(payment: Payment, type_: MismatchType, since: datetime, until: datetime) -> Finding:
    expected = {"settledBy": to_rfc3339(until)}
    actual = {"status": payment.status.value, "waitingSince": to_rfc3339(since)}
    return Finding(type_, subject_of(payment), expected, actual)
