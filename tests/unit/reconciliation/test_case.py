"""Two ordered streams, merged: each payment beside its records, and what has no other half."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.ids import derived_id
from evenkeel.ledger.transfer import Record, resolution_id
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentKey
from evenkeel.reconciliation.case import Case, cases, expected_transfer_ids
from tests.fakes.clock import NOON
from tests.payments import order
from tests.unit.reconciliation.cases import (
    captured,
    debited,
    decline,
    held,
    refund_begun,
    refunded,
)

KEYS = st.tuples(st.sampled_from(["cli_a", "cli_aa", "cli_b"]), st.sampled_from("0123456789"))


def payment(client_id: str, key: str) -> Payment:
    return Payment.created(order(key, client_id), NOON)


def record(client_id: str, key: str, number: int) -> tuple[PaymentKey, Record]:
    named = replace(decline(f"trf_{number}"), client_id=client_id, payment_id=f"pay_{key}")
    return PaymentKey(client_id, f"pay_{key}"), named


@settings(deadline=None)
@given(st.sets(KEYS), st.lists(KEYS))
def test_what_belongs_together_is_together_and_nothing_is_left_out(
    paid: set[tuple[str, str]], named: list[tuple[str, str]]
) -> None:
    payments = [payment(*key) for key in sorted(paid)]
    records = [record(*key, number) for number, key in enumerate(sorted(named))]

    naive: dict[PaymentKey, list[Record]] = defaultdict(list)
    for key, each in records:
        naive[key].append(each)
    by_key = {PaymentKey(each.client_id, each.id): each for each in payments}
    places = sorted(by_key.keys() | naive.keys(), key=lambda key: (key.client_id, key.payment_id))
    assert [
        Case(found.key, found.payment, list(found.records)) for found in cases(payments, records)
    ] == [Case(key, by_key.get(key), naive[key]) for key in places]


@pytest.mark.parametrize("keys", [["2", "1"], ["1", "1"]], ids=["falling", "twice"])
def test_payments_out_of_order_are_our_own_fault(keys: list[str]) -> None:
    with pytest.raises(AssertionError, match="payments come in order"):
        list(cases([payment("cli_a", key) for key in keys], []))


def test_records_out_of_order_are_our_own_fault() -> None:
    records = [record("cli_a", key, 1) for key in "121"]

    with pytest.raises(AssertionError, match="records come in order"):
        list(cases([], records))


def test_no_stream_is_read_further_than_one_payment_ahead() -> None:
    taken: list[str] = []

    def told(name: str, count: int) -> Iterator[int]:
        for number in range(count):
            taken.append(name)
            yield number

    payments = (payment("cli_a", f"{number:03}") for number in told("payment", 100))
    records = (record("cli_a", f"{number:03}", number) for number in told("record", 100))

    merged = cases(payments, records)
    for count in range(1, 100):
        next(merged)
        assert taken.count("payment") <= count
        assert taken.count("record") <= count + 2


def test_a_payment_at_once_is_known_by_its_debit() -> None:
    paid, debit = debited()

    assert expected_transfer_ids(paid) == [debit.id] == [derived_id("trf", "pay_k1")]


def test_a_hold_is_known_by_its_end_too_whether_it_has_ended_or_not() -> None:
    ended, hold, capture = captured()

    assert expected_transfer_ids(ended) == [hold.id, capture.id]
    assert expected_transfer_ids(held()[0]) == [hold.id, resolution_id(hold.id)]


def test_each_refund_is_known_whatever_has_become_of_it() -> None:
    paid, debit = debited()
    paid, first = refunded(paid, debit, 100, "a")
    paid, second = refund_begun(paid, debit, 100, "b")

    assert expected_transfer_ids(paid) == [debit.id, first.id, second.id]
