"""Accounts that only take what comes are folded from the journal, each transfer once.

The journal arrives as a stream that repeats itself: a batch that was not
acknowledged comes again, from its first record on, though perhaps cut to
another length. So each fold leaves a receipt in the same transaction, named
after its first transfer and saying how far it went. A batch whose first
transfer has a receipt was folded up to there, and goes on behind it.

This needs two things of the event source: records of a shard in order, and a
repetition that starts where the unacknowledged batch started. Hence no
bisecting and no partial batch answers on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from evenkeel.ledger.accounts import AccountKind, kind_of
from evenkeel.ledger.ports import FoldStore, Movement
from evenkeel.ledger.transfer import Transfer
from evenkeel.resilience.retry import Retry

FOLD_TRANSFER_COUNT_MAX = 48  # Two accounts each and the receipt: within the 100 of a transaction.


@dataclass(frozen=True, slots=True)
class JournalRecord:
    sequence: int  # Rises along one shard of the stream; says nothing across shards.
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class Folding:
    store: FoldStore
    retry: Retry

    def fold(self, records: Sequence[JournalRecord]) -> int:
        """Fold a batch of one shard, in order, and return how many transfers were new.

        Raises:
            LedgerBusy: Nothing of the rest was folded; the batch must come again.
            LedgerUnconfirmed: The same; the receipt tells then.
        """
        new_count = 0
        rest = list(records)
        while rest:
            through, folded_count = self._advance(rest)
            new_count += folded_count
            rest = [record for record in rest if record.sequence > through]
        return new_count

    def _advance(self, rest: Sequence[JournalRecord]) -> tuple[int, int]:
        return self.retry.call(lambda: self._fold_first(rest))

    def _fold_first(self, rest: Sequence[JournalRecord]) -> tuple[int, int]:
        first = rest[0].transfer.id
        through = self.store.folded_through(first)
        if through is not None:
            return through, 0
        run = rest[:FOLD_TRANSFER_COUNT_MAX]
        through = run[-1].sequence
        self.store.fold(
            first, through=through, movements=movements(record.transfer for record in run)
        )
        return through, len(run)


def movements(transfers: Iterable[Transfer]) -> list[Movement]:
    """Sum up what the transfers add to each account that is not a wallet."""
    sums: dict[tuple[str, str], Movement] = {}
    for transfer in transfers:
        amount = transfer.amount.amount_minor
        for leg, debit, credit in ((transfer.debit, amount, 0), (transfer.credit, 0, amount)):
            kind = kind_of(leg.account_id)
            if kind is AccountKind.WALLET:
                continue
            key = (transfer.client_id, leg.account_id)
            sum_ = sums.get(key) or Movement(*key, kind, transfer.amount.currency, 0, 0)
            sums[key] = replace(
                sum_,
                debits_minor=sum_.debits_minor + debit,
                credits_minor=sum_.credits_minor + credit,
            )
    return list(sums.values())
