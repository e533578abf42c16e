"""What the ledger holds of a payment, each record in the place that its id gives it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evenkeel.ledger.transfer import Record, Transfer, TransferKind, reversal_id
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from evenkeel.payments.refunding import Refund
from evenkeel.reconciliation.case import expected_transfer_ids

_DEBITS = frozenset({TransferKind.PAYMENT, TransferKind.HOLD})
_ENDS = frozenset({TransferKind.CAPTURE, TransferKind.RELEASE})
_REFUNDS = frozenset({TransferKind.REFUND})


@dataclass(frozen=True, slots=True)
class Evidence:
    """The records that name a payment.

    Attributes:
        end_id: Of whatever ends its hold, if it is to have one.
        refunds: Each by the id of its transfer.
        records: All of them, by id.
        strays: Transfers under ids that the payment would not give, or not to such ones.
        reversed_ids: Of the transfers that were taken back, all of each.
    """

    payment: Payment
    debit_id: str
    end_id: str | None
    refunds: Mapping[str, Refund]
    records: Mapping[str, Record]
    strays: Sequence[Transfer]
    reversed_ids: frozenset[str]

    @classmethod
    def of(cls, payment: Payment, records: Iterable[Record]) -> Evidence:
        debit_id, *rest = expected_transfer_ids(payment)
        end_id = rest.pop(0) if payment.order.capture is Capture.MANUAL else None
        refunds = dict(zip(rest, payment.refunds.values(), strict=True))
        kinds = {debit_id: _DEBITS, end_id: _ENDS} | dict.fromkeys(refunds, _REFUNDS)
        named = naming(payment.id, records)
        strays = [each for each in transfers_in(named) if each.kind not in kinds.get(each.id, ())]
        return cls(payment, debit_id, end_id, refunds, named, strays, reversed_in(named))

    @property
    def paid(self) -> Transfer | None:
        """The transfer that has paid: the debit itself, or the capture of its hold."""
        return self.standing(self.debit_id, TransferKind.PAYMENT) or self.captured

    @property
    def hold(self) -> Transfer | None:
        return self.standing(self.debit_id, TransferKind.HOLD)

    @property
    def end(self) -> Transfer | None:
        """What has ended the hold, whatever became of that."""
        record = self.records.get(self.end_id) if self.end_id else None
        return record if isinstance(record, Transfer) and record.kind in _ENDS else None

    @property
    def captured(self) -> Transfer | None:
        return self.standing(self.end_id, TransferKind.CAPTURE) if self.end_id else None

    @property
    def taken(self) -> Transfer | None:
        """The transfer by which the wallet has less: it has paid, or holds the money."""
        return self.paid or (self.hold if self.end is None else None)

    def standing(self, transfer_id: str, kind: TransferKind) -> Transfer | None:
        """Return the transfer under the id, if it is of that kind and was not taken back."""
        record = self.records.get(transfer_id)
        if not isinstance(record, Transfer) or record.kind is not kind:
            return None
        return None if record.id in self.reversed_ids else record


def naming(payment_id: str, records: Iterable[Record]) -> Mapping[str, Record]:
    """Return the records that name the payment, by id; another's are another case's."""
    return {record.id: record for record in records if record.payment_id == payment_id}


def transfers_in(records: Mapping[str, Record]) -> Sequence[Transfer]:
    return [record for record in records.values() if isinstance(record, Transfer)]


def reversed_in(records: Mapping[str, Record]) -> frozenset[str]:
    """Return the ids of the transfers of which all was taken back, the way that it came."""
    pairs = ((each, original_of(each, records)) for each in transfers_in(records))
    return frozenset(it.id for each, it in pairs if it is not None and _takes_back(each, it))


def original_of(reversal: Transfer, records: Mapping[str, Record]) -> Transfer | None:
    """Return what the transfer takes back, if it is *the* reversal of what is there.

    Under its id there is one for each original, so that nothing is taken back twice.
    """
    original_id = reversal.original_id
    if reversal.kind is not TransferKind.REVERSAL or original_id is None:
        return None
    original = records.get(original_id) if reversal.id == reversal_id(original_id) else None
    return original if isinstance(original, Transfer) else None


def _takes_back(reversal: Transfer, original: Transfer) -> bool:
    sides = (original.credit.account_id, original.debit.account_id)
    is_mirrored = (reversal.debit.account_id, reversal.credit.account_id) == sides
    return is_mirrored and reversal.amount == original.amount
