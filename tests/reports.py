"""Runs and mismatches, as tests make them."""

from datetime import datetime, timedelta

from evenkeel.reconciliation.mismatch import Finding, Mismatch, MismatchType, Subject
from evenkeel.reconciliation.run import Run, Tally, Trigger, Window
from tests.fakes.clock import NOON

CLIENT = "cli_a"


def run(
    number: int = 1,
    client_id: str | None = CLIENT,
    *,
    at: datetime = NOON,
    trigger: Trigger | None = None,
) -> Run:
    """Return a run over the hour before it began: a client's own, or everybody's."""
    by_itself = Trigger.SCHEDULE if client_id is None else Trigger.MANUAL
    window = Window(at - timedelta(hours=1), at)
    return Run(f"rec_{number}", trigger or by_itself, window, started_at=at, client_id=client_id)


def done(begun: Run, **counted: Tally) -> Run:
    """Return the run when it is over, two seconds later, with a tally for each client."""
    ended_at = begun.started_at + timedelta(seconds=2)
    return begun.advanced(begun.place, counted, "me", ended_at).completed(ended_at)


def mismatch(
    number: int = 1,
    client_id: str = CLIENT,
    type_: MismatchType = MismatchType.FAILED_BUT_DEBITED,
    *,
    at: datetime = NOON,
) -> Mismatch:
    subject = Subject(client_id, payment_id=f"pay_{number}", transfer_id=f"trf_{number}")
    finding = Finding(type_, subject, {"amount": None}, {"amount": 400, "status": "FAILED"})
    return Mismatch(finding, "rec_1", first_seen_at=at, last_seen_at=at)
