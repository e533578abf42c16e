"""One event of each type, as it would be published: for the documentation and for tests."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from evenkeel.entrypoints.event_data import (
    shown_mismatch,
    shown_payment,
    shown_run,
    shown_tampering,
    shown_transfer,
    shown_transition,
)
from evenkeel.events.model import Event, EventType
from evenkeel.ledger.events import event_of_tampering, events_of
from evenkeel.ledger.ports import Tampering
from evenkeel.ledger.transfer import Entry, Leg, Transfer, TransferKind
from evenkeel.money import Money
from evenkeel.payments import events as payment_events
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Order
from evenkeel.payments.refunding import Refund, RefundStatus
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation import events as reconciliation_events
from evenkeel.reconciliation.mismatch import (
    Finding,
    Mismatch,
    MismatchStatus,
    MismatchType,
)
from evenkeel.reconciliation.mismatch import Subject as Disagreeing
from evenkeel.reconciliation.run import Run, Tally, Trigger, Window
from evenkeel.resilience import events as circuit_events
from evenkeel.resilience.circuit import Circuit
from evenkeel.resilience.limits import Limits
from evenkeel.screening.anomaly import CLEAR, Anomaly, AnomalyStatus, Rule
from tests.fakes.clock import NOON

CLIENT = "cli_demo"
WALLET = "wal_4bfzq3hgn7dt7qkjon6boomugb"
PAYMENT = "pay_qnznbfj5y2y2ohuf4ylxze2zy5"
TRANSFER = "trf_rfq3cuw6qw7c2hpodvlmh3b5nh"
REFUND = "ref_k5v7c2hpodvlmh3b5nhrfq3cuw"
RESOLUTION = "trf_e3kq7v4m2wd6xyzt5hnbcfsg9a"
LATER = NOON + timedelta(seconds=1)

ORDER = Order(
    payment_id=PAYMENT,
    fingerprint="fpr_rujkoxex4kq52hdiofze2g63yr",
    client_id=CLIENT,
    user_id="alice",
    merchant_id="corner-cafe",
    amount=Money(1250, "EUR"),
    wallet_id=WALLET,
    metadata={"order": "A-2026-000017"},
)
FLAGGED = Anomaly(AnomalyStatus.FLAGGED, (Rule.VELOCITY_EXCEEDED,))
HOLD = Transfer(
    id=TRANSFER,
    client_id=CLIENT,
    kind=TransferKind.HOLD,
    debit=Leg(WALLET, Entry(2, RESOLUTION, 10_000, 1250, 3, "ACTIVE", "f" * 64)),
    credit=Leg("merchant:corner-cafe:EUR"),
    amount=Money(1250, "EUR"),
    posted_at=NOON,
    fingerprint="fpr_rujkoxex4kq52hdiofze2g63yr",
    payment_id=PAYMENT,
)
TAMPERING = Tampering(
    CLIENT,
    TRANSFER,
    "MODIFY",
    "111",
    NOON,
    {"id": {"S": f"{CLIENT}/{TRANSFER}"}, "amount_minor": {"N": "1250"}},
    {"id": {"S": f"{CLIENT}/{TRANSFER}"}, "amount_minor": {"N": "1"}},
)

RUN = Run(
    id="rec_w3m7qk5nhbcfsg9a4v2wd6xyzt",
    trigger=Trigger.SCHEDULE,
    window=Window(NOON - timedelta(minutes=11), NOON),
    started_at=NOON + timedelta(seconds=3),
    tallies={CLIENT: Tally(payments=240, transfers=251, matched=238, mismatched=1, skipped=1)},
    version=7,
)
FINDING = Finding(
    MismatchType.AMOUNT_MISMATCH,
    Disagreeing(CLIENT, PAYMENT, TRANSFER, WALLET),
    {"amount": 1250, "currency": "EUR"},
    {"amount": 1, "currency": "EUR"},
)
MISMATCH = Mismatch(FINDING, RUN.id, first_seen_at=LATER, last_seen_at=LATER)


def samples() -> dict[EventType, Event]:
    told = (*_of_payments(), *_of_the_ledger(), *_of_a_circuit(), *_of_reconciliation())
    return {event.type: event for event in told}


def _of_payments() -> Iterator[Event]:
    created = Payment.created(ORDER, NOON, CLEAR)
    fifth = Payment.created(ORDER, NOON, FLAGGED)
    yield from payment_events.events_between(None, fifth, shown_payment)
    yield from payment_events.events_between(None, created, shown_payment)
    for status in payment_events.TOLD:
        after = replace(created, status=status, version=3, updated_at=LATER)
        yield from payment_events.events_between(created, after, shown_payment)
    paid = replace(
        created,
        status=PaymentStatus.COMPLETED,
        version=3,
        captured_minor=1250,
        transfer_id=TRANSFER,
    )
    refund = Refund(REFUND, "same", 250, LATER, reason="cold", status=RefundStatus.SUCCEEDED)
    back = replace(
        paid,
        status=PaymentStatus.PARTIALLY_REFUNDED,
        version=5,
        updated_at=LATER,
        refunded_minor=250,
        refunds={refund.id: refund},
    )
    yield from payment_events.events_between(paid, back, shown_payment)


def _of_the_ledger() -> Iterator[Event]:
    yield from events_of(HOLD, shown_transfer)
    capture = replace(
        HOLD,
        id=RESOLUTION,
        kind=TransferKind.CAPTURE,
        debit=Leg(WALLET, Entry(3, TRANSFER, 9000, 0, 4, "ACTIVE", "e" * 64)),
        amount=Money(1000, "EUR"),
        posted_at=LATER,
        original_id=TRANSFER,
        held_minor=1250,
    )
    yield from events_of(capture, shown_transfer)
    yield event_of_tampering(TAMPERING, shown_tampering)


def _of_a_circuit() -> Sequence[Event]:
    way = [Circuit("wallet")]
    way.append(way[-1].tripped(NOON, Limits(), "env_1"))
    way.append(way[-1].probing("env_2", LATER, Limits()))
    way.append(way[-1].probe_answered(LATER, "env_2"))
    while way[-1].step is not None:
        way.append(way[-1].stepped_up(LATER, "env_2"))
    return [
        event
        for before, after in pairwise(way)
        for event in circuit_events.events_between(before, after, shown_transition)
    ]


def _of_reconciliation() -> Iterator[Event]:
    ended = replace(MISMATCH, version=2).ended(MismatchStatus.REPAIRED, LATER + timedelta(hours=1))
    over = RUN.completed(NOON + timedelta(seconds=9))
    yield from reconciliation_events.events_of_mismatch(None, MISMATCH, shown_mismatch)
    yield from reconciliation_events.events_of_mismatch(MISMATCH, ended, shown_mismatch)
    yield from reconciliation_events.events_of_run(RUN, over, shown_run)
