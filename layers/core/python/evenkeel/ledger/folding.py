"""Accounts that only take what comes are folded from the journal, each transfer once.

The journal arrives as a stream that repeats itself: a batch that was not
acknowledged comes again from its first record on, though perhaps cut to another
length. So each fold leaves a receipt in the same transaction, named after its
first transfer and listing all of them. A batch whose first transfer has a
receipt was folded up to the receipt's end, and goes on behind it. If the batch
ends before that, the next one will begin in the middle of the receipt: so the
rest of the receipt is left under the name of the transfer that comes first then.

What this needs of the event source: the records of a shard come in order, nothing
is passed over, and who reads them again begins where something was left
unacknowledged. A new reader that begins at the oldest record does not: it must
begin at the latest one, after the old reader has come to the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from evenkeel.ledger.accounts import AccountKind, kind_of
from evenkeel.ledger.ports import FoldStore, JournalRecord, Mark, Movement, Receipt
from evenkeel.ledger.transfer import Side, Transfer
from evenkeel.resilience.retry import Retry

FOLD_TRANSFER_COUNT_MAX = 48  # Two accounts each and the receipt: within the 100 of a transaction.


@dataclass(frozen=True, slots=True)
class Folding:
    store: FoldStore
    retry: Retry

    def fold(self, records: Sequence[JournalRecord]) -> int:
        """Fold a batch of one shard, in order, and return how many transfers were new.

        Raises:
            LedgerBusy, LedgerUnconfirmed: The batch must come again; receipts tell
                then how far it got.
        """
        new_count = 0
        rest = list(records)
        while rest:
            receipt, folded_count = self.retry.call(partial(self._advance, rest))
            new_count += folded_count
            rest = [record for record in rest[1:] if record.sequence > receipt.through]
        return new_count

    def _advance(self, rest: Sequence[JournalRecord]) -> tuple[Receipt, int]:
        known = self.store.receipt(rest[0].transfer.id)
        if known is not None:
            if known.through > rest[-1].sequence:
                self.store.keep(known.behind(rest[-1].sequence))
            return known, 0
        run = rest[:FOLD_TRANSFER_COUNT_MAX]
        receipt = Receipt([Mark(record.sequence, record.transfer.id) for record in run])
        self.store.fold(receipt, movements(record.transfer for record in run))
        return receipt, len(run)


def movements(transfers: Iterable[Transfer]) -> list[Movement]:
    """Sum up what the transfers add to each account that is not a wallet."""
    sums: dict[tuple[str, str], Movement] = {}
    for transfer in transfers:
        for leg in (transfer.debit, transfer.credit):
            kind = kind_of(leg.account_id)
            if kind is AccountKind.WALLET:
                continue
            key = (transfer.client_id, leg.account_id)
            sum_ = sums.get(key) or Movement(*key, kind, transfer.amount.currency)
            sums[key] = _moved(sum_, transfer)
    return list(sums.values())


def _moved(sum_: Movement, transfer: Transfer) -> Movement:
    posted, pending = transfer.posted_minor, transfer.pending_minor
    if transfer.side_of(sum_.account_id) is Side.DEBIT:
        return replace(
            sum_,
            debits_posted=sum_.debits_posted + posted,
            debits_pending=sum_.debits_pending + pending,
        )
    return replace(
        sum_,
        credits_posted=sum_.credits_posted + posted,
        credits_pending=sum_.credits_pending + pending,
    )
