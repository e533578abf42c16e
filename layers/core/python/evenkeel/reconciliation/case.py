"""A payment beside all that the ledger holds of it, for many payments one after the other.

Two streams in one order are merged, so that neither is ever held in memory; and each is
looked at from the other, so that what is in one of them only is found too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evenkeel.ledger.transfer import Record, resolution_id
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from evenkeel.payments.ports import PaymentKey

_Place = tuple[str, str]  # By client and then by payment: the order of both streams.
_Group = tuple[_Place, PaymentKey, list[Record]]


@dataclass(frozen=True, slots=True)
class Case:
    """A payment, if it is there, and whatever the ledger holds of it."""

    key: PaymentKey
    payment: Payment | None
    records: Sequence[Record]


def expected_transfer_ids(payment: Payment) -> Sequence[str]:
    """Return the ids under which the ledger may know it: its debit, its hold's end, its refunds."""
    debit_id = payment.transfer_id_wanted
    end_ids = [resolution_id(debit_id)] if payment.order.capture is Capture.MANUAL else []
    return [debit_id, *end_ids, *(refund.transfer_id for refund in payment.refunds.values())]


def cases(
    payments: Iterable[Payment], records: Iterable[tuple[PaymentKey, Record]]
) -> Iterator[Case]:
    """Yield a case of every payment, and of every key that has records and no payment, in order.

    Both come ordered by client and payment; each payment once.
    """
    groups = _grouped(records)
    ahead = next(groups, None)
    last: _Place = ("", "")
    for payment in payments:
        order = payment.order
        place = (order.client_id, order.payment_id)
        assert last < place, "payments come in order"
        last = place
        while ahead is not None and ahead[0] < place:
            yield Case(ahead[1], None, ahead[2])
            ahead = next(groups, None)
        if ahead is not None and ahead[0] == place:
            yield Case(ahead[1], payment, ahead[2])
            ahead = next(groups, None)
        else:
            yield Case(PaymentKey(*place), payment, ())
    while ahead is not None:
        yield Case(ahead[1], None, ahead[2])
        ahead = next(groups, None)


def _grouped(records: Iterable[tuple[PaymentKey, Record]]) -> Iterator[_Group]:
    """Yield the records of each key together."""
    group: _Group | None = None
    for key, record in records:
        place = (key.client_id, key.payment_id)
        if group is not None and group[0] == place:
            group[2].append(record)
            continue
        if group is not None:
            assert group[0] < place, "records come in order"
            yield group
        group = (place, key, [record])
    if group is not None:
        yield group
