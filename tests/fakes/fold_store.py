from collections.abc import Sequence

from evenkeel.errors import LedgerBusy
from evenkeel.ledger.ports import Movement, Receipt


class InMemoryFoldStore:
    def __init__(self) -> None:
        self.receipts: dict[str, Receipt] = {}
        self.totals: dict[tuple[str, str], tuple[int, int]] = {}  # Posted debits and credits.
        self.pending: dict[tuple[str, str], tuple[int, int]] = {}

    def receipt(self, name: str) -> Receipt | None:
        return self.receipts.get(name)

    def keep(self, receipt: Receipt) -> None:
        self.receipts.setdefault(receipt.name, receipt)

    def fold(self, receipt: Receipt, movements: Sequence[Movement]) -> None:
        if receipt.name in self.receipts:
            raise LedgerBusy
        self.receipts[receipt.name] = receipt
        for movement in movements:
            key = (movement.client_id, movement.account_id)
            debits, credits_ = self.totals.get(key, (0, 0))
            self.totals[key] = (debits + movement.debits_posted, credits_ + movement.credits_posted)
            debits, credits_ = self.pending.get(key, (0, 0))
            self.pending[key] = (
                debits + movement.debits_pending,
                credits_ + movement.credits_pending,
            )
