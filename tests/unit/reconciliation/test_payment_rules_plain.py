"""The quick verdict on what most payments are is the one that all rules together give."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.ledger.transfer import Leg, TransferKind
from evenkeel.money import Money
from evenkeel.payments.ending import Ending, EndingKind
from evenkeel.payments.order import Capture
from evenkeel.payments.states import PaymentStatus
from tests.fakes.clock import NOON
from tests.unit.reconciliation.cases import debited, decline, found, refund_begun

PAID, DEBIT = debited()
HARMLESS = decline("trf_other")  # Beside it every rule is asked.
LATE = NOON + timedelta(days=365)

OTHER_PAYMENTS: dict[str, list[Any]] = {
    "status": list(PaymentStatus),
    "transfer_id": [PAID.transfer_id, "trf_x", None],
    "wallet_id": ["wal_a", "wal_b", None],
    "captured_minor": [400, 401, 0],
    "refunded_minor": [0, 1],
    "ending": [None, Ending(EndingKind.CAPTURE)],
    "refunds": [{}, refund_begun(PAID, DEBIT, 100)[0].refunds],
    "order": [
        PAID.order,
        replace(PAID.order, merchant_id="tea"),
        replace(PAID.order, amount=Money(401, "EUR")),
        replace(PAID.order, amount=Money(400, "JPY")),
        replace(PAID.order, capture=Capture.MANUAL),
    ],
}
OTHER_DEBITS: dict[str, list[Any]] = {
    "id": [DEBIT.id, "trf_x"],
    "kind": list(TransferKind),
    "payment_id": ["pay_k1", "pay_k2", None],
    "amount": [Money(400, "EUR"), Money(401, "EUR"), Money(400, "JPY")],
    "debit": [DEBIT.debit, Leg("wal_b")],
    "credit": [DEBIT.credit, Leg("merchant:coffee:JPY"), Leg("merchant:tea:EUR")],
    "original_id": [None, DEBIT.id],
}


def changes(of: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw other values of a few fields, so that most of the record is as it was."""
    one = st.sampled_from(sorted(of)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(of[name]))
    )
    return st.lists(one, max_size=2).map(dict)


@settings(deadline=None)
@given(changes(OTHER_PAYMENTS), changes(OTHER_DEBITS))
def test_a_quick_verdict_is_the_whole_one(of_payment: Any, of_debit: Any) -> None:
    payment, debit = replace(PAID, **of_payment), replace(DEBIT, **of_debit)

    assert found(payment, debit, now=LATE) == found(payment, debit, HARMLESS, now=LATE)


def test_any_one_change_of_a_plain_payment_is_looked_at_by_every_rule() -> None:
    for name, values in OTHER_PAYMENTS.items():
        for value in values:
            payment = replace(PAID, **{name: value})
            assert found(payment, DEBIT, now=LATE) == found(payment, DEBIT, HARMLESS, now=LATE)
    for name, values in OTHER_DEBITS.items():
        for value in values:
            debit = replace(DEBIT, **{name: value})
            assert found(PAID, debit, now=LATE) == found(PAID, debit, HARMLESS, now=LATE)
